"""Where two films were joined, and what looks like that."""

import numpy as np
import pytest

from kneeoa.graders.locating import gate
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.locating.looks import Window
from kneeoa.graders.locating.seams import has_seam
from tests.graders.locating.test_localiser import film, knee

KNEE, OTHER = knee(1, seed=3).astype(np.float32), knee(4, seed=11).astype(np.float32)
WHOLE = Window(0, 0, 224, 224)
HALVES = {
    "upper of one, lower of another": np.vstack([KNEE[:100], OTHER[100:] * 0.7]),
    "left of one, right of another": np.hstack([KNEE[:, :110], OTHER[:, 110:] * 0.7]),
}


@pytest.mark.parametrize("halves", HALVES)
def test_halves_of_two_knees_are_no_knee(halves):
    assert has_seam(HALVES[halves], WHOLE)
    assert Localiser().find(film(HALVES[halves])).refusal == gate.JOINED


@pytest.mark.parametrize("gap", [0, 5, 25])
def test_two_films_above_each_other_are_told_by_their_seam(gap):
    bar = np.full((gap, 224), 255, np.float32)
    assert has_seam(np.vstack([KNEE, bar, OTHER * 0.6]), Window(110, 10, 220, 200))


def shaded(rows, change):
    pixels = KNEE.copy()
    pixels[rows] = change(pixels[rows])
    return pixels


@pytest.mark.parametrize(
    "pixels",
    [
        KNEE,
        shaded(np.s_[:60], lambda part: part * 0),
        shaded(np.s_[:60], lambda part: part * 0.4),
        shaded(np.s_[100:120], lambda part: part * 0 + 255),
        shaded(np.s_[90:110, 40:120], lambda part: part * 0 + 255),
        shaded(np.s_[60:74, 10:214], lambda part: part * 0.1 + 225),
        shaded(np.s_[:, :70], lambda part: part * 0),
    ],
    ids=["knee", "shutter", "shadow", "bar", "metal", "screw", "shutter beside"],
)
def test_what_is_no_seam(pixels):
    assert not has_seam(pixels, WHOLE)


def test_two_knees_side_by_side_may_have_been_put_together():
    both = np.hstack([KNEE, OTHER])
    assert not has_seam(both, Window(0, 10, 224, 210))
    assert not has_seam(both, Window(0, 230, 224, 200))
