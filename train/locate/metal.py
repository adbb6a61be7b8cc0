"""Drawn metal: knee replacements, plates, nails and screws, and pictures with their metal removed.

Every lateral knee at hand has an implant. So that metal does not come to mean "lateral", drawn
metal is put into frontal knees and into other pictures alike, and lateral knees are shown without.
"""

import numpy as np
from scipy import ndimage


def replaced(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return where a drawn knee replacement lies: ``(S, S) bool``; x, y in half crop sides."""
    line = rng.uniform(0.0, 0.2)
    x, y = x - rng.normal(0, 0.04), y - line
    if rng.random() < 0.3:  # one compartment
        side = rng.choice([-1.0, 1.0])
        x = x * side - 0.38
        half = rng.uniform(0.2, 0.32)
    else:
        half = rng.uniform(0.55, 0.75)
    gap = rng.uniform(0.02, 0.08)
    top = rng.uniform(0.45, 0.8)
    tray = (np.abs(x) < half) & (y > gap) & (y < gap + rng.uniform(0.06, 0.12))
    stem = (np.abs(x) < rng.uniform(0.05, 0.14)) & (y > gap) & (y < rng.uniform(0.3, 1.1))
    # Two condyles joined above, with a notch between them.
    notch = np.abs(x) < half * rng.uniform(0, 0.25)
    bow = -gap - 0.25 * (np.abs(np.abs(x) - half / 2) / half) ** 2 * 4 * rng.uniform(0.1, 0.7)
    femur = (np.abs(x) < half) & (y < bow) & (y > -top + 0.2 * np.abs(x) / half)
    femur &= ~(notch & (y > -top * rng.uniform(0.3, 0.8)))
    metal = femur | tray | stem
    if rng.random() < 0.15:  # a long stem in the femur
        metal |= (np.abs(x) < rng.uniform(0.06, 0.15)) & (y < -gap) & (y > -rng.uniform(1, 2))
    return metal


def plated(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return where a drawn nail, or a plate with screws, lies: ``(S, S) bool``."""
    angle, middle = rng.normal(np.pi / 2, 0.3), rng.uniform(-0.6, 0.6, 2)
    along = (x - middle[0]) * np.cos(angle) + (y - middle[1]) * np.sin(angle)
    aside = (y - middle[1]) * np.cos(angle) - (x - middle[0]) * np.sin(angle)
    length = rng.uniform(0.3, 1.2)
    metal = (np.abs(aside) < rng.uniform(0.03, 0.09)) & (np.abs(along) < length)
    for at in rng.uniform(-length, length, rng.integers(0, 6)):
        reach = rng.uniform(0.15, 0.6) * rng.choice([-1, 1])
        metal |= (np.abs(along - at) < 0.035) & (aside * reach > 0) & (np.abs(aside) < abs(reach))
    return metal


def pasted(image: np.ndarray, metal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the image ``(S, S)`` in [0, 1] with metal in it, as bright as its brightest parts."""
    soft = ndimage.gaussian_filter(metal.astype(np.float32), rng.uniform(0.3, 0.9))
    bright = max(float(np.quantile(image, 0.995)) * rng.uniform(0.95, 1.4), rng.uniform(0.5, 1))
    return image * (1 - soft) + min(bright, 1.0) * soft


def without_metal(image: np.ndarray) -> np.ndarray:
    """Return ``(H, W) uint8`` with what is saturated filled from around it, bone-like."""
    level = max(200.0, float(np.quantile(image, 0.9)))
    metal = ndimage.binary_opening(image >= level, iterations=2)
    if not metal.any():
        return image
    metal = ndimage.binary_dilation(metal, iterations=4)
    known = (~metal).astype(np.float32)
    filled = np.zeros(image.shape, np.float32)
    left = np.ones(image.shape, bool)
    # From fine to coarse, so that the surface of the bone goes on into the gap.
    for width in (4, 8, 16, 32, 64):
        weight = ndimage.gaussian_filter(known, width)
        value = ndimage.gaussian_filter(image * known, width) / np.maximum(weight, 1e-6)
        take = left & (weight > 0.1)
        filled[take] = value[take]
        left &= ~take
    # Grain like that of the rest.
    grain = image - ndimage.gaussian_filter(image.astype(np.float32), 2)
    filled += np.roll(grain, (image.shape[0] // 3, image.shape[1] // 4), axis=(0, 1)) * known.mean()
    return np.clip(np.where(metal, filled, image), 0, 255).astype(np.uint8)
