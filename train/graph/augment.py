"""Augmentation on the device: what `chance` drew, done to a batch of films."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kneeoa.networks import INPUT_SIDE
from train.graph.chance import LOOKS, NOISE_SIDE, WARP, noise_sheet
from train.graph.detail import compressed, softened, wide_blur


@keras.saving.register_keras_serializable("kneeoa")
class Augment(keras.layers.Layer):
    """``film (N, 224, 224, 1)`` and what `chance` drew for it -> ``(N, side, side, 1)``.

    `warp` is ``(N, 10)``, `look` ``(N, 9)``. Bilinear, the edge repeated
    outside; written out because TensorFlow's own projective transform cannot be compiled by XLA.
    Output in [0, 255], float32.
    """

    def __init__(
        self,
        side: int = INPUT_SIDE,
        *,
        noisy: bool = True,
        sharpened: bool = True,
        lossy: bool = True,
        shaded: bool = True,
        seed: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(dtype="float32", **options)
        self._side, self._noisy, self._sharpened, self._lossy = side, noisy, sharpened, lossy
        self._wide = wide_blur(side) if shaded else None
        self._sheet = noise_sheet(seed) if noisy else np.zeros(1, np.float32)
        self._augment = _compiled(self._change)

    def call(
        self, film: keras.KerasTensor, warp: keras.KerasTensor, look: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Return the changed films."""
        return self._augment(ops.cast(film, "float32"), warp, look)

    def compute_output_shape(
        self,
        film_shape: tuple[int | None, ...],
        warp_shape: tuple[int | None, ...],
        look_shape: tuple[int | None, ...],
    ) -> tuple[int | None, ...]:
        """Return the shape of the changed films."""
        return (film_shape[0], self._side, self._side, 1)

    def _change(
        self, film: keras.KerasTensor, warp: keras.KerasTensor, look: keras.KerasTensor
    ) -> keras.KerasTensor:
        look = {name: look[:, i][:, None, None] for i, name in enumerate(LOOKS)}
        films = _warp(film, warp, self._side)
        films = 255 * (ops.clip(films, 0, 255) / 255) ** look["gamma"]
        if self._wide is not None:
            wide = ops.einsum("ri,nij,cj->nrc", self._wide, films, self._wide)
            films = films + look["shading"] * (wide - ops.mean(films, axis=(1, 2), keepdims=True))
        if self._sharpened:
            films = films + look["sharpness"] * (films - softened(films))
        mean = ops.mean(films, axis=(1, 2), keepdims=True)
        films = (films - mean) * look["contrast"] + mean + look["added"]
        pixel = ops.arange(self._side, dtype="float32")
        if self._noisy:
            films = films + look["noise"] * self._noise(look, pixel)
        if self._lossy:
            films = compressed(films, look["quantisation"])
        return ops.clip(films, 0, 255)[..., None]

    def _noise(
        self, look: dict[str, keras.KerasTensor], pixel: keras.KerasTensor
    ) -> keras.KerasTensor:
        # A film larger than half of the sheet goes on at its other end.
        row = (look["noise_row"] + pixel[None, :, None]) % NOISE_SIDE
        column = (look["noise_column"] + pixel[None, None, :]) % NOISE_SIDE
        index = ops.cast(row * NOISE_SIDE + column, "int32")
        return ops.take(ops.convert_to_tensor(self._sheet), index)


def _warp(film: keras.KerasTensor, warp: keras.KerasTensor, side: int) -> keras.KerasTensor:
    source = INPUT_SIDE
    flat = ops.reshape(film, (-1, source * source))
    # The centres of the wanted pixels, in pixels of the film.
    grid = (ops.arange(side, dtype="float32") + 0.5) * (source / side) - 0.5

    warp = [warp[:, i][:, None, None] for i in range(WARP)]

    def source_position(
        along_columns: keras.KerasTensor,
        along_rows: keras.KerasTensor,
        offset: keras.KerasTensor,
        first: keras.KerasTensor,
        last: keras.KerasTensor,
    ) -> keras.KerasTensor:
        position = along_columns * grid[None, None, :] + along_rows * grid[None, :, None] + offset
        return ops.minimum(ops.maximum(position, first), last)

    column, row = source_position(*warp[:3], *warp[6:8]), source_position(*warp[3:6], *warp[8:])
    left = ops.minimum(ops.floor(column), source - 2)
    top = ops.minimum(ops.floor(row), source - 2)
    index = ops.reshape(ops.cast(top * source + left, "int32"), (-1, side * side))

    def at(offset: int) -> keras.KerasTensor:
        return ops.reshape(ops.take_along_axis(flat, index + offset, axis=1), (-1, side, side))

    right_share, bottom_share = column - left, row - top
    upper = at(0) * (1 - right_share) + at(1) * right_share
    lower = at(source) * (1 - right_share) + at(source + 1) * right_share
    return upper * (1 - bottom_share) + lower * bottom_share


def _compiled(function: Callable[..., keras.KerasTensor]) -> Callable[..., keras.KerasTensor]:
    """Let XLA compile `function` even where the network is not: 37 ms a batch become 2 ms."""
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    return tf.function(function, jit_compile=True)
