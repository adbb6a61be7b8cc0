"""Which two knees stand beside each other: in which order, under which names, of which patient."""

from dataclasses import replace

import pytest

from kneeoa.graders.answer import Answer
from kneeoa.grades import KLGrade
from kneeoa.jointspace import pairs
from kneeoa.jointspace.change import SIDES, TIMES, TWO, of_grades
from kneeoa.jointspace.pairs import Shown, belong, paired


def alone(grade):
    return Answer(*[KLGrade(grade)] * 3, "median", 0.9)


def test_two_visits_of_one_knee_stand_in_order():
    old, new = Shown("R", "a", "2020-01-01"), Shown("R", "a", "2023-06-15")
    assert belong(old, new)
    pair = paired(new, old)
    assert (pair.kind, pair.is_swapped) == (TIMES, True)
    assert pair.titles == ("prior, 2020-01-01", "current, 2023-06-15")
    later = paired(old, new)
    assert (later.is_swapped, later.titles[0]) == (False, "prior, 2020-01-01")


@pytest.mark.parametrize(
    ("current", "other", "titles"),
    [
        ({}, {}, ("other film", "this film")),
        ({"side": "R"}, {"side": "R"}, ("other film", "this film")),
        ({"side": "R", "patient": "a"}, {"side": "R", "patient": "a"}, ("other film", "this film")),
        (
            {"side": "R", "day": "2020-01-01"},
            {"side": "R", "day": "2023-06-15"},
            ("this film, 2020-01-01", "other film, 2023-06-15"),
        ),
        (
            {"patient": "a", "day": "2023-06-15"},
            {"side": "R", "patient": "a", "day": "2020-01-01"},
            ("other film, 2020-01-01", "this film, 2023-06-15"),
        ),
        (
            {"side": "R", "patient": "a", "day": "2023-06-15", "by_number_alone": True},
            {"side": "R", "patient": "a", "day": "2020-01-01"},
            ("other film, 2020-01-01", "this film, 2023-06-15"),
        ),
    ],
    ids=["nothing", "no patient", "no days", "days of nobody", "no side", "a number alone"],
)
def test_what_is_not_known_to_be_one_knee_in_time_is_no_prior(current, other, titles):
    pair = paired(Shown(**current), Shown(**other))
    assert (pair.kind, pair.titles, pair.is_swapped) == (TWO, titles, titles[0][:5] == "other")
    assert pair.note.startswith("Not said by the files")
    for first, second in ((0, 4), (4, 0)):
        sentence = of_grades(alone(first), alone(second), pair.kind).sentence
        assert "before" not in sentence


def test_a_right_and_a_left_knee_stand_as_they_face_the_reader():
    assert paired(Shown("L"), Shown("R")).is_swapped
    pair = paired(Shown("R"), Shown("L"))
    assert (pair.kind, pair.is_swapped) == (SIDES, False)
    assert pair.titles == (pairs.RIGHT_KNEE, pairs.LEFT_KNEE)


def test_two_patients_are_never_compared_and_one_day_is_no_time():
    pair = paired(Shown("R", "a", "2020-01-01"), Shown("R", "b", "2023-06-15"))
    assert pair.of_strangers
    assert "two different patients" in pair.warning
    assert not belong(Shown(), Shown())
    assert not paired(Shown("R", "a"), Shown("R", "")).of_strangers
    one_day = paired(Shown("R", "a", "2020-01-01"), Shown("R", "a", "2020-01-01"))
    assert (one_day.warning, one_day.kind) == (pairs.ONE_DAY, TWO)
    assert one_day.titles == ("other film, 2020-01-01", "this film, 2020-01-01")


def test_two_names_are_of_two_patients_unless_their_number_says_otherwise():
    one, other = Shown("R", name="m"), Shown("R", name="s")
    assert paired(one, other).of_strangers
    changed = replace(one, patient="a"), replace(other, patient="a")
    assert not belong(*changed)
    pair = paired(*changed)
    assert (pair.of_strangers, pair.kind, pair.warning) == (False, TWO, pairs.TWO_NAMES)
    dated = replace(changed[0], day="2020-01-01"), replace(changed[1], day="2021-01-01")
    assert paired(*dated).kind == TWO
    assert not paired(one, Shown("R")).of_strangers
    assert belong(changed[0], replace(other, patient="a", name="m"))


def test_the_knees_of_one_film_are_never_prior_and_current():
    left = Shown("unknown", film="f", place="left of the image")
    right = Shown("unknown", film="f", place="right of the image")
    for pair in (paired(left, right), paired(right, left)):
        assert (pair.kind, pair.warning) == (TWO, pairs.ONE_FILM)
        assert pair.titles == ("left of the image", "right of the image")
    assert paired(right, left).is_swapped
    assert paired(replace(left, side="R"), replace(right, side="L")).kind == SIDES


@pytest.mark.parametrize(
    ("one", "other", "strangers", "same"),
    [
        ({"patient": "a"}, {"patient": "a"}, False, True),
        ({"patient": "a", "born": "1"}, {"patient": "a", "born": "2"}, True, False),
        ({"patient": "a", "issuer": "x"}, {"patient": "a", "issuer": "y"}, True, False),
        ({"patient": "a", "issuer": "x"}, {"patient": "a"}, False, True),
        ({"patient": "a", "person": "p"}, {"patient": "b", "person": "p"}, False, True),
        ({"patient": "a", "person": "p"}, {"patient": "b", "person": "q"}, True, False),
        ({"patient": "a"}, {}, False, False),
    ],
)
def test_a_number_alone_is_no_patient(one, other, strangers, same):
    first, second = Shown("R", day="2020-01-01", **one), Shown("R", day="2021-01-01", **other)
    pair = paired(first, second)
    assert pair.of_strangers == paired(second, first).of_strangers == strangers
    assert belong(first, second) == same
    assert (pairs.TWO_NUMBERS in pair.note) == (same and one["patient"] != other["patient"])


def test_what_the_files_do_not_say_of_a_pair_is_said():
    known = Shown("R", "a", "2020-01-01")
    assert paired(known, replace(known, day="2021-01-01")).note == ""
    assert "which knee each of them is" in paired(known, Shown(patient="a")).note
    assert "which of them is the earlier one" in paired(known, Shown("R", "a")).note
    assert "earlier" not in paired(known, Shown("L", "a")).note
    assert "whether both are of one patient" in paired(known, Shown("R")).note
    assert "which knee" not in paired(Shown("R"), Shown("L")).note
