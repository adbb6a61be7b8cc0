"""What detectors, collimators, markers and exports do to a letterboxed film; all kinds alike.

The same is done to knees and to other pictures, so that no trace of it tells one from the other.
"""

import io

import numpy as np
from PIL import Image
from scipy import ndimage

from train.locate.geometry import between


def handled(
    images: np.ndarray, film: np.ndarray, boxes: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return changed ``(N, S, S)`` images in [0, 1], and which are negatives, ``(N,) bool``.

    `film` says what of each square is film; no marker covers the middle of `boxes` ``(N, 4)``.
    """
    count, side, _ = images.shape
    field = _ramps(side) @ rng.standard_normal((count, 4, 4), np.float32) @ _ramps(side).T
    spread = images.std(axis=(1, 2), keepdims=True)
    images = images + field * spread * between(rng, 0, 0.5, count)
    images = np.clip(images, 1e-3, 1) ** np.exp(between(rng, -0.8, 0.8, count))
    for number in np.flatnonzero(rng.random(count) < 0.35):
        collimate(images[number], film[number], rng)
    for number in np.flatnonzero(rng.random(count) < 0.35):
        mark(images[number], film[number], boxes[number], rng)
    # A detector that is driven to its end, as around metal.
    for number in np.flatnonzero(rng.random(count) < 0.1):
        top = np.quantile(images[number], rng.uniform(0.75, 0.98)) + 1e-3
        images[number] = np.minimum(images[number] / top, 1)
    negative = rng.random((count,)) < 0.15
    images = np.where(negative[:, None, None], 1 - images, images)
    for number in np.flatnonzero(rng.random(count) < 0.3):
        images[number] = ndimage.gaussian_filter(images[number], rng.uniform(0.3, 1.0))
    for number in np.flatnonzero(rng.random(count) < 0.2):
        images[number] = compressed(images[number], int(rng.integers(15, 80)))
    strength = between(rng, 0, 1, count) ** 2 * 0.25 * images.std(axis=(1, 2), keepdims=True)
    return images + rng.standard_normal(images.shape, np.float32) * strength, negative


def collimate(image: np.ndarray, film: np.ndarray, rng: np.random.Generator) -> None:
    """Cover up to a fifth of the film from each side, in place; dark, or white now and then."""
    top, bottom, left, right = _extent(film)
    cut = rng.uniform(0, 0.2, 4) * (rng.random(4) < 0.6)
    value = 1.0 if rng.random() < 0.15 else rng.uniform(0, 0.1)
    height, width = bottom - top, right - left
    inside = np.zeros(film.shape, bool)
    inside[
        top + round(cut[0] * height) : bottom - round(cut[1] * height),
        left + round(cut[2] * width) : right - round(cut[3] * width),
    ] = True
    image[~inside] = value


def mark(image: np.ndarray, film: np.ndarray, box: np.ndarray, rng: np.random.Generator) -> None:
    """Put letters of random shape on the film, in place, off the joint."""
    side = len(image)
    top, bottom, left, right = _extent(film)
    for _ in range(rng.integers(1, 4)):
        size = rng.integers(1, 4)
        letters = rng.random((5, 3 * rng.integers(1, 4))) < 0.6
        letters = letters.repeat(size, axis=0).repeat(size, axis=1)
        row, column = rng.integers(top, bottom), rng.integers(left, right)
        place = np.array([column, row]) / side * 2 - 1
        if (np.abs(place - box[:2]) < 0.7 * box[2:]).all():
            continue
        part = image[row : row + letters.shape[0], column : column + letters.shape[1]]
        part[letters[: part.shape[0], : part.shape[1]]] = rng.uniform(0.75, 1)


def compressed(image: np.ndarray, quality: int) -> np.ndarray:
    """Return an image in [0, 1] after JPEG."""
    stream = io.BytesIO()
    grey = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(grey).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream), np.float32) / 255


def _ramps(side: int) -> np.ndarray:
    """Return what interpolates four values linearly over `side` pixels, ``(side, 4) float32``."""
    place = np.linspace(0, 3, side, dtype=np.float32)[:, None]
    return np.maximum(1 - np.abs(place - np.arange(4, dtype=np.float32)), 0)


def _extent(film: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(film.any(axis=1)), np.flatnonzero(film.any(axis=0))
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
