"""Chance in training: order of the films, geometry, grey values and dropout of one epoch.

Everything random is drawn here by NumPy from (seed, epoch), and travels to the device as a few
numbers a film. So a resumed run continues exactly, and TensorFlow and JAX see the same films.
"""

import math

import keras
import numpy as np
from keras import ops

from kneeoa.networks import INPUT_SIDE
from train.config import TrainConfig


def draw_order(config: TrainConfig, epoch: int, films: int) -> np.ndarray:
    """Return the order ``(films,) int64`` in which an epoch (from 0) visits the films."""
    return _generator(config, epoch, "order").permutation(films)


def draw_warps(config: TrainConfig, epoch: int, films: int) -> np.ndarray:
    """Return ``(films, 6) float32``: rows a0, a1, a2, b0, b1, b2 of the map from output to source.

    ``column' = a0 column + a1 row + a2`` and ``row' = b0 column + b1 row + b2``, in pixels: a flip
    of half of the films, then rotation, zoom and shift about the centre of the film.
    """
    draw = _generator(config, epoch, "warp")
    angle = np.radians(draw.uniform(-config.rotation, config.rotation, films))
    scale = 1 + draw.uniform(-config.zoom, config.zoom, films)
    shift = draw.uniform(-config.shift, config.shift, (2, films)) * INPUT_SIDE
    flip = np.where(draw.random(films) < 0.5, -1.0, 1.0)
    if not config.horizontal_flip:
        flip = np.ones(films)
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[flip * cosine, -flip * sine], [sine, cosine]])
    centre = (INPUT_SIDE - 1) / 2
    offset = centre + shift - linear.sum(axis=1) * centre
    warps = np.concatenate([linear, offset[:, None]], axis=1)
    return warps.reshape(6, films).T.astype(np.float32)


def draw_tones(config: TrainConfig, epoch: int, films: int) -> np.ndarray:
    """Return ``(films, 2) float32``: a factor of the contrast, and grey values to add."""
    draw = _generator(config, epoch, "tone")
    contrast = 1 + draw.uniform(-config.contrast, config.contrast, films)
    brightness = 255 * draw.uniform(-config.brightness, config.brightness, films)
    return np.stack([contrast, brightness], axis=1).astype(np.float32)


def draw_dropout(config: TrainConfig, epoch: int, step: int, shape: tuple[int, int]) -> np.ndarray:
    """Return ``shape uint8``: 1 where a pooled feature of a film of one batch is kept."""
    kept = _generator(config, epoch, "dropout", step).random(shape, np.float32) >= config.dropout
    # Not bool, which TensorFlow cannot share between devices.
    return kept.astype(np.uint8)


@keras.saving.register_keras_serializable("kneeoa")
class Augment(keras.layers.Layer):
    """``film (N, 224, 224, 1)``, ``warp (N, 6)``, ``tone (N, 2)`` -> films of the same shape.

    Bilinear, the edge repeated outside; written out because TensorFlow's own projective transform
    cannot be compiled by XLA. Output in [0, 255], float32.
    """

    def __init__(self, **options):
        super().__init__(dtype="float32", **options)
        self._augment = _compiled(_augment)

    def call(self, film, warp, tone):
        """Return the changed films."""
        return self._augment(ops.cast(film, "float32"), warp, tone)

    def compute_output_shape(self, film_shape, warp_shape, tone_shape):
        """Return the shape of the films, which does not change."""
        return film_shape


def _augment(film, warp, tone):
    side = INPUT_SIDE
    flat = ops.reshape(film, (-1, side * side))
    grid = ops.arange(side, dtype="float32")

    def source(first):
        along_columns, along_rows, offset = (warp[:, first + i][:, None, None] for i in (0, 1, 2))
        there = along_columns * grid[None, None, :] + along_rows * grid[None, :, None] + offset
        return ops.clip(there, 0, side - 1)

    column, row = source(0), source(3)
    left = ops.minimum(ops.floor(column), side - 2)
    top = ops.minimum(ops.floor(row), side - 2)
    index = ops.reshape(ops.cast(top * side + left, "int32"), (-1, side * side))

    def at(offset):
        return ops.reshape(ops.take_along_axis(flat, index + offset, axis=1), (-1, side, side))

    right_share, bottom_share = column - left, row - top
    upper = at(0) * (1 - right_share) + at(1) * right_share
    lower = at(side) * (1 - right_share) + at(side + 1) * right_share
    warped = upper * (1 - bottom_share) + lower * bottom_share
    mean = ops.mean(warped, axis=(1, 2), keepdims=True)
    factor, added = tone[:, 0][:, None, None], tone[:, 1][:, None, None]
    return ops.clip((warped - mean) * factor + mean + added, 0, 255)[..., None]


def _compiled(function):
    """Let XLA compile `function` even where the network is not: 37 ms a batch become 2 ms."""
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    return tf.function(function, jit_compile=True)


def _generator(config, epoch, purpose, step=0):
    number = ("order", "warp", "tone", "dropout").index(purpose)
    return np.random.default_rng([config.seed, epoch, number, step])


def steps_per_epoch(config: TrainConfig, films: int) -> int:
    """Return the number of whole batches; what does not fill one waits for another epoch."""
    return max(1, math.floor(films / config.batch_size))
