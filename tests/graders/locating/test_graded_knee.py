"""Which knee of a film a grade is of, and where that is not to be guessed."""

import pytest

from kneeoa.errors import RadiographError
from kneeoa.films.frames import Frame
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.found import Found, Knee, graded_knee

WIDTH = 400


def knee(side="unknown", *findings, left=20):
    return Knee(Frame(0, left, 160, 160), 0.99, side, tuple(findings))


def both(first="R", second="L", *findings):
    return Found((knee(first, *findings), knee(second, left=220)), ())


@pytest.mark.parametrize(("side", "number"), [("R", 0), ("L", 1)])
def test_of_two_knees_it_is_the_one_of_the_side(side, number):
    located = both()
    assert graded_knee(located, side, WIDTH) is located.knees[number]


def test_one_knee_that_may_not_be_graded_leaves_the_other():
    located = both("R", "L", gate.SPOILT)
    assert graded_knee(located, "L", WIDTH) is located.knees[1]
    with pytest.raises(RadiographError) as refused:
        graded_knee(located, "R", WIDTH)
    assert str(refused.value) == gate.SPOILT.sentence


@pytest.mark.parametrize(
    ("located", "side", "sentence"),
    [
        (both(), "", "add a column `side`"),
        (both("unknown", "unknown"), "", "add a column `side`"),
        (both("unknown", "unknown"), "L", "which is not known"),
        (both("unknown", "unknown", gate.SPOILT), "L", "may not be graded, so they cannot"),
        (Found((knee("R"),), ()), "L", "The film says that it shows R"),
        (Found((knee(),), (gate.NOT_A_KNEE,)), "L", gate.NOT_A_KNEE.sentence[:30]),
        (Found((knee(left=230),), ()), "L", "lies at a side of this film"),
    ],
)
def test_what_may_be_another_knee_is_refused(located, side, sentence):
    with pytest.raises(RadiographError, match=sentence):
        graded_knee(located, side, WIDTH)


def test_a_knee_alone_is_the_one_whose_side_is_not_contradicted():
    for side in ("", "R"):
        located = Found((knee("R"),), ())
        assert graded_knee(located, side, WIDTH) is located.knees[0]
    located = Found((knee(left=120),), ())
    assert graded_knee(located, "L", WIDTH) is located.knees[0]
