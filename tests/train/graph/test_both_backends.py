"""Chance in training changes films alike under both backends."""

import numpy as np
import pytest

from tests.support.knees import drawn_films
from train.config import preset
from train.graph import augment, chance


def test_films_are_changed_as_under_the_other_backend():
    """TensorFlow is that which the tests of this folder have; see the Makefile."""
    torch = pytest.importorskip("torch")  # late: one process in two need not load it, too
    from train.graph.native.augment import Augment

    films = drawn_films(6)
    config = preset(
        "paper",
        "mobilenet",
        shift=0.1,
        brightness=0.2,
        gamma=0.4,
        noise=0.1,
        jpeg=0.7,
        sharpness=0.8,
        stretch=0.4,
        cut=1.0,
        shading=0.8,
    )
    warp, look = chance.draw_warps(config, 0, 6), chance.draw_looks(config, 0, 6)
    expected = np.asarray(augment.Augment(64, seed=3)(films.images[..., None], warp, look))
    on = torch.device("cpu")
    ours = Augment(64, noisy=True, sharpened=True, lossy=True, shaded=True, seed=3, device=on)
    flat = torch.tensor(films.images.reshape(6, -1))
    found = ours(flat, *(torch.from_numpy(part) for part in (warp, look)))
    difference = np.abs(found.numpy() - expected)
    # A coefficient half-way between two steps of JPEG may be rounded to either.
    assert np.quantile(difference, 0.99) < 1e-2
    assert difference.mean() < 0.02
    assert np.abs(expected - expected.mean()).mean() > 10
