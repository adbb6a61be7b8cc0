"""Which two knees stand beside each other: in which order, under which names, of which patient."""

from dataclasses import replace

import pytest

from kneeoa.graders.answer import Answer
from kneeoa.grades import KLGrade
from kneeoa.jointspace import pairs
from kneeoa.jointspace.change import SIDES, TIMES, TWO, of_grades
from kneeoa.jointspace.names import Name
from kneeoa.jointspace.pairs import Shown, belong, paired, verdict


def name(written, script="LATIN", stand_ins=()):
    words = frozenset(written.split())
    return Name(
        script,
        written,
        words,
        telling=words - {*stand_ins},
        initials=frozenset((word, word[0]) for word in words),
        letters=written.replace(" ", ""),
    )


DOE, DOE_MARY, ROE = (name("doe jane"),), (name("doe jane mary"),), (name("roe rick"),)
DOE_J, SMITH = (name("doe j"),), (name("smith"),)
NOBODY = (name("patient a", stand_ins=("patient", "a")),)
IVAN = (name("i", "CYRILLIC"),)
KIM, MIN = ((name("kim minji"), name(hanja, "CJK")) for hanja in "ab")


def alone(grade):
    return Answer(*[KLGrade(grade)] * 3, "median", 0.9)


def test_two_visits_of_one_knee_stand_in_order():
    old = Shown("R", "a", "2020-01-01", born="1")
    new = Shown("R", "a", "2023-06-15", born="1")
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
            {"side": "R", "patient": "a", "day": "2023-06-15"},
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
    assert pair.titles == ("this film, 2020-01-01", "another patient's film, 2023-06-15")
    sides = paired(Shown("R", "a"), Shown("L", "b"))
    assert sides.titles == (pairs.RIGHT_KNEE, "another patient's left knee")
    assert paired(Shown("L", "a"), Shown("R", "b")).names[0] == "another patient's right knee"
    assert not belong(Shown(), Shown())
    assert not paired(Shown("R", "a"), Shown("R", "")).of_strangers
    one_day = paired(Shown("R", "a", "2020-01-01"), Shown("R", "a", "2020-01-01"))
    assert (one_day.warning, one_day.kind) == (pairs.ONE_DAY, TWO)
    assert one_day.titles == ("other film, 2020-01-01", "this film, 2020-01-01")


@pytest.mark.parametrize("sides", ["RL", "LR", ("R", "unknown")])
def test_two_days_of_what_is_no_course_of_time_are_said_also_without_the_days(sides):
    days = "2020-01-01", "2023-06-15"
    knees = [
        Shown(side, "a", day, born="b", names=DOE) for side, day in zip(sides, days, strict=True)
    ]
    assert pairs.TWO_DAYS in paired(*knees).note
    assert pairs.TWO_DAYS not in paired(knees[0], replace(knees[1], day=days[0])).note
    assert pairs.TWO_DAYS not in paired(knees[0], replace(knees[1], day="")).note
    prior = paired(*(replace(knee, side="R") for knee in knees))
    assert (prior.kind, prior.note) == (TIMES, "")


def test_two_names_are_of_two_patients_unless_their_number_says_otherwise():
    one, other = Shown("R", names=DOE), Shown("R", names=ROE)
    assert paired(one, other).of_strangers
    changed = replace(one, patient="a"), replace(other, patient="a")
    assert not belong(*changed)
    assert verdict(*changed) == "same ID, another name"
    pair = paired(*changed)
    assert (pair.of_strangers, pair.kind, pair.warning) == (False, TWO, pairs.TWO_NAMES)
    dated = replace(changed[0], day="2020-01-01"), replace(changed[1], day="2021-01-01")
    assert paired(*dated).kind == TWO
    assert not paired(one, Shown("R")).of_strangers
    assert belong(changed[0], replace(other, patient="a", names=DOE))


def test_the_knees_of_one_film_are_never_prior_and_current():
    left = Shown("unknown", film="f", place="left of the image")
    right = Shown("unknown", film="f", place="right of the image")
    for pair in (paired(left, right), paired(right, left)):
        assert (pair.kind, pair.warning) == (TWO, pairs.ONE_FILM)
        assert pair.titles == ("left of the image", "right of the image")
    assert paired(right, left).is_swapped
    assert paired(replace(left, side="R"), replace(right, side="L")).kind == SIDES


HERS = {"patient": "a", "born": "1"}
AB, KEPT = {"number": "47", "names": DOE}, {"is_nameless": True}


@pytest.mark.parametrize(
    ("one", "other", "strangers", "same"),
    [
        # A number alone may be a stand-in, or another hospital's.
        ({"patient": "a"}, {"patient": "a"}, False, False),
        ({"patient": "a", "names": DOE}, {"patient": "a"}, False, False),
        ({"patient": "a", "names": DOE}, {"patient": "a", "names": DOE}, False, True),
        ({"patient": "a", "born": "1"}, {"patient": "a", "born": "1"}, False, True),
        ({"names": DOE, "born": "1"}, {"names": DOE, "born": "1"}, False, True),
        ({"names": DOE}, {"names": DOE}, False, False),
        ({"patient": "a", "born": "1"}, {"patient": "a", "born": "2"}, True, False),
        ({"patient": "a", "issuer": "x"}, {"patient": "a", "issuer": "y"}, True, False),
        (
            {"patient": "a", "issuer": "x", "giver": "g", "names": DOE},
            {"patient": "a", "issuer": "X", "giver": "g", "names": DOE},
            *(False, True),
        ),
        ({"patient": "a", "names": DOE}, {"patient": "b", "names": DOE}, True, False),
        ({"patient": "a"}, {}, False, False),
        # Spelt otherwise, or with a second given name: neither surely hers nor surely another's.
        ({"patient": "0047", **AB}, {"patient": "47", **AB}, False, False),
        ({"names": DOE, "born": "1"}, {"names": DOE_MARY, "born": "1"}, False, False),
        ({"patient": "a", "names": DOE}, {"patient": "a", "names": DOE_MARY}, False, True),
        ({"names": DOE, "born": "1"}, {"names": IVAN, "born": "1"}, False, False),
        # Two names in the one of their scripts that tells them apart.
        ({"patient": "a", "names": KIM}, {"patient": "b", "names": MIN}, True, False),
        ({"names": KIM, "born": "1"}, {"names": MIN, "born": "1"}, True, False),
        ({"names": KIM, "born": "1"}, {"names": KIM[:1], "born": "1"}, False, True),
        # A sex is easily set wrong; with another name it is somebody else.
        (
            {"patient": "a", "names": DOE, "sex": "F"},
            {"patient": "a", "names": DOE, "sex": "M"},
            *(False, False),
        ),
        (
            {"patient": "a", "names": DOE, "sex": "F"},
            {"patient": "a", "names": ROE, "sex": "M"},
            *(True, False),
        ),
        # Without the name that was taken out, two hospitals' numbers may be hers.
        (
            {"patient": "a", "born": "1", "names": DOE},
            {"patient": "b", "born": "1", **KEPT},
            *(False, False),
        ),
        ({"patient": "a", "born": "1"}, {"patient": "b", "born": "1"}, True, False),
        ({"patient": "a"}, {"patient": "b", **KEPT}, True, False),
        # A number beside a name that is a stand-in, or of one word: two patients' as well.
        ({"patient": "a", "names": NOBODY}, {"patient": "a", "names": NOBODY}, False, False),
        ({"patient": "a", "names": SMITH}, {"patient": "a", "names": SMITH}, False, False),
        (
            {"patient": "a", "names": NOBODY, "born": "1"},
            {"patient": "a", "born": "1"},
            False,
            True,
        ),
        (
            {"patient": "a", "names": NOBODY, "born": "1"},
            {"patient": "b", "names": NOBODY, "born": "1"},
            *(False, False),
        ),
        # Of one number and day of birth, the giver of numbers may have another name.
        ({**HERS, "issuer": "x", "names": DOE}, {**HERS, "issuer": "y", "names": DOE}, False, True),
        ({**HERS, "issuer": "x", "names": DOE}, {**HERS, "issuer": "y", **KEPT}, False, False),
        (
            {**HERS, "issuer": "x", "names": DOE_MARY},
            {**HERS, "issuer": "y", "names": DOE},
            *(False, True),
        ),
        ({**HERS, "issuer": "x", "names": DOE}, {**HERS, "issuer": "y", "names": ROE}, True, False),
        # And her name another spelling, or she another name.
        ({**HERS, "names": DOE}, {**HERS, "names": DOE_J}, False, True),
        (
            {"patient": "a", "names": (name("mc donald ann"),)},
            {"patient": "a", "names": (name("mcdonald ann"),)},
            *(False, True),
        ),
        ({"names": DOE, "born": "1"}, {"names": (name("d j"),), "born": "1"}, True, False),
        (
            {"patient": "0047", "number": "47", "born": "1", "names": DOE},
            {"patient": "47", "number": "47", "born": "1", "names": ROE},
            *(False, False),
        ),
        (
            {"patient": "0047", "number": "47", "names": DOE},
            {"patient": "47", "number": "47", "names": ROE},
            *(True, False),
        ),
        # A day of birth is easily typed wrong; with another year or sex, or no more than a stand-in
        # that agrees, it is somebody else's.
        ({**HERS, "names": DOE}, {"patient": "a", "born": "2", "names": DOE}, True, False),
        (
            {"patient": "a", "names": DOE, "born": "1", "year": "y"},
            {"patient": "a", "names": DOE, "born": "2", "year": "y"},
            *(False, False),
        ),
        (
            {"patient": "a", "names": DOE, "born": "1", "year": "y", "sex": "F"},
            {"patient": "a", "names": DOE, "born": "2", "year": "y", "sex": "M"},
            *(True, False),
        ),
        (
            {"patient": "a", "names": NOBODY, "born": "1", "year": "y"},
            {"patient": "a", "names": NOBODY, "born": "2", "year": "y"},
            *(True, False),
        ),
    ],
)
def test_only_what_leaves_no_doubt_is_one_patient_or_are_two(one, other, strangers, same):
    first, second = Shown("R", day="2020-01-01", **one), Shown("R", day="2021-01-01", **other)
    pair = paired(first, second)
    assert pair.of_strangers == paired(second, first).of_strangers == strangers
    assert belong(first, second) == belong(second, first) == same
    assert (pair.kind == TIMES) == same
    assert (verdict(first, second) == pairs.ANOTHER) == strangers
    # What is neither is said.
    assert strangers or same or "whether both are of one patient" in pair.note


def test_what_contradicts_one_patient_is_said_of_what_it_is():
    one = Shown("R", **HERS, names=DOE, year="y")
    for other, words in (
        (replace(one, born="2"), "another birth date"),
        (replace(one, names=ROE), "same ID, another name"),
        (replace(one, sex="M"), ""),
    ):
        assert verdict(one, other) == words
        assert bool(paired(one, other).warning) == bool(words)


def test_two_numbers_are_of_two_hospitals_or_of_one_that_gave_her_two():
    one = Shown("R", "a", "2020-01-01", names=DOE, born="1")
    other = replace(one, patient="b", day="2021-01-01")
    assert belong(one, other)
    assert pairs.TWO_NUMBERS in paired(one, other).note
    same = replace(one, giver="x"), replace(other, giver="x")
    assert not belong(*same)
    assert paired(*same).warning == pairs.TWICE
    assert verdict(*same) == "same name, another ID"


def test_the_knees_of_one_film_are_of_one_patient():
    assert belong(Shown(film="f"), Shown(film="f"))
    assert verdict(Shown(film="f"), Shown(film="f")) == ""


def test_what_the_files_do_not_say_of_a_pair_is_said():
    known = Shown("R", "a", "2020-01-01", born="1")
    assert paired(known, replace(known, day="2021-01-01")).note == ""
    assert "which knee each of them is" in paired(known, Shown(patient="a", born="1")).note
    assert "which of them is the earlier one" in paired(known, Shown("R", "a", born="1")).note
    assert "earlier" not in paired(known, Shown("L", "a", born="1")).note
    assert "whether both are of one patient" in paired(known, Shown("R")).note
    assert "which knee" not in paired(Shown("R"), Shown("L")).note
