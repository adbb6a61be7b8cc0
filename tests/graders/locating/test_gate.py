"""What stands against a film, apart from what the network says."""

import numpy as np
import pytest

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating import frame_gate, gate


def film(pixels):
    return Radiograph("film.png", np.asarray(pixels, np.float32), "PNG", 8, None, None, "0" * 64)


KNEE = film(draw_knee(1, marked=False))


def test_nothing_stands_against_a_good_film():
    assert frame_gate.of_frame(KNEE, Frame.whole(KNEE)) == ()
    assert gate.noise(KNEE) is None


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (Frame(-20, 0, 224, 224), None),
        (Frame(-40, 0, 224, 224), "cut-off"),
        (Frame(0, 50, 224, 224), "cut-off"),
        (Frame(-90, 0, 224, 224), "joint-missing"),
        (Frame(0, 70, 224, 224), "joint-missing"),
    ],
)
def test_how_much_of_the_frame_may_be_missing(frame, code):
    said = frame_gate.cut_off(KNEE, frame)
    assert (said and said.code) == code


def test_a_tenth_is_named():
    assert "18%" in frame_gate.cut_off(KNEE, Frame(-40, 0, 224, 224)).sentence


def test_a_knee_of_few_pixels_is_told_with_their_number():
    assert frame_gate.few_pixels(Frame(0, 0, 100, 130)) is None
    told = frame_gate.few_pixels(Frame(0, 0, 130, 99))
    assert (told.code, told.severity) == ("few-pixels", gate.WARNED)
    assert "99 pixels" in told.sentence


def test_flat_and_saturated_films_are_told():
    flat = film(100 + KNEE.pixels / 100)
    assert frame_gate.exposed(flat, Frame.whole(flat)).code == "flat"
    for times, code in ((1.3, "saturated"), (4, "joint-covered")):
        burnt = film(np.minimum(KNEE.pixels * times, 255))
        assert frame_gate.exposed(burnt, Frame.whole(burnt)).code == code


def test_a_knee_in_few_shades_is_told():
    whole = Frame.whole(KNEE)
    for shades, code in ((16, "few-shades"), (64, None)):
        step = 256 // shades
        said = frame_gate.exposed(film(KNEE.pixels // step * step), whole)
        assert (said and said.code) == code
    assert "15 shades" in frame_gate.exposed(film(KNEE.pixels // 16 * 16), whole).sentence
    for shades in (2, 4, 8):
        said = frame_gate.exposed(film((KNEE.pixels / 255 * (shades - 1)).round() * 36), whole)
        assert (said.code, said.severity) == ("too-few-shades", gate.REFUSED)
    faint = film((110 + KNEE.pixels * 0.12).round())
    assert frame_gate.exposed(faint, whole).code == "few-shades"


@pytest.mark.parametrize(
    ("rows", "columns", "grey", "code"),
    [
        ((67, 157), (0, 80), 0, "covered"),
        ((90, 134), (60, 160), 110, "covered"),
        ((90, 134), (60, 160), 255, None),  # metal, or saturated
        ((0, 60), (0, 224), 0, None),
        ((100, 112), (60, 160), 0, None),
    ],
)
def test_a_bar_over_the_joint_is_told(rows, columns, grey, code):
    covered = KNEE.pixels.copy()
    covered[slice(*rows), slice(*columns)] = grey
    said = frame_gate.exposed(film(covered), Frame.whole(KNEE))
    assert (said and said.code) == code


HALVES = {
    "upper": np.s_[:112],
    "lower": np.s_[112:],
    "left": np.s_[:, :112],
    "right": np.s_[:, 112:],
}


@pytest.mark.parametrize("grey", [0, 90, 255])
@pytest.mark.parametrize("half", HALVES)
def test_a_joint_half_of_which_is_covered_is_refused(half, grey):
    covered = KNEE.pixels.copy()
    covered[HALVES[half]] = grey
    said = frame_gate.of_frame(film(covered), Frame.whole(KNEE))
    (refused,) = [one for one in said if one.severity == gate.REFUSED]
    assert refused.code == "joint-covered"
    assert "50%" in refused.sentence


def test_a_joint_of_which_a_quarter_is_covered_is_not_refused():
    covered = KNEE.pixels.copy()
    covered[:, :70] = 0
    said = frame_gate.of_frame(film(covered), Frame.whole(KNEE))
    assert [one.code for one in said] == ["covered"]


def relief(pixels):
    return 128 + 4 * (pixels - np.roll(pixels, 1, axis=0))


@pytest.mark.parametrize(
    "changed",
    [(KNEE.pixels * 1.7) % 256, relief(KNEE.pixels)],
    ids=["wrapped", "relief"],
)
def test_grey_values_in_another_order_are_refused(changed):
    spoilt = film(np.clip(changed, 0, 255).round())
    assert gate.GREY_VALUES in frame_gate.of_frame(spoilt, Frame.whole(spoilt))


UPPER, LOWER, LEFT = KNEE.pixels[:110], KNEE.pixels[110:], KNEE.pixels[:, :112]


@pytest.mark.parametrize(
    "halves",
    [
        np.vstack([UPPER, UPPER[::-1]]),
        np.vstack([LOWER[::-1], LOWER]),
        np.hstack([LEFT, LEFT[:, ::-1]]),
    ],
    ids=["femur on femur", "tibia on tibia", "left twice"],
)
def test_half_a_knee_and_its_mirror_image_are_no_knee(halves):
    mirrored = film(halves)
    assert gate.MIRRORED in frame_gate.of_frame(mirrored, Frame.whole(mirrored))


@pytest.mark.parametrize(
    ("negative", "finding"),
    [(-7, None), (-2, gate.GREY_VALUES), (1, gate.GREY_VALUES), (3, gate.NEGATIVE)],
)
def test_bones_are_bright_or_all_of_them_dark(negative, finding):
    assert gate.polarity([negative], 0.0) == finding
    assert gate.polarity([-6, -7], 0.0) is None


def test_a_negative_beside_a_positive_is_two_films():
    assert gate.polarity([-6, 7], 0.0) == gate.BOTH_WAYS
    assert gate.BOTH_WAYS.severity == gate.REFUSED


@pytest.mark.parametrize(
    ("frontal", "code"),
    [(-1.5, "not-a-knee"), (-0.5, "doubtful"), (0.5, "doubtful"), (1.5, None), (9, None)],
)
def test_a_box_that_holds_no_knee_is_told(frontal, code):
    finding = gate.doubtful(frontal)
    assert (finding and finding.code) == code


@pytest.mark.parametrize(
    ("frontal", "beside", "code"),
    [(-0.5, 9, "not-a-knee"), (-0.5, 6, "doubtful"), (1.5, 12, None)],
)
def test_a_doubtful_box_beside_a_clear_knee_holds_none(frontal, beside, code):
    finding = gate.doubtful(frontal, beside)
    assert (finding and finding.code) == code


def test_a_large_film_is_judged_like_a_small_one():
    covered = KNEE.pixels.copy()
    covered[67:157, :80] = 0
    large = film(np.kron(covered, np.ones((9, 9))))
    assert frame_gate.exposed(large, Frame.whole(large)).code == "covered"
    assert (
        frame_gate.exposed(film(np.kron(KNEE.pixels, np.ones((9, 9)))), Frame.whole(large)) is None
    )


@pytest.mark.parametrize(("spread", "codes"), [(0, set()), (5, set()), (25, {"grainy"})])
def test_grain_is_told(spread, codes):
    noise = np.random.default_rng(0).normal(0, spread, KNEE.pixels.shape)
    grainy = film(np.clip(KNEE.pixels + noise, 0, 255).round())
    assert {one.code for one in frame_gate.of_frame(grainy, Frame.whole(grainy))} == codes


def test_samples_in_a_wrong_order_are_told():
    rng = np.random.default_rng(0)
    mixed = rng.permutation(KNEE.pixels.ravel()).reshape(KNEE.pixels.shape)
    assert gate.noise(film(mixed)).code == "noise"
    # Bytes of 16-bit samples the wrong way round: the low byte, which is noise, becomes the high.
    swapped = (KNEE.pixels * 257).astype(np.uint16).byteswap() / 257
    fine = swapped + rng.uniform(0, 1, swapped.shape)
    assert gate.noise(film((fine * 997) % 256)) is not None


@pytest.mark.parametrize("gap", [100, 300])
@pytest.mark.parametrize("enlarged", [1, 4])
def test_grain_in_the_air_between_two_knees_is_no_noise(gap, enlarged):
    both = np.hstack([KNEE.pixels, np.full((224, gap), 20), KNEE.pixels[:, ::-1]])
    both = np.kron(both, np.ones((enlarged, enlarged)))
    grain = np.random.default_rng(0).normal(0, 3, both.shape)
    assert gate.noise(film(np.clip(both + grain, 0, 255).round())) is None


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_how_to_turn_a_film_back_is_said(quarters):
    assert gate.turned(quarters).severity == gate.REFUSED
    assert "degrees" in gate.turned(quarters).sentence


@pytest.mark.parametrize(
    ("bits", "side", "code"),
    [
        (None, 224, None),
        (0.5, 224, None),
        (0.2, 224, "compressed"),
        (0.05, 224, "over-compressed"),
        # Of a larger film more is left of each pixel that the networks look at.
        (0.05, 448, "compressed"),
        (0.05, 1200, None),
        (0.2, 112, "compressed"),
    ],
)
def test_how_much_a_compression_left_counts_by_what_the_networks_see(bits, side, code):
    film = Radiograph("a.jpg", np.zeros((side, side)), "JPEG", 8, None, None, "", lossy_bits=bits)
    told = frame_gate.squeezed(film, Frame.whole(film))
    assert (told and told.code) == code
    assert told is None or "bits of each pixel" in told.sentence
