"""The published localiser on drawn knees in films of every kind, and on what is no knee."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from kneeoa.errors import ModelError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.header import Header
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating import gate, looks
from kneeoa.graders.locating.found import Found, Knee, inverted, turned_right
from kneeoa.graders.locating.localiser import FOLDER, Localiser
from kneeoa.graders.published import DEFAULT_MODELS


@pytest.fixture(scope="module")
def localiser():
    return Localiser()


def film(pixels, **changes):
    values = np.asarray(pixels, np.float32)
    given = {"laterality": None, "spacing": None} | changes
    return Radiograph("film.png", values, "PNG", 8, given["laterality"], given["spacing"], "0" * 64)


def knee(grade=1, *, seed=3, side=224, laterality="R"):
    return draw_knee(grade, seed=seed, side=side, laterality=laterality, marked=False)


def stretched(pixels, height, width):
    return np.asarray(Image.fromarray(pixels).resize((width, height)), np.float32)


def set_in(height, width, pixels, top, left):
    """Return a dark film with a knee in it, its outermost rows going on above and below."""
    canvas = np.full((height, width), 20.0)
    rows, columns = pixels.shape
    canvas[:top, left : left + columns] = pixels[0]
    canvas[top + rows :, left : left + columns] = pixels[-1]
    canvas[top : top + rows, left : left + columns] = pixels
    return canvas


def overlap(frame, top, left, height, width):
    box = looks.Window(frame.top, frame.left, frame.height, frame.width)
    return box.overlap(looks.Window(top, left, height, width))


@pytest.mark.parametrize("side", [96, 224, 512])
@pytest.mark.parametrize("grade", range(5))
def test_a_crop_is_taken_whole(localiser, side, grade):
    found = localiser.find(film(knee(grade, side=side)))
    assert found.frames == (Frame(0, 0, side, side),)
    assert found.refusal is None
    assert found.knees[0].confidence > 0.5


@pytest.mark.parametrize(
    ("height", "width", "top", "left"),
    [(400, 300, 80, 30), (500, 400, 220, 150), (300, 500, 40, 200), (700, 500, 200, 120)],
)
def test_a_knee_is_found_wherever_it_lies(localiser, height, width, top, left):
    found = localiser.find(film(set_in(height, width, knee(), top, left)))
    assert len(found.knees) == 1
    assert overlap(found.frames[0], top, left, 224, 224) > 0.6
    assert found.refusal is None


def from_hip_to_ankle(pixels, height, width):
    """Return a tall film with a knee in its middle, whose shafts narrow, and both other joints."""
    side, across = len(pixels), np.arange(width)
    top, shown = (height - side) // 2, np.full((height, width), 20.0)
    for y in range(height):
        beyond = max(top - y, y - top - side + 1, 0)
        x = (across - width / 2) / (1 - 0.4 * min(1, beyond / side)) + side / 2
        row = pixels[min(max(y - top, 0), side - 1)]
        shown[y] = np.interp(x, np.arange(side), row, left=20, right=20)
    rows = np.arange(height)[:, None]
    for middle, radius in ((side // 2, 70), (height - side // 5, 50)):
        shown[np.hypot(rows - middle, across - width / 2) < radius] = 170
    return shown


def test_on_a_film_from_hip_to_ankle_the_box_is_no_taller_than_the_knee(localiser):
    truth, overlaps = (638, 88, 224, 224), []
    for grade in range(5):
        shown = film(from_hip_to_ankle(knee(grade, seed=grade), 1500, 400))
        (only,) = localiser.find(shown).frames
        overlaps.append(overlap(only, *truth))
    assert np.mean(overlaps) > 0.9


def test_a_squared_window_is_as_tall_as_it_is_wide_where_pixels_are():
    tall = looks.Window(100, 40, 300, 120)
    assert tall.squared(1.0) == looks.Window(190, 40, 120, 120)
    assert tall.squared(2.0) == looks.Window(220, 40, 60, 120)


@pytest.mark.parametrize(("height", "width"), [(170, 224), (224, 170), (300, 200), (180, 320)])
def test_pixels_that_are_not_square_give_a_frame_that_is_not(localiser, height, width):
    found = localiser.find(film(stretched(knee(), height, width)))
    assert len(found.knees) == 1
    assert overlap(found.frames[0], 0, 0, height, width) > 0.7


@pytest.mark.parametrize("gap", [0, 60, 140])
@pytest.mark.parametrize("height", [170, 224])
def test_two_knees_give_two_frames(localiser, gap, height):
    right, left = knee(0), knee(3, seed=8, laterality="L")
    cut = slice((224 - height) // 2, (224 + height) // 2)
    both = np.hstack([right[cut], np.full((height, gap), 25), left[cut]])
    found = localiser.find(film(both))
    assert [one.side for one in found.knees] == ["R", "L"]
    assert [frame.name for frame in found.frames] == ["left of the image", "right of the image"]
    for frame, start in zip(found.frames, (0, 224 + gap), strict=True):
        assert abs(frame.centre[1] - (start + 112)) < 40


def test_what_stands_against_one_knee_does_not_stand_against_the_other(localiser):
    right, left = knee(0), knee(3, seed=8, laterality="L")
    both = np.hstack([right[:, 40:], np.full((224, 60), 25), left])
    found = localiser.find(film(both))
    assert [one.code for one in found.against(found.knees[0])] == ["cut-off"]
    assert found.against(found.knees[1]) == ()
    assert [one.code for one in found.findings] == ["cut-off"]
    assert found.refusal is None


def test_nobody_is_told_to_export_a_replaced_knee_without_its_metal():
    hard = gate.Finding(gate.WRITTEN_OVER, "Edges harder than those of bone.", gate.WARNED)
    replaced, other = (
        Knee(Frame(0, left, 224, 224, name), 1.0, findings=findings)
        for left, name, findings in ((0, "left", (gate.IMPLANT, hard)), (224, "right", (hard,)))
    )
    both = Found((replaced, other), ())
    assert both.against(replaced) == (gate.IMPLANT,)
    assert both.against(other) == (hard,)
    assert both.findings == (gate.IMPLANT, hard)
    # Of a lone knee the film says it.
    assert Found((other,), (gate.IMPLANT,)).findings == (gate.IMPLANT,)


@pytest.mark.parametrize("grey", [0, 255])
@pytest.mark.parametrize("half", ["upper", "lower", "left", "right"])
def test_half_a_knee_is_not_graded_and_not_called_upside_down(localiser, half, grey):
    parts = {
        "upper": np.s_[:112],
        "lower": np.s_[112:],
        "left": np.s_[:, :112],
        "right": np.s_[:, 112:],
    }
    for seed in range(4):
        shown = knee(seed, seed=seed).astype(np.float32)
        shown[parts[half]] = grey
        found = localiser.find(film(shown))
        assert found.refusal is not None
        assert found.refusal.code != gate.TURNED
        assert found.quarters == 0


def test_one_of_two_boxes_that_holds_no_knee_is_refused_by_itself(localiser):
    both = film(np.hstack([knee(0), knee(3, seed=8, laterality="L")]))
    film_, right, left = localiser.answers(both)
    found = localiser.found(both, [film_, right, replace(left, frontal=-1.5)])
    assert found.against(found.knees[0]) == ()
    assert found.against(found.knees[1]) == (gate.NOT_A_KNEE,)
    assert found.refusal is None
    # Where the knee lies beside something else says nothing of its side.
    assert [one.side for one in found.knees] == ["unknown", "unknown"]


def test_what_its_file_says_of_a_film_leaves_what_is_seen_of_its_knees(localiser):
    right, left = knee(0), knee(3, seed=8, laterality="L").astype(np.float32)
    right = np.pad(right[:, 40:], ((0, 0), (0, 60)), mode="edge").astype(np.float32)
    silent = film(np.hstack([right, gaussian_filter(left, 6)]))
    speaking = replace(silent, header=Header(body_part="CHEST"))
    answers = localiser.answers(silent)
    answers[1] = replace(answers[1], implant=3.0)
    seen, contradicted = (localiser.found(shown, answers) for shown in (silent, speaking))
    codes = [{finding.code for finding in knee.findings} for knee in contradicted.knees]
    assert {"implant", "cut-off"} <= codes[0]
    assert {"spoilt", "soft"} <= codes[1]
    assert [each.side for each in contradicted.knees] == ["unknown", "unknown"]
    assert contradicted.knees == seen.knees
    assert contradicted.refusal.code == "header-body-part"


def test_one_knee_is_not_split(localiser):
    for width in (300, 400, 500):
        found = localiser.find(film(set_in(224, width, knee(), 0, (width - 224) // 2)))
        assert len(found.knees) == 1


def test_the_side_is_known_from_the_header_or_not_at_all(localiser):
    assert localiser.find(film(knee(), laterality="L")).knees[0].side == "L"
    assert localiser.find(film(knee())).knees[0].side == "unknown"


def test_the_sides_of_two_knees_are_open_where_the_file_names_one_side(localiser):
    both = np.hstack([knee(0), knee(3, seed=8, laterality="L")])
    assert [one.side for one in localiser.find(film(both)).knees] == ["R", "L"]
    for side in ("L", "R"):
        found = localiser.find(film(both, laterality=side))
        assert [one.side for one in found.knees] == ["unknown", "unknown"]
    # The file names both, in two places, or one of them beside no side of the film.
    contradicted = replace(film(both), header=Header(one_side=True))
    assert [one.side for one in localiser.find(contradicted).knees] == ["unknown", "unknown"]


def test_the_sides_of_two_knees_are_open_until_the_film_stands_upright(localiser):
    both = np.hstack([knee(1, seed=2), knee(3, seed=8, laterality="L")])
    for quarters in (1, 2, 3):
        shown = film(np.rot90(both, quarters))
        located = localiser.find(shown)
        assert located.quarters == quarters
        assert {each.side for each in located.knees} == {"unknown"}
        right = localiser.find(turned_right(shown, quarters))
        assert [each.side for each in right.knees] == ["R", "L"]


@pytest.mark.parametrize(
    "changes", [{"frontal": -8.0, "lateral": 5.0}, {"frontal": -8.0, "lateral": -5.0}]
)
def test_the_sides_in_a_picture_that_is_no_frontal_film_are_open(localiser, changes):
    both = film(np.hstack([knee(1, seed=2), knee(3, seed=8, laterality="L")]))
    answers = [replace(answer, **changes) for answer in localiser.answers(both)]
    located = localiser.found(both, answers)
    assert located.refusal in (gate.NOT_FRONTAL, gate.NOT_A_KNEE)
    assert [each.side for each in located.knees] == ["unknown", "unknown"]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_film_is_refused_and_can_be_turned_right(localiser, quarters):
    upright = knee(2)
    shown = film(np.rot90(upright, quarters), spacing=(0.1, 0.2))
    found = localiser.find(shown)
    assert found.refusal.code == "turned"
    assert found.quarters == quarters
    right = turned_right(shown, found.quarters)
    np.testing.assert_array_equal(right.pixels, upright)
    assert right.spacing == ((0.1, 0.2) if quarters == 2 else (0.2, 0.1))
    assert localiser.find(film(right.pixels)).refusal is None


def test_of_a_negative_the_positive_is_graded(localiser):
    positive = knee(2).astype(np.float32)
    shown = film(255 - positive)
    found = localiser.find(shown)
    assert found.refusal is None
    assert found.negative
    assert [one.code for one in found.warnings] == ["negative"]
    np.testing.assert_array_equal(found.to_grade(shown).pixels, positive)
    np.testing.assert_array_equal(inverted(shown).pixels, positive)
    upright = localiser.find(film(positive))
    assert not upright.negative
    assert upright.to_grade(shown) is shown


def test_a_white_page_around_a_film_makes_no_negative_of_it(localiser):
    page = np.full((448, 448), 255, np.float32)
    page[112:336, 112:336] = knee(2)
    shown = film(page)
    whole, closer = localiser.answers(shown)
    # As the network says it of one in three real knees on such a page.
    located = localiser.found(shown, [replace(whole, negative=3.2), closer])
    assert located.refusal is None
    assert not located.negative


def no_knees():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:240, :240]
    text = Image.new("L", (240, 240), 255)
    from PIL import ImageDraw

    pen = ImageDraw.Draw(text)
    for row in range(8, 240, 16):
        pen.text((8, row), "No patient was graded in the making of this page.", fill=0)
    return {
        "noise": rng.uniform(0, 255, (240, 240)),
        "gradient": x + 0.0,
        "radial": np.hypot(x - 120, y - 120),
        "checks": ((x // 30 + y // 30) % 2) * 255.0,
        "stripes": 127 + 127 * np.sin(x / 5),
        "text": np.asarray(text, np.float32),
        "smooth noise": stretched(rng.integers(0, 255, (9, 9)).astype(np.uint8), 240, 240),
        "half a film": np.where(x < 120, 200.0, 30.0),
    }


@pytest.mark.parametrize("name", no_knees())
def test_what_is_no_knee_is_refused(localiser, name):
    assert localiser.find(film(no_knees()[name])).refusal is not None


def test_odd_shapes_always_give_a_frame(localiser):
    rng = np.random.default_rng(0)
    for shape in ((64, 1000), (1000, 64), (70, 66)):
        found = localiser.find(film(rng.uniform(0, 255, shape)))
        assert found.refusal is not None
        assert network_input(film(np.ones(shape)), found.frames[0]).shape == (224, 224)


def test_a_look_and_the_film_agree_on_places():
    reduced = looks.Reduced(np.zeros((1200, 700), np.float32), tallness=1.5)
    look = reduced.look(looks.Window(100, 50, 600, 300), 96)
    back = look.to_film(np.array([0, 0, look.width / 96, look.height / 96]))
    assert back.top == pytest.approx(100, abs=7)
    assert back.height == pytest.approx(600)
    assert back.left == pytest.approx(50, abs=7)
    assert back.width == pytest.approx(300)
    assert look.height == 96
    assert look.width == round(96 * 300 / 900)


def test_a_localiser_whose_bytes_are_others_is_refused(tmp_path):
    shutil.copytree(DEFAULT_MODELS / FOLDER, tmp_path / FOLDER)
    card = json.loads((tmp_path / FOLDER / "card.json").read_text())
    assert card["model_sha256"] == Localiser(tmp_path).weights_hash
    with (tmp_path / FOLDER / "model.onnx").open("ab") as stream:
        stream.write(b"0")
    with pytest.raises(ModelError, match="damaged or was replaced"):
        Localiser(tmp_path)
    with pytest.raises(ModelError, match="python -m train locate"):
        Localiser(tmp_path / "nowhere")
