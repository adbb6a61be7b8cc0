"""Damaged films of every kind; the long run is `make fuzz`."""

from tests.fuzzing import seeds
from tests.fuzzing.running import run

FILMS = 2000


def test_damaged_films_are_read_or_refused_by_a_sentence():
    tally = run(FILMS)
    assert tally.count >= FILMS
    # Both happen, of nearly every kind: neither are all films whole nor all of them rubbish.
    assert min(tally.read.total(), tally.refused.total()) > FILMS // 10
    kinds = {*seeds.images(), *seeds.dicoms(), *seeds.compressed()}
    assert len(kinds & {*tally.read, *tally.refused}) > 0.9 * len(kinds)
