"""Pictures put together of several films, and knees that have no box."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from kneeoa.graders.locating import beside, gate
from kneeoa.graders.locating.each_knee import are_on_other_sides, seen_in, shape_of
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.locating.looks import Window
from kneeoa.graders.locating.symmetry import likeness_to_right
from tests.graders.locating.test_localiser import film, knee


@pytest.fixture(scope="module")
def localiser():
    return Localiser()


KNEES = [knee(number % 5, seed=number) for number in range(6)]


def in_rows(rows, columns):
    return np.vstack([np.hstack(KNEES[row * columns :][:columns]) for row in range(rows)])


def beside_each_other(*sides):
    drawn = [knee(n, seed=2 + 7 * n, laterality=side) for n, side in enumerate(sides)]
    return np.hstack(drawn)


SHAPES = [(2, 1), (3, 1), (2, 2), (2, 3), (3, 2), (1, 3), (1, 4)]


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_several_films_in_one_picture_are_refused(localiser, rows, columns):
    refusal = localiser.find(film(in_rows(rows, columns))).refusal
    assert refusal in (gate.SEVERAL, gate.JOINED)


@pytest.mark.parametrize("sides", ["R", "RL"])
def test_one_film_and_one_of_both_knees_are_not_several(localiser, sides):
    assert localiser.find(film(beside_each_other(*sides))).findings == ()


@pytest.mark.parametrize("sides", ["RR", "LL", "LR"])
def test_the_sides_of_knees_that_are_not_where_they_belong_are_open(localiser, sides):
    both = beside_each_other(*sides)
    located = localiser.find(film(both))
    assert [each.side for each in located.knees] == ["unknown", "unknown"]
    assert gate.SIDES in located.warnings
    assert located.refusal is None
    seen = seen_in(film(255 - both), located.frames)
    negative = [
        shape_of(inside, each, negative=True)
        for inside, each in zip(seen, located.knees, strict=True)
    ]
    assert negative == [each.shape for each in located.knees] == list(sides)


def test_of_a_knee_that_is_refused_no_side_is_told(localiser):
    shown = film(beside_each_other("R", "L"))
    right, left = localiser.find(shown).knees
    assert not are_on_other_sides([right, left])
    assert are_on_other_sides([left, right])
    assert not are_on_other_sides([left])
    refused = replace(left, findings=(gate.SPOILT,))
    (seen,) = seen_in(shown, [left.frame])
    assert shape_of(seen, left, negative=False) == "L"
    assert shape_of(seen, refused, negative=False) == "unknown"


@pytest.mark.parametrize(("drawn", "called"), ["RL", "LR", "RR", "LL", "R-"])
def test_a_knee_that_is_called_one_of_the_other_side_is_warned_of(localiser, drawn, called):
    shown = film(knee(2, laterality=drawn), laterality=None if called == "-" else called)
    located = localiser.find(shown)
    (found_there,) = located.knees
    codes = [finding.code for finding in located.warnings]
    assert codes == ["side"] * (called not in (drawn, "-"))
    assert found_there.side == (called if called != "-" else "unknown")
    # As when the reader sets it.
    (as_set,) = located.against(replace(found_there, side="RL"[drawn == "R"]))
    assert as_set.sentence.startswith(f"Called a {'left' if drawn == 'R' else 'right'} knee. By")
    assert located.against(replace(found_there, side=drawn)) == ()


def test_one_knee_shown_twice_is_not_of_both_sides(localiser):
    located = localiser.find(film(np.hstack([knee(2), knee(2)])))
    assert {each.side for each in located.knees} == {"unknown"}
    assert gate.SIDES in located.warnings


@pytest.mark.parametrize("grade", range(5))
def test_a_right_knee_is_told_from_a_left_one(grade):
    for seed in range(6):
        right = knee(grade, seed=seed).astype(np.float32)
        assert likeness_to_right(right) > 0.3
        assert likeness_to_right(right[:, ::-1]) == pytest.approx(-likeness_to_right(right))


@pytest.mark.parametrize("light", [0.5, 0.3, 0.2])
def test_a_knee_under_less_light_than_the_other_is_told_of(localiser, light):
    both = np.hstack([knee(1, seed=2), knee(3, seed=9, laterality="L")]).astype(float)
    both[:, both.shape[1] // 2 :] *= light
    located = localiser.find(film(both.astype(np.uint8)))
    assert len(located.knees) == 2 or gate.ANOTHER in located.findings


def test_metal_at_one_of_two_knees_is_told_of_that_one(localiser):
    both = film(np.hstack([knee(1, seed=2), knee(3, seed=9, laterality="L")]))
    whole, left, right = localiser.answers(both)
    located = localiser.found(both, [whole, left, replace(right, implant=3.0)])
    assert gate.IMPLANT not in located.against(located.knees[0])
    assert gate.IMPLANT in located.against(located.knees[1])


@pytest.mark.parametrize("gap", [0, 3, 20])
def test_the_seam_between_two_films_is_no_third_knee(localiser, gap):
    line = np.zeros((224, gap))
    for seed in range(12):
        both = [knee(seed % 5, seed=seed), knee(seed % 3, seed=30 + seed, laterality="L")]
        found = localiser.find(film(np.hstack([both[0], line, both[1]])))
        assert len(found.knees) == 2
        assert found.refusal is None, seed


def test_two_films_above_each_other_are_told_with_a_border_between(localiser):
    for grey in (0, 255):
        border = np.full((12, 224), grey)
        found = localiser.find(film(np.vstack([KNEES[0], border, KNEES[1]])))
        assert found.refusal in (gate.SEVERAL, gate.JOINED)


def test_nothing_lies_beside_the_knee_of_a_crop():
    assert beside.places([Window(5, 8, 214, 205)], 224, 224) == []


def test_what_lies_beside_a_box_is_looked_at_as_far_as_it_is_on_the_film():
    above_and_below = [
        place
        for place in beside.places([Window(400, 10, 200, 200)], 1000, 220)
        if place.part_of is None
    ]
    assert len(above_and_below) == 2
    for place in above_and_below:
        assert place.window.share_in(Window(0, 0, 1000, 220)) == 1
        assert place.window.left < 20
    level, beyond = beside.places([Window(0, 0, 200, 200)], 200, 600)
    assert level.window.left > 50
    assert (beyond.window.left, beyond.window.width) == (200, 400)


def test_between_two_knees_is_looked_only_where_there_is_room_for_one():
    first = Window(0, 10, 200, 180)
    assert beside.places([first, Window(0, 210, 200, 180)], 200, 400) == []
    near = beside.places([first, Window(0, 330, 200, 180)], 200, 520)
    assert near == []
    far = beside.places([first, Window(0, 410, 200, 180)], 200, 600)
    (between,) = [place.window for place in far if place.part_of is None]
    assert between.left < 190 and between.left + between.width > 410
    assert len({place.part_of for place in far}) == 3


def test_a_film_with_room_above_or_below_is_looked_at_in_parts():
    def parts(height, width):
        box = Window(10, 10, 0.6 * height, 0.9 * width)
        there = beside.places([box], height, width)
        return [place.window for place in there if place.part_of is not None]

    assert parts(400, 200) == [Window(0, 0, 200, 200), Window(200, 0, 200, 200)]
    assert len(parts(200, 300)) == 4
    assert parts(100, 300) == []  # of such shape is no film of a knee
    assert beside.places([Window(0, 0, 190, 190)], 200, 200) == []


def test_what_is_seen_in_one_part_alone_is_that_films_knee():
    film_ = Window(0, 0, 400, 200)
    there = [
        beside.Place(film_, film_),
        *(beside.Place(film_, Window(top, 0, 200, 200), 0) for top in (0, 200)),
    ]
    assert beside.worth_a_closer_look(there, [True, True, False]) == [0]
    assert beside.worth_a_closer_look(there, [False, True, True]) == [1, 2]
    (parts,) = beside.parts_of(there)
    assert beside.are_several_films(parts)
    assert not beside.are_several_films(parts[:1])


def test_whose_knee_a_box_is_of():
    boxes = [Window(0, 0, 100, 100), Window(0, 150, 100, 100)]
    film_ = Window(0, 0, 400, 400)
    place = beside.Place(film_, film_)
    assert not beside.is_of_another(place, Window(10, 10, 100, 100), boxes)
    assert beside.is_of_another(place, Window(150, 0, 100, 100), boxes)
    assert not beside.is_of_another(place, Window(350, 0, 100, 100), boxes)
    part = beside.Place(film_, Window(0, 0, 100, 250), 0)
    assert beside.is_of_another(part, Window(10, 10, 80, 80), boxes)
    assert not beside.is_of_another(part, Window(60, 10, 80, 80), boxes)


def test_of_boxes_over_each_other_the_likelier_counts():
    left, seam, right = (Window(0, across, 100, 100) for across in (0, 52, 104))
    assert beside.of_different_knees([(9, left), (8, seam), (10, right)]) == [right, left]
    assert beside.of_different_knees([(1, left), (8, seam), (1, right)]) == [seam]
    assert beside.of_different_knees([(9, left), (2, Window(20, 20, 40, 40))]) == [left]


@pytest.mark.parametrize(
    ("boxes", "several"),
    [
        ([(0, 0)], False),
        ([(0, 0), (0, 120)], False),
        ([(0, 0), (40, 120)], False),  # one leg is the longer
        ([(0, 0), (90, 0)], True),
        ([(0, 0), (90, 120)], True),
        ([(0, 0), (0, 120), (0, 240)], True),
    ],
)
def test_more_than_two_knees_or_one_above_another_are_several_films(boxes, several):
    there = [Window(top, left, 100, 100) for top, left in boxes]
    assert beside.are_several_films(there) == several


def test_both_knees_upside_down_are_told(localiser):
    both = np.hstack([knee(1, seed=2), knee(3, seed=8, laterality="L")])
    found = localiser.find(film(both[::-1, ::-1]))
    assert found.refusal is not None
    assert found.refusal.code == gate.TURNED
    assert found.quarters == 2


def test_a_film_on_a_printed_page_is_refused_as_one_to_be_cut_out(localiser):
    page = Image.new("L", (900, 1200), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(20)
    for row in [*range(40, 420, 26), *range(980, 1180, 26)]:
        pen.text((40, row), "The joint space of the knee narrows, " * 3, fill=0, font=font)
    page.paste(Image.fromarray(knee(2, side=480)), (200, 450))
    shown = film(np.asarray(page))
    answers = [replace(answer, frontal=-6.0) for answer in localiser.answers(shown)]
    assert localiser.found(shown, answers).refusal == gate.WITHIN
    page.paste(Image.fromarray(np.full((480, 480), 120, np.uint8)), (200, 450))
    shown = film(np.asarray(page))
    assert localiser.found(shown, answers).refusal == gate.NOT_A_KNEE
