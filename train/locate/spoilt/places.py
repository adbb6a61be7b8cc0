"""Where something is done to an image, and images whose pixels are taken from elsewhere."""

from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.special import expit


def place(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return y ``(H, 1)`` and x ``(1, W)`` of pixel centres, each from -1 to 1."""
    height, width = shape
    y = (np.arange(height, dtype=np.float32) + 0.5) / height * 2 - 1
    x = (np.arange(width, dtype=np.float32) + 0.5) / width * 2 - 1
    return y[:, None], x[None, :]


def bent(image: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return an image whose pixels are those at y, x of the given one, see `place`."""
    height, width = image.shape
    rows, columns = np.broadcast_arrays((y + 1) * height / 2 - 0.5, (x + 1) * width / 2 - 0.5)
    return ndimage.map_coordinates(image, [rows, columns], order=1, mode="nearest")


def soft_box(shape: tuple[int, ...], rows: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    """Return a mask in [0, 1] of some rows, over the whole width or most of it, or an ellipse."""
    y, x = place(shape)
    top, bottom = (2 * row / shape[0] - 1 for row in rows)
    down = (y - (top + bottom) / 2) / ((bottom - top) / 2)
    way = rng.integers(3)
    across = (x - rng.normal(0, 0.05)) / (rng.uniform(0.65, 1) if way else np.inf)
    away = np.hypot(down, across) / 1.1 if way == 2 else np.maximum(np.abs(down), np.abs(across))
    return expit((1 - away) * np.exp(rng.uniform(np.log(6), np.log(120))))


def spread_out(image: np.ndarray) -> np.ndarray:
    """Return it with nearly all of its values spread over [0, 255]."""
    low, high = np.quantile(image, [0.005, 0.995])
    return (image - low) / max(high - low, 1e-6) * 255


def resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return an image in [0, 255] in another size, as frames are made."""
    if image.shape == (height, width):
        return image
    picture = Image.fromarray(np.ascontiguousarray(image, np.float32))
    return np.clip(np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC)), 0, 255)
