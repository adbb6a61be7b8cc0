"""Chance in training: the same from the same seed, within its limits, and geometrically right."""

import functools
import io

import numpy as np
import pytest
from PIL import Image

from kneeoa.films.phantom import draw_knee
from train.config import preset
from train.graph import augment, chance

CONFIG = preset("paper", "mobilenet", seed=4, shift=0.1, brightness=0.2)
FILM = draw_knee(2, seed=1, marked=False)
ALL = (0, 223, 0, 223)
STILL = dict.fromkeys(chance.LOOKS, 0) | {"gamma": 1, "contrast": 1}


@functools.cache
def layer_of(**options):
    """One layer of each kind: it has no state, and XLA compiles each for seconds."""
    return augment.Augment(**options)


def changed(warp=(1, 0, 0, 0, 1, 0, *ALL), look=None, film=FILM, **layer):
    look = look if look is not None else list(STILL.values())
    arrays = (film[None, ..., None], np.float32([warp]), np.float32([look]))
    return np.asarray(layer_of(**layer)(*arrays))[0, ..., 0]


def looking(**changes):
    return list((STILL | changes).values())


@pytest.mark.parametrize("draw", [chance.draw_order, chance.draw_warps, chance.draw_looks])
def test_an_epoch_follows_from_seed_and_number(draw):
    first, again = draw(CONFIG, 3, 50), draw(CONFIG, 3, 50)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, draw(CONFIG, 4, 50))
    other = preset("paper", "mobilenet", seed=5, shift=0.1, brightness=0.2)
    assert not np.array_equal(first, draw(other, 3, 50))


def test_every_film_is_visited_once():
    assert sorted(chance.draw_order(CONFIG, 0, 33)) == list(range(33))


def test_dropout_keeps_its_share():
    kept = chance.draw_dropout(CONFIG, 0, 0, (64, 1024))
    assert kept.mean() == pytest.approx(1 - CONFIG.dropout, abs=0.01)
    assert not np.array_equal(kept, chance.draw_dropout(CONFIG, 0, 1, (64, 1024)))


def test_warps_stay_within_the_config():
    warps = chance.draw_warps(CONFIG, 0, 2000)
    assert (warps[:, 6:] == ALL).all()
    warps = warps[:, :6].reshape(-1, 2, 3)
    scale = np.sqrt(np.abs(np.linalg.det(warps[:, :, :2])))
    assert scale.min() >= 1 - CONFIG.zoom - 1e-6
    assert scale.max() <= 1 + CONFIG.zoom + 1e-6
    angle = np.degrees(np.arctan2(warps[:, 1, 0], warps[:, 1, 1]))
    assert 9 < np.abs(angle).max() <= CONFIG.rotation + 1e-4
    centre = np.array([111.5, 111.5, 1])
    moved = warps @ centre - 111.5
    assert 20 < np.abs(moved).max() <= 22.4 + 1e-3
    flipped = np.linalg.det(warps[:, :, :2]) < 0
    assert flipped.mean() == pytest.approx(0.5, abs=0.05)


def test_without_augmentation_nothing_moves():
    still = preset("paper", "mobilenet", rotation=0, zoom=0, contrast=0, horizontal_flip=False)
    (warp,), (look,) = chance.draw_warps(still, 0, 1), chance.draw_looks(still, 0, 1)
    np.testing.assert_allclose(changed(warp, look), FILM, atol=1e-3)


def test_a_flip_mirrors_and_a_shift_shifts():
    np.testing.assert_allclose(changed((-1, 0, 223, 0, 1, 0, *ALL)), FILM[:, ::-1], atol=1e-3)
    shifted = changed((1, 0, 5, 0, 1, -3, *ALL))
    np.testing.assert_allclose(shifted[3:, :-5], FILM[:-3, 5:], atol=1e-3)
    # Outside the film its edge is repeated.
    np.testing.assert_allclose(shifted[3:, -5:], np.repeat(FILM[:-3, -1:], 5, axis=1), atol=1e-3)


def test_a_rotation_agrees_with_another_implementation():
    from scipy import ndimage

    angle = np.radians(7)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    offset = 111.5 - matrix @ [111.5, 111.5]
    # SciPy has rows first.
    expected = ndimage.affine_transform(
        FILM.astype(float), matrix[::-1, ::-1], offset[::-1], order=1, mode="nearest"
    )
    warp = (*matrix[0], offset[0], *matrix[1], offset[1], *ALL)
    np.testing.assert_allclose(changed(warp), expected, atol=0.01)


def test_a_stretch_makes_a_knee_wider_or_narrower_and_leaves_its_area():
    config = preset("paper", "mobilenet", rotation=0, zoom=0, stretch=0.4)
    across, down = np.abs(chance.draw_warps(config, 0, 2000)[:, [0, 4]]).T
    np.testing.assert_allclose(across * down, 1, atol=1e-5)
    assert np.exp(-0.4) <= (across / down).min() < np.exp(-0.39)
    assert np.exp(0.39) < (across / down).max() <= np.exp(0.4) + 1e-5


def test_a_cut_takes_up_to_a_fifth_of_one_side():
    config = preset("paper", "mobilenet", cut=0.5)
    lost = np.abs(chance.draw_warps(config, 0, 2000)[:, 6:] - ALL)
    assert (np.count_nonzero(lost, axis=1) <= 1).all()
    assert (lost > 0).mean(axis=0) == pytest.approx([1 / 8] * 4, abs=0.03)
    assert 44 < lost.max() <= 0.2 * 224
    upper = changed((1, 0, 0, 0, 1, 0, 0, 223, 30, 223))
    np.testing.assert_allclose(upper[:30], np.repeat(FILM[30:31], 30, axis=0), atol=1e-3)
    np.testing.assert_allclose(upper[30:], FILM[30:], atol=1e-3)


def test_shading_changes_what_is_slow_and_leaves_detail():
    place = np.arange(224)
    fine, slow = 10 * np.sin(place * 1.5), np.linspace(-60, 60, 224)
    film = np.tile(np.round(128 + fine + slow), (224, 1)).astype(np.uint8)
    flat = changed(look=looking(shading=-1), film=film)[100]
    middle = slice(60, 164)
    assert np.ptp(np.convolve(flat, np.ones(21) / 21, "same")[middle]) < 5
    assert flat[middle].std() == pytest.approx(fine[middle].std(), rel=0.1)
    assert flat.mean() == pytest.approx(film.mean(), abs=1)


def test_tones_change_contrast_about_the_mean_and_stay_grey_values():
    grey = np.tile(np.linspace(60, 180, 224), (224, 1)).astype(np.uint8)
    softer = changed(look=looking(contrast=0.5, added=10), film=grey)
    assert softer.mean() == pytest.approx(grey.mean() + 10, abs=0.1)
    assert softer.std() == pytest.approx(grey.std() / 2, abs=0.1)
    harsh = changed(look=looking(contrast=9), film=grey)
    assert (harsh.min(), harsh.max()) == (0, 255)


def test_gamma_changes_the_middle_and_leaves_black_and_white():
    grey = np.tile(np.linspace(0, 255, 224), (224, 1)).astype(np.uint8)
    darker = changed(look=looking(gamma=2), film=grey)
    np.testing.assert_allclose(darker, 255 * (grey / 255.0) ** 2, atol=0.01)


def test_noise_has_the_strength_asked_for_and_differs_from_place_to_place():
    grey = np.full((224, 224), 128, np.uint8)
    one = changed(look=looking(noise=10), film=grey) - 128
    another = changed(look=looking(noise=10, noise_row=90, noise_column=7), film=grey) - 128
    assert one.std() == pytest.approx(10, rel=0.05)
    assert abs(np.corrcoef(one.ravel(), another.ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("quality", [20, 75])
def test_detail_is_lost_as_in_a_jpeg_file(quality):
    stream = io.BytesIO()
    Image.fromarray(FILM).save(stream, "JPEG", quality=quality)
    expected = np.asarray(Image.open(stream), np.float32)
    factor = 50 / quality if quality < 50 else 2 - quality / 50
    lossy = changed(look=looking(quantisation=factor))
    # The library rounds its table and its pixels to whole numbers.
    assert np.abs(lossy - expected).mean() < 0.6
    assert np.abs(expected - FILM).mean() > 2 * np.abs(lossy - expected).mean()


def test_sharpness_adds_what_softening_takes_away():
    rows = np.abs(np.diff(FILM.astype(float), axis=0)).mean()
    soft, sharp = (changed(look=looking(sharpness=amount)) for amount in (-0.8, 0.8))
    assert np.abs(np.diff(soft, axis=0)).mean() < rows < np.abs(np.diff(sharp, axis=0)).mean()
    assert soft.mean() == pytest.approx(FILM.mean(), abs=0.5)
    grey = np.full((224, 224), 90, np.uint8)
    np.testing.assert_allclose(changed(look=looking(sharpness=-1), film=grey), grey, atol=1e-3)


def test_a_smaller_side_shows_the_same_film():
    smaller = changed(side=112)
    expected = FILM.reshape(112, 2, 112, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(smaller, expected, atol=1e-3)


def test_looks_stay_within_the_config():
    config = preset(
        "paper", "mobilenet", gamma=0.4, noise=0.1, jpeg=0.4, sharpness=0.6, shading=0.5
    )
    looks = chance.draw_looks(config, 0, 4000)
    look = dict(zip(chance.LOOKS, looks.T, strict=True))
    assert np.abs(np.log(look["gamma"])).max() == pytest.approx(0.4, abs=0.01)
    assert look["noise"].max() == pytest.approx(25.5, abs=0.2)
    assert (look["quantisation"] > 0).mean() == pytest.approx(0.4, abs=0.03)
    assert look["quantisation"].max() == pytest.approx(5, abs=0.1)
    assert np.abs(look["sharpness"]).max() == pytest.approx(0.6, abs=0.01)
    assert np.abs(look["shading"]).max() == pytest.approx(0.5, abs=0.01)


def test_soft_labels_spread_to_the_neighbours_first():
    config = preset("paper", "mobilenet", label_width=0.7, label_smoothing=0.05)
    targets = chance.soft_labels(config, np.arange(5))
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    assert (targets.argmax(axis=1) == np.arange(5)).all()
    assert targets[2, 1] == targets[2, 3] > targets[2, 0] >= 0.05 / 5
    # exp(-1 / (2 * 0.7^2)) = 0.36 of the grade itself, on one side only.
    assert targets[0, 1] / targets[0, 0] == pytest.approx(0.36, abs=0.03)


@pytest.mark.parametrize("side", [256, 512])
def test_a_film_larger_than_half_the_sheet_has_noise_everywhere(side):
    last = chance.NOISE_SIDE - 225
    look = looking(noise=10, noise_row=last, noise_column=last)
    flat = np.full((224, 224), 128, np.uint8)
    noise = changed(look=look, film=flat, side=side, noisy=True, seed=3) - 128
    assert noise.shape == (side, side)
    for quarter in (noise[:32, :32], noise[-32:, -32:], noise[:32, -32:]):
        assert quarter.std() == pytest.approx(10, rel=0.1)
    sheet = chance.noise_sheet(3).reshape(chance.NOISE_SIDE, -1)
    seen = changed(look=look, film=flat, side=224, noisy=True, seed=3) - 128
    here = slice(last, last + 224)
    np.testing.assert_allclose(seen, 10 * sheet[here, here], atol=1e-3)
