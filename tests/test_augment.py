"""Chance in training: the same from the same seed, within its limits, and geometrically right."""

import numpy as np
import pytest

from kneeoa.phantom import draw_knee
from train import augment
from train.config import preset

CONFIG = preset("paper", "mobilenet", seed=4, shift=0.1, brightness=0.2)
FILM = draw_knee(2, seed=1, marked=False)


def changed(warp=(1, 0, 0, 0, 1, 0), tone=(1, 0), film=FILM):
    layer = augment.Augment()
    arrays = (film[None, ..., None], np.float32([warp]), np.float32([tone]))
    return np.asarray(layer(*arrays))[0, ..., 0]


@pytest.mark.parametrize("draw", [augment.draw_order, augment.draw_warps, augment.draw_tones])
def test_an_epoch_follows_from_seed_and_number(draw):
    first, again = draw(CONFIG, 3, 50), draw(CONFIG, 3, 50)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, draw(CONFIG, 4, 50))
    other = preset("paper", "mobilenet", seed=5, shift=0.1, brightness=0.2)
    assert not np.array_equal(first, draw(other, 3, 50))


def test_every_film_is_visited_once():
    assert sorted(augment.draw_order(CONFIG, 0, 33)) == list(range(33))


def test_dropout_keeps_its_share():
    kept = augment.draw_dropout(CONFIG, 0, 0, (64, 1024))
    assert kept.mean() == pytest.approx(1 - CONFIG.dropout, abs=0.01)
    assert not np.array_equal(kept, augment.draw_dropout(CONFIG, 0, 1, (64, 1024)))


def test_warps_stay_within_the_config():
    warps = augment.draw_warps(CONFIG, 0, 2000).reshape(-1, 2, 3)
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
    (warp,), (tone,) = augment.draw_warps(still, 0, 1), augment.draw_tones(still, 0, 1)
    np.testing.assert_allclose(changed(warp, tone), FILM, atol=1e-3)


def test_a_flip_mirrors_and_a_shift_shifts():
    np.testing.assert_allclose(changed((-1, 0, 223, 0, 1, 0)), FILM[:, ::-1], atol=1e-3)
    shifted = changed((1, 0, 5, 0, 1, -3))
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
    warp = (*matrix[0], offset[0], *matrix[1], offset[1])
    np.testing.assert_allclose(changed(warp), expected, atol=0.01)


def test_tones_change_contrast_about_the_mean_and_stay_grey_values():
    grey = np.tile(np.linspace(60, 180, 224), (224, 1)).astype(np.uint8)
    softer = changed(tone=(0.5, 10), film=grey)
    assert softer.mean() == pytest.approx(grey.mean() + 10, abs=0.1)
    assert softer.std() == pytest.approx(grey.std() / 2, abs=0.1)
    harsh = changed(tone=(9, 0), film=grey)
    assert (harsh.min(), harsh.max()) == (0, 255)
