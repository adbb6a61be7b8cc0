"""Two knees beside each other: order, and words that never go beyond what was measured."""

import re
from dataclasses import replace

import pytest

from kneeoa.graders.answer import Answer
from kneeoa.graders.profile import unpack_profile
from kneeoa.grades import KLGrade
from kneeoa.jointspace import change, words
from kneeoa.jointspace.change import SIDES, SOUND_KNEES_APART, TIMES, TWO, of_grades, of_widths
from kneeoa.jointspace.width import JointSpace, Width
from tests.support.profiles import profile_zip

TIBIA = 500.0
VERDICTS = re.compile(r"narrower|wider|higher|lower|progress|worse|better", re.IGNORECASE)


def width(pixels, spread=1.0, *, is_closed=False):
    around = 1.96 * spread
    low = 0.0 if is_closed else pixels - around
    return Width(pixels, spread, low, pixels + around, ((0, 0), (0, pixels)), is_closed)


def space(medial=30.0, lateral=40.0, *, side="R", spacing=0.15, spacing_from="PixelSpacing"):
    made = {"medial": medial, "lateral": lateral}
    made = {name: one if isinstance(one, Width) else width(one) for name, one in made.items()}
    right, left = ("medial", "lateral") if side == "R" else ("lateral", "medial")
    return JointSpace(
        made[left], made[right], TIBIA, side, spacing, spacing_from if spacing else None
    )


def answer(low, high):
    return Answer(KLGrade(low), KLGrade(low), KLGrade(high), "median", 0.9)


@pytest.mark.parametrize("kind", [TIMES, SIDES])
@pytest.mark.parametrize(
    ("first", "second"), [((1, 2), (2, 3)), ((2, 2), (2, 2)), ((0, 4), (3, 4))]
)
def test_ranges_that_overlap_differ_in_nothing_that_is_said(kind, first, second):
    line = of_grades(answer(*first), answer(*second), kind)
    assert line.way == 0
    assert not VERDICTS.search(line.sentence)


def test_under_a_profile_the_level_is_that_of_its_films():
    profile = unpack_profile(profile_zip())
    line = of_grades(answer(0, 1), answer(2, 3), TIMES, profile=profile)
    assert "90% are to hold the readers' grade on films like the 50 of the profile" in line.sentence
    assert "OAI" not in line.sentence


def test_ranges_apart_differ_and_the_level_is_said():
    line = of_grades(answer(0, 1), answer(2, 3), TIMES)
    assert line.way == 1
    assert "Higher than before" in line.sentence
    assert "90%" in line.sentence
    assert of_grades(answer(2, 3), answer(0, 1), TIMES).way == -1
    assert "right knee's range is the" in of_grades(answer(3, 4), answer(1, 1), SIDES).sentence
    assert "left knee's range is the" in of_grades(answer(1, 1), answer(3, 4), SIDES).sentence


def test_a_single_grade_is_called_no_range_and_the_level_is_one_of_all_answers():
    for kind in (TIMES, SIDES, TWO):
        for pair in ((answer(2, 2), answer(4, 4)), (answer(4, 4), answer(0, 1))):
            sentence = of_grades(*pair, kind).sentence
            assert "range is" not in sentence
            assert "Each" not in sentence
            assert "Of all answers, single grades and ranges, 90% hold" in sentence
    same = of_grades(answer(2, 2), answer(2, 2), TIMES)
    assert (same.way, same.sentence) == (0, "Both are KL 2: no difference of grade is said.")


def test_a_promise_is_no_larger_than_what_is_known_of_both_films():
    lower, higher = answer(0, 1), answer(2, 3)
    assert of_grades(lower, higher, TIMES).sentence.endswith("films like the OAI's.")
    unlike = of_grades(lower, higher, TIMES, standing=change.UNLIKE)
    assert unlike.sentence.endswith("films like the OAI's, fewer on films unlike them.")
    assert unlike.way == 1
    doubted = of_grades(lower, higher, TIMES, standing=change.DOUBTED)
    assert doubted.way == 0
    assert "90%" not in doubted.sentence
    metal = of_grades(lower, higher, TIMES, standing=change.METAL)
    assert metal.way == 0
    assert "before" not in metal.sentence
    overlapping = of_grades(answer(0, 2), answer(1, 3), TIMES, standing=change.DOUBTED)
    assert "overlap" in overlapping.sentence


def test_a_film_without_a_grade_is_compared_with_nothing():
    line = of_grades(None, answer(1, 2), TIMES)
    assert (line.first, line.second, line.way) == ("not graded", "KL 1 to 2", 0)


def test_within_measuring_again_nothing_is_said():
    medial, _ = of_widths(space(30.0), space(28.0), TIMES)
    assert medial.way == 0
    assert not VERDICTS.search(medial.sentence)
    # 1.96 * sqrt(2) pixels of 0.15 mm
    assert "within 0.4 mm" in medial.sentence


def test_what_two_sound_knees_differ_by_is_no_change_either():
    apart = SOUND_KNEES_APART * TIBIA
    medial, _ = of_widths(space(40.0), space(40.0 - 0.9 * apart), TIMES)
    assert medial.way == 0
    assert "more than measuring again" in medial.sentence
    assert not VERDICTS.search(medial.sentence)


def test_beyond_both_it_is_narrower_by_how_much_and_how_sure():
    apart = SOUND_KNEES_APART * TIBIA
    medial, lateral = of_widths(space(40.0), space(40.0 - 2 * apart), TIMES)
    assert medial.way == -1
    by = 2 * apart * 0.15
    doubt = 1.96 * 2**0.5 * 0.15
    assert (
        f"Narrower than before by {by:.1f} mm ({by - doubt:.1f} mm to {by + doubt:.1f} mm)"
        in medial.sentence
    )
    assert "another position of the knee" in medial.sentence
    assert lateral.way == 0
    wider, _ = of_widths(space(40.0 - 2 * apart), space(40.0), TIMES)
    assert wider.way == 1


def test_left_and_right_are_compared_by_compartment_not_by_picture():
    apart = SOUND_KNEES_APART * TIBIA
    right, left = space(40.0, 60.0, side="R"), space(40.0 - 2 * apart, 60.0, side="L")
    medial, lateral = of_widths(right, left, SIDES)
    assert "narrower in the left knee" in medial.sentence.lower()
    assert lateral.way == 0
    unknown = JointSpace(width(40), width(60), TIBIA)
    (line,) = of_widths(right, unknown, SIDES)
    assert "set the side" in line.sentence


def test_a_width_that_is_not_known_is_compared_with_nothing():
    refused = Width(refusal="The edges are not clear.")
    medial, lateral = of_widths(space(refused), space(30.0), TIMES)
    assert (medial.first, medial.way) == ("not measured", 0)
    assert "not measured" in medial.sentence
    assert "measuring again" in lateral.sentence


def test_two_that_are_closed_are_not_told_apart_and_one_is_at_most():
    closed = width(7.0, is_closed=True)
    medial, _ = of_widths(space(closed), space(closed), TIMES)
    assert "too narrow to tell apart" in medial.sentence
    medial, _ = of_widths(space(40.0), space(closed), TIMES)
    assert medial.second.startswith("less than ")
    assert medial.way == -1
    assert "at least" in medial.sentence


@pytest.mark.parametrize(
    ("first", "second", "unit"),
    [
        (("PixelSpacing", 0.15), ("PixelSpacing", 0.2), "mm"),
        (("ImagerPixelSpacing", 0.15), ("ImagerPixelSpacing", 0.15), "mm"),
        (("ImagerPixelSpacing", 0.15), ("PixelSpacing", 0.15), "%"),
        (("ImagerPixelSpacing", 0.15), ("NominalScannedPixelSpacing", 0.15), "%"),
        ((None, None), ("PixelSpacing", 0.15), "%"),
        ((None, None), (None, None), "%"),
    ],
)
def test_millimetres_are_compared_only_with_those_of_one_kind(first, second, unit):
    spaces = [space(spacing=spacing, spacing_from=name) for name, spacing in (first, second)]
    medial, _ = of_widths(*spaces, TIMES)
    assert ("%" in medial.first) == (unit == "%")
    assert ("percent" in change.unit_note(*spaces)) == (unit == "%")


def test_a_width_is_said_with_interval_and_unit():
    assert words.width_text(space(), space().medial) == "4.5 mm (4.2 to 4.8)"
    bare = space(spacing=None)
    assert words.width_text(bare, bare.medial) == "30.0 px (28.0 to 32.0)"
    assert words.short(bare, bare.medial) == "30.0 px"
    assert "6.0% of the tibia's width" in words.details(bare)[0]
    assert "no millimetres" in " ".join(words.details(bare))


def test_millimetres_at_the_detector_are_said_to_be_some():
    detector = space(spacing_from="ImagerPixelSpacing")
    assert words.line(detector).endswith(", at the detector")
    assert "magnifies" in words.scale_note(detector)
    assert words.short(detector, detector.medial) == "4.5 mm at detector"
    scanned = space(spacing_from="NominalScannedPixelSpacing")
    assert words.line(scanned).endswith(", on the scanned film")
    assert "on the scanned film" in change.unit_note(scanned, scanned)
    assert "detector" not in words.line(space())


def test_without_a_side_it_is_left_and_right_of_the_picture():
    unknown = JointSpace(width(30), Width(refusal="The edges are not clear."), TIBIA)
    line = words.line(unknown)
    assert "left of the picture 30.0 px" in line
    assert "right of the picture not measured" in line
    assert any("set it under Box and side" in one for one in words.details(unknown))


@pytest.mark.parametrize("kind", [TWO, SIDES])
def test_of_two_that_do_not_follow_each_other_none_is_called_before(kind):
    apart = SOUND_KNEES_APART * TIBIA
    for first, second in ((40.0, 40.0 - 2 * apart), (40.0 - 2 * apart, 40.0)):
        sentences = of_widths(space(first), space(second), kind)[0].sentence
        sentences += of_grades(answer(0, 1), answer(3, 4), kind).sentence
        assert "before" not in sentences
        assert "Narrower in the" in sentences


def test_a_knee_that_waits_for_her_grade_is_not_called_ungraded():
    line = of_grades(None, answer(1, 2), TIMES, instead=("shown after your grade", "not graded"))
    assert line.first == "shown after your grade"
    assert "not graded" not in line.sentence


def test_in_a_mirror_image_no_compartment_has_a_name():
    mirrored = replace(space(), mirrored=True)
    assert mirrored.medial is mirrored.lateral is None
    assert "left of the picture" in words.line(mirrored)
    assert any("mirror image" in one for one in words.details(mirrored))
    (line,) = of_widths(mirrored, space(), TIMES)
    assert line.way == 0
    assert "mirror image" in line.sentence


def test_left_and_right_of_two_knees_are_not_the_same_compartment():
    first, second = (JointSpace(width(one), width(40), TIBIA) for one in (60, 20))
    assert len(of_widths(first, second, TIMES)) == 2
    (line,) = of_widths(first, second, TWO)
    assert (line.way, line.first, line.second) == (0, "", "")
    assert "set the side" in line.sentence


def test_two_of_which_nobody_knows_more_are_called_as_they_are_shown():
    wide, narrow = space(40.0), space(40.0 - 2 * SOUND_KNEES_APART * TIBIA)
    for names, higher in (
        (("other film", "this film"), "this film"),
        (("this film", "other film"), "the other film"),
    ):
        grade = of_grades(answer(1, 1), answer(3, 3), TWO, names=names)
        assert grade.sentence.startswith(f"The higher grade is that of {higher}.")
        medial, _ = of_widths(wide, narrow, TWO, names=names)
        assert medial.sentence.startswith(f"Narrower in {higher} by")
