import io

import numpy as np
import pytest
from PIL import Image

from kneeoa.errors import ConfigError
from kneeoa.films.phantom import DEMO_NAMES, demo_film, draw_knee, is_drawn, knee_png
from kneeoa.grades import GRADES, KLGrade

pytestmark = pytest.mark.usefixtures("drawn_anew")


def joint_space(film: np.ndarray, columns: slice) -> float:
    """Median height, in film heights, of the dark gap between bright bone in a column band."""
    side = len(film)
    near_joint = film[int(0.48 * side) : int(0.76 * side)].astype(float)
    # Halfway from bone to the tissue of the notch, both taken from this film.
    bone = np.median(film[int(0.35 * side) : int(0.45 * side), columns])
    notch = film[int(0.45 * side) : int(0.58 * side), int(0.47 * side) : int(0.54 * side)].min()
    dark = near_joint[:, columns] < (bone + notch) / 2
    return float(np.median(dark.sum(axis=0)) / side)


def medial_and_lateral(side: int) -> tuple[slice, slice]:
    """Column bands at the middle of each compartment of a right knee."""
    return slice(int(0.74 * side), int(0.82 * side)), slice(int(0.20 * side), int(0.28 * side))


@pytest.mark.parametrize("side", [64, 224, 301])
@pytest.mark.parametrize("grade", GRADES)
def test_film_is_square_grey_and_uses_the_range(grade, side):
    film = draw_knee(grade, side=side)
    assert film.shape == (side, side)
    assert film.dtype == np.uint8
    assert film.std() > 30
    assert 90 < film.mean() < 200


def test_same_options_give_the_same_film():
    np.testing.assert_array_equal(draw_knee(2, seed=5), draw_knee(KLGrade.MINIMAL, seed=5))


def test_seed_and_grade_change_the_film():
    film = draw_knee(2, seed=5, marked=False)
    assert not np.array_equal(film, draw_knee(2, seed=6, marked=False))
    assert not np.array_equal(film, draw_knee(3, seed=5, marked=False))


@pytest.mark.parametrize("seed", range(6))
def test_medial_joint_space_narrows_with_every_grade(seed):
    medial, lateral = medial_and_lateral(224)
    films = [draw_knee(grade, seed=seed, marked=False) for grade in GRADES]
    spaces = [joint_space(film, medial) for film in films]
    assert np.all(np.diff(spaces) < 0), spaces
    assert spaces[0] > 0.03
    assert spaces[4] < 0.006
    # Medial disease: the other side of a severe knee stays open.
    assert joint_space(films[4], lateral) > 0.025


@pytest.mark.parametrize("seed", range(3))
def test_bone_under_the_medial_plateau_grows_denser(seed):
    medial, _ = medial_and_lateral(224)
    dense = [
        draw_knee(grade, seed=seed, marked=False)[int(0.55 * 224) : int(0.72 * 224), medial].max(0)
        for grade in (0, 3, 4)
    ]
    assert np.all(np.diff([band.mean() for band in dense]) > 5)


@pytest.mark.parametrize("seed", range(3))
def test_osteophytes_widen_the_joint_margins(seed):
    def medial_reach(grade):
        """Last column of bone beside the joint, in pixels."""
        film = draw_knee(grade, seed=seed, marked=False).astype(float)
        bone = np.median(film[80:100, 40:180])
        return int(np.nonzero((film[115:155] > 0.78 * bone).any(axis=0))[0].max())

    none, minimal, severe = medial_reach(0), medial_reach(2), medial_reach(4)
    assert minimal >= none + 3
    assert severe >= minimal + 3


@pytest.mark.parametrize("grade", [0, 4])
def test_left_mirrors_right_apart_from_the_mark(grade):
    right = draw_knee(grade, seed=3, laterality="R", marked=False)
    left = draw_knee(grade, seed=3, laterality="L", marked=False)
    np.testing.assert_array_equal(left, right[:, ::-1])
    assert not np.array_equal(
        draw_knee(grade, laterality="L"), draw_knee(grade, laterality="R")[:, ::-1]
    )


def test_fibula_is_on_the_images_left_of_a_right_knee():
    film = draw_knee(0, laterality="R", marked=False).astype(float)
    assert film[190:220, :20].mean() > film[190:220, -20:].mean() + 15


@pytest.mark.parametrize("laterality", ["R", "L"])
@pytest.mark.parametrize("side", [64, 224, 512])
def test_mark_changes_one_corner_and_leaves_the_joint_alone(side, laterality):
    plain = draw_knee(3, side=side, laterality=laterality, marked=False)
    marked = draw_knee(3, side=side, laterality=laterality)
    rows, columns = np.nonzero(plain != marked)
    assert rows.min() > 0.8 * side
    if side >= 224:
        assert np.ptp(columns) < 0.5 * side
        centre = columns.mean() / side
        assert centre > 0.6 if laterality == "R" else centre < 0.4
    label = marked[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    # Legible: strokes are near white, the plate behind them is dark.
    assert label.max() > 230
    assert np.median(label) < 110


@pytest.fixture(scope="module")
def films():
    """The demo films, as files."""
    return {name: demo_film(name) for name in DEMO_NAMES}


def test_demo_films_are_png_files_of_the_promised_kind(films):
    assert set(films) == {f"synthetic-kl{n}.png" for n in range(5)} | {"synthetic-16bit.png"}
    images = {name: Image.open(io.BytesIO(data)) for name, data in films.items()}
    for image in images.values():
        assert image.format == "PNG"
        assert image.size == (512, 512)
    deep = images.pop("synthetic-16bit.png")
    assert {image.mode for image in images.values()} == {"L"}
    assert deep.mode.startswith("I")
    counts = np.asarray(deep)
    assert counts.min() >= 900 and counts.max() <= 4300
    assert len(np.unique(counts)) > 1000


def test_demo_films_say_in_their_file_that_they_are_drawn(films):
    for film in films.values():
        assert is_drawn(film)
    silent, told = knee_png(3, seed=0), films["synthetic-kl3.png"]
    assert not is_drawn(silent)
    first, second = (np.asarray(Image.open(io.BytesIO(data))) for data in (silent, told))
    assert np.array_equal(first, second)
    # A film of somebody in which the words stand elsewhere is none.
    assert not is_drawn(silent + told)
    assert not is_drawn(b"")


def test_demo_films_show_their_grade(films):
    medial, _ = medial_and_lateral(512)
    spaces = [
        joint_space(np.asarray(Image.open(io.BytesIO(films[f"synthetic-kl{n}.png"]))), medial)
        for n in range(5)
    ]
    assert np.all(np.diff(spaces) < 0), spaces


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"grade": 5}, "grade from 0 to 4. Received: 5"),
        ({"grade": "two"}, "Received: 'two'"),
        ({"grade": 2, "laterality": "left"}, "'R' or 'L'. Received: 'left'"),
        ({"grade": 2, "side": 63}, "side to be a whole number from 64 to 2048. Received: 63"),
        ({"grade": 2, "side": 4000}, "Received: 4000"),
        ({"grade": 2, "side": 224.5}, "Received: 224.5"),
        ({"grade": 2, "seed": -1}, "seed to be a whole number from 0"),
    ],
)
def test_impossible_options_are_refused_with_a_sentence(options, words):
    with pytest.raises(ConfigError) as refusal:
        draw_knee(options.pop("grade"), **options)
    assert words in str(refusal.value)
