"""Other maps of what speaks for a grade: LayerCAM and Score-CAM, without gradients.

With global average pooling and one linear layer the gradient of a logit at the last feature map is
the same in every cell. LayerCAM (Jiang et al. 2021, IEEE TIP) and Grad-CAM++ (Chattopadhay et al.
2018, WACV; with the weights normalised as its authors' program does) are then one map, up to a
constant: that of the positive weights alone. A test compares both with tf-keras-vis.
"""

from collections.abc import Callable
from enum import StrEnum

import numpy as np
from PIL import Image

CHANNELS = 64
"""Feature maps that Score-CAM tries, those that vary most."""


class Method(StrEnum):
    """How a map is made; the value is its name."""

    GRAD_CAM = "Grad-CAM"
    LAYER_CAM = "LayerCAM"
    SCORE_CAM = "Score-CAM"
    SMOOTH_GRAD = "SmoothGrad"


def layer_cam(features: np.ndarray, kernel: np.ndarray, grade: int) -> np.ndarray:
    """Return where anything speaks for `grade`, whatever speaks against it, ``(7, 7) >= 0``.

    Parameters
    ----------
    features : (7, 7, C) float32, >= 0: the last feature map
    kernel : (C, 5) float32: the last linear layer
    """
    return features @ np.maximum(kernel[:, int(grade)], 0)


def score_cam(
    film: np.ndarray,
    features: np.ndarray,
    probabilities: Callable[[np.ndarray], np.ndarray],
    grade: int,
    *,
    channels: int = CHANNELS,
) -> np.ndarray:
    """Return the Score-CAM (Wang et al. 2020, CVPR workshop) of `grade`, ``(7, 7) >= 0``.

    Each feature map is laid over the film as a mask; how probable `grade` is on what remains is its
    weight. Of all, only the `channels` that vary most are tried.

    Parameters
    ----------
    film : (224, 224) float32 in [0, 255]
    features : (7, 7, C) float32, >= 0, of this film
    probabilities : films (N, 224, 224) -> (N, 5)
    """
    most = np.argsort(-features.std(axis=(0, 1)), kind="stable")[:channels]
    chosen = features[..., most]
    masks = np.stack([_mask(chosen[..., place], film.shape) for place in range(len(most))])
    weights = probabilities(film * masks)[:, int(grade)]
    return np.maximum(chosen @ weights, 0)


def _mask(feature: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a feature map over a film, from 0 where it is lowest to 1."""
    height, width = shape
    image = Image.fromarray(np.ascontiguousarray(feature, np.float32))
    large = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    large = large - large.min()
    return large / max(float(large.max()), 1e-7)
