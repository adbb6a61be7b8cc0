"""A drawn joint whose space is known: plain bones, edges of one pixel, grain."""

import numpy as np
from scipy import ndimage

from kneeoa.films.radiograph import Header, Radiograph

SIDE, LEFT_END, RIGHT_END = 300, 30, 270
"""Of a film, and the tibia's ends on it, in pixels."""


def joint(
    left: float = 12.0,
    right: float = 12.0,
    *,
    times: float = 1.0,
    grain: float = 1.0,
    seed: int = 0,
    slope: float = 0.0,
) -> np.ndarray:
    """Return a film of a joint, ``(SIDE, SIDE) float32`` times `times`.

    `left` and `right` are the distances between the bones, pixels of a film of `SIDE`; `slope` is
    by how much the joint falls for each column.
    """
    fine = 4
    side = round(SIDE * times)
    x = (np.arange(side * fine) + 0.5) / fine / times
    y = x[:, None]
    notch = 38 * np.exp(-(((x - 150) / 22) ** 2))
    femur = 176 - notch + slope * (x - 150)
    # Widest at the ends of a compartment, narrowest in the middle of the zone.
    off = np.minimum(np.abs(x - 77), np.abs(x - 223))
    gap = np.where(x < 150, left, right) + 0.004 * np.minimum(off, 25) ** 2
    tibia = femur + notch + gap - 20 * np.exp(-(((x - 150) / 16) ** 2))
    inside = (x > LEFT_END) & (x < RIGHT_END)
    bone = inside & ((y < femur) | (y > tibia))
    film = 45.0 + 110.0 * bone
    film = film.reshape(side, fine, side, fine).mean(axis=(1, 3))
    film = ndimage.gaussian_filter(film, 1.0 * times)
    film += np.random.default_rng(seed).normal(0, grain, film.shape)
    return np.clip(film, 0, 255).astype(np.float32)


def film_of(
    pixels: np.ndarray, *, spacing: float | None = None, spacing_from: str | None = None
) -> Radiograph:
    """Return pixels as a film of known or unknown spacing."""
    pair = spacing and (spacing, spacing)
    header = Header(spacing_from=spacing_from)
    return Radiograph(
        "joint.png", np.asarray(pixels, np.float32), "PNG", 8, None, pair, "0" * 64, header
    )
