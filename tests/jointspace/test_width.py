"""Joint space widths of drawn joints whose widths are known, and when none is said."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.phantom_anatomy import SIGNS
from kneeoa.grades import KLGrade
from kneeoa.jointspace import profiles, words
from kneeoa.jointspace.minimum import LEFT, RIGHT
from kneeoa.jointspace.outlines import outlines_of
from kneeoa.jointspace.patch import Change, noise_of, patch_of
from kneeoa.jointspace.width import SMALLEST_SIDE, measure
from kneeoa.reports.joint_space import measurements_of
from tests.support.joints import LEFT_END, RIGHT_END, SIDE, film_of, joint

TIBIA = RIGHT_END - LEFT_END


def measured(left=12.0, right=12.0, *, side="R", spacing=None, **drawn):
    film = film_of(joint(left, right, **drawn), spacing=spacing)
    return measure(film, Frame.whole(film), side)


@pytest.mark.parametrize(
    ("left", "right", "drawn"),
    [
        (12, 12, {}),
        (6, 18, {}),
        (18, 6, {"slope": 0.05}),
        (9, 7, {"slope": -0.05}),
        (12, 6, {"times": 3}),
        (15, 8, {"times": 0.75}),
        (10, 10, {"grain": 6.0, "seed": 4}),
    ],
)
def test_a_known_width_is_measured_to_a_third_of_a_pixel(left, right, drawn):
    space = measured(left, right, **drawn)
    times = drawn.get("times", 1)
    slant = np.cos(np.arctan(drawn.get("slope", 0)))
    for width, true in ((space.left, left), (space.right, right)):
        assert width.pixels / times == pytest.approx(true * slant, abs=0.34)
        assert width.low / times < true * slant < width.high / times
        assert not width.is_closed
    assert space.tibia_width / times == pytest.approx(TIBIA, rel=0.01)


def test_the_line_is_as_long_as_the_number_and_lies_where_the_joint_is_narrowest():
    width = measured(12, 8).right
    (x, y), (u, v) = width.ends
    assert np.hypot(u - x, v - y) == pytest.approx(width.pixels, abs=0.3)
    assert 205 < x < 241  # the middle of the zone, where it was drawn narrowest
    assert y == pytest.approx(176, abs=1.5)
    assert v > y


def test_the_frame_may_lie_anywhere_on_a_larger_film():
    alone = measured(12, 7)
    film = film_of(np.pad(joint(12, 7), ((80, 40), (150, 60)), mode="edge"))
    space = measure(film, Frame(80, 150, SIDE, SIDE), "R")
    assert space.right.pixels == pytest.approx(alone.right.pixels, abs=0.1)
    (x, y), _ = space.right.ends
    (x0, y0), _ = alone.right.ends
    assert (x - x0, y - y0) == pytest.approx((150, 80), abs=0.5)


@pytest.mark.parametrize("height", range(240, 361, 12))
def test_a_box_of_any_proportions_is_measured(height):
    film = film_of(joint(12, 7))
    space = measure(film, Frame(150 - height // 2, 0, height, SIDE), "R")
    assert space.right.pixels == pytest.approx(7, abs=0.5)


@pytest.mark.parametrize("frame", [Frame(-15, -12, 330, 320), Frame(12, 10, 280, 285)])
def test_another_box_gives_the_same_width(frame):
    film = film_of(joint(12, 7))
    space = measure(film, frame, "R")
    assert space.left.pixels == pytest.approx(12, abs=0.4)
    assert space.right.pixels == pytest.approx(7, abs=0.4)


def test_which_compartment_is_medial_follows_from_the_knees_side():
    right, left, unknown = (measured(12, 7, side=side) for side in ("R", "L", "unknown"))
    assert (right.medial, right.lateral) == (right.right, right.left)
    assert (left.medial, left.lateral) == (left.left, left.right)
    assert list(right.compartments) == ["medial", "lateral"]
    assert unknown.medial is None
    assert list(unknown.compartments) == ["left of the picture", "right of the picture"]


def test_millimetres_are_judged_by_the_box_where_all_of_a_film_is_looked_at():
    film = film_of(joint(12, 7))
    film = replace(film, spacing=(0.65, 0.65))
    whole = Frame.whole(film)
    small = Frame.around(*whole.centre, whole.height // 2, "knee")
    assert measure(film, whole).spacing is None
    assert measure(film, whole, box=small).spacing == pytest.approx(0.65)


@pytest.mark.parametrize(
    # By 0.65 the tibia might be one, and the box is larger than a knee's.
    ("spacing", "is_believed"),
    [(0.3, True), (0.14, True), (3.0, False), (0.65, False), (0.014, False)],
)
def test_a_knee_of_no_knees_size_gives_no_millimetres(spacing, is_believed):
    film = film_of(joint(12, 7))
    header = replace(film.header, spacing_from="PixelSpacing")
    film = replace(film, spacing=(spacing, spacing), header=header)
    space = measure(film, Frame.whole(film), "R")
    assert space.left.is_known
    assert (space.spacing is not None) == is_believed
    assert (" mm" in words.line(space)) == is_believed
    assert ("too narrow or too wide" in words.scale_note(space)) != is_believed
    unit = "mm" if is_believed else "{pixels}"
    assert {one.unit for one in measurements_of(space)} == {unit}


def test_too_narrow_is_at_most_a_width_and_never_one():
    width = measured(12, 1.0).right
    assert width.is_closed
    assert width.low == 0
    assert 1 < width.high < 0.025 * TIBIA


def flat():
    return film_of(np.random.default_rng(0).normal(120, 3, (SIDE, SIDE)))


def test_where_there_is_no_joint_nothing_is_said():
    film = flat()
    space = measure(film, Frame.whole(film), "R")
    assert not space.left.is_known
    assert not space.right.is_known
    assert space.left.refusal.endswith(".")
    assert space.edges == ()


def test_blurred_edges_are_refused():
    film = film_of(ndimage.gaussian_filter(joint(12, 12), 14) + flat().pixels / 12)
    space = measure(film, Frame.whole(film), "R")
    assert not (space.left.is_known and space.right.is_known)


def test_a_coarse_box_and_one_beside_the_film_are_refused():
    small = film_of(joint(times=0.45))
    assert min(small.pixels.shape) < SMALLEST_SIDE
    assert "too coarse" in measure(small, Frame.whole(small), "R").left.refusal
    film = film_of(joint())
    assert "not on the film" in measure(film, Frame(0, 140, SIDE, SIDE), "R").left.refusal


def test_drawn_knees_come_out_as_they_are_drawn():
    """Bones of `phantom` are round along the beam: where their edge is, is a matter of taste."""
    found = []
    for grade in (KLGrade.NONE, KLGrade.DOUBTFUL, KLGrade.MINIMAL, KLGrade.MODERATE):
        film = film_of(draw_knee(grade, seed=1, side=512, marked=False))
        found.append(measure(film, Frame.whole(film), "R").medial.pixels / 512)
    true = [SIGNS[KLGrade(grade)].medial_gap for grade in range(4)]
    slope, shift = np.polyfit(true, found, 1)
    assert slope == pytest.approx(1, abs=0.15)
    assert abs(shift) < 0.010


def test_the_second_way_measures_the_same():
    for left, right in ((12, 8), (16, 11)):
        image = patch_of(joint(left, right), Frame(0, 0, SIDE, SIDE)).image
        widths = profiles.widths(image, outlines_of(image[None]))
        assert widths[LEFT] * TIBIA == pytest.approx(left, abs=0.5)
        assert widths[RIGHT] * TIBIA == pytest.approx(right, abs=0.5)


def test_a_copy_is_the_film_moved_and_points_find_back():
    pixels = np.zeros((SIDE, SIDE), np.float32)
    pixels[100:104, 200:204] = 200
    patch = patch_of(pixels, Frame(0, 0, SIDE, SIDE))
    change = Change(across=3, down=-2, turn=2.5, scale=1.04)
    (copy,) = patch.copies([change], np.random.default_rng(0))
    y, x = ndimage.center_of_mass(copy)
    assert patch.on_film(np.array([x + 0.5, y + 0.5]), change) == pytest.approx((202, 102), abs=0.1)


def test_noise_is_known_from_a_film_with_edges():
    quiet = np.kron(np.random.default_rng(1).integers(0, 200, (20, 20)), np.ones((15, 15)))
    noisy = quiet + np.random.default_rng(2).normal(0, 4, quiet.shape)
    assert noise_of(noisy) == pytest.approx(4, rel=0.15)
