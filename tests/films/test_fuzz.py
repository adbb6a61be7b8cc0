"""Damaged films of every kind; the long run is `make fuzz`."""

import subprocess
import sys

from tests.fuzzing import seeds
from tests.fuzzing.running import run
from tests.support.places import ROOT

FILMS = 800


def test_damaged_films_are_read_or_refused_by_a_sentence():
    tally = run(FILMS)
    assert tally.count >= FILMS
    # Both happen, of nearly every kind: neither are all films whole nor all of them rubbish. Which
    # films are drawn depends on the constants of the modules that are loaded (Hypothesis).
    assert min(tally.read.total(), tally.refused.total()) > FILMS // 10
    kinds = {*seeds.images(), *seeds.dicoms(), *seeds.compressed()}
    assert len(kinds & {*tally.read, *tally.refused}) > 0.8 * len(kinds)


def test_the_long_run_reads_in_processes_of_its_own():
    command = [sys.executable, "-m", "tests.fuzzing", "--films", "20", "--seed", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert "20 films of" in done.stdout
