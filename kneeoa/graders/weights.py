"""The weights in an exported model, under their Keras names, and how each format lays them out."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from kneeoa import zipped
from kneeoa.errors import DataError, ModelError
from kneeoa.grades import GRADES


def read_weights(file: Path, *, standardise: bool | None = None) -> dict[str, np.ndarray]:
    """Return the weights stored in an exported model as float32, under ``<layer>/<weight>``.

    Raises `ModelError` when the file cannot be read, or when its network brings films to one mean
    and contrast first and `standardise` says otherwise, or the other way round.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.load(file).graph
        stored = {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}
    except (OSError, DecodeError, ValueError) as error:
        raise ModelError(
            f"Expected a model that was exported as ONNX. {file} cannot be read as one: {error}"
        ) from None
    does = any(node.name == "standardise" for node in graph.node)
    if standardise is not None:
        check_standardise(file, does, standardise)
    return {
        key: _to_keras_layout(array, key).astype(np.float32)
        for key, array in stored.items()
        if "/" in key
    }


def check_standardise(file: Path, does: bool, expected: bool) -> None:
    """Raise `ModelError` unless the network in `file` standardises films just as is `expected`."""
    if does != expected:
        raise ModelError(
            f"Expected a model with standardise {'on' if expected else 'off'}. The one in "
            f"{file.name} has it {'on' if does else 'off'}: set it alike."
        )


def last_layers(
    data: bytes, digests: Iterable[str], file: Path, *, most_bytes: int, largest: float
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return kernel (C, 5) and bias (5,) of each network in an archive of arrays, by its `digests`.

    `data` is what `file` holds. Raises `ModelError` where one is missing or of another shape, or
    holds no numbers up to `largest`, and where the archive is longer than `most_bytes`.
    """
    try:
        arrays = zipped.arrays_in(data, most_bytes=most_bytes)
    except DataError as error:
        raise ModelError(f"Expected plain arrays in {file}. {error}") from None
    layers = {}
    for digest in digests:
        layer = []
        for name, dimensions in (("kernel", 2), ("bias", 1)):
            array = arrays.get(f"{digest}/{name}")
            if array is None or array.ndim != dimensions:
                raise ModelError(f"Expected a kernel and a bias of each network in {file}.")
            if array.shape[-1] != len(GRADES):
                raise ModelError(f"Expected weights of {len(GRADES)} grades in {file}.")
            if not (np.isfinite(array).all() and np.abs(array).max(initial=0) <= largest):
                raise ModelError(
                    f"Expected weights within {largest:g} in {file}. Some are beyond, or no "
                    "numbers: the profile is damaged."
                )
            layer.append(array)
        layers[digest] = layer[0], layer[1]
    return layers


def to_onnx_layout(array: np.ndarray, key: str) -> np.ndarray:
    """Convolution kernels from Keras' (h, w, in, out) to ONNX' (out, in, h, w); others as is."""
    if array.ndim != 4:
        return array
    # Keras keeps a depthwise kernel as (h, w, channels, 1); ONNX as one group per channel.
    order = (2, 3, 0, 1) if _is_depthwise(key) else (3, 2, 0, 1)
    return np.ascontiguousarray(array.transpose(order))


def _to_keras_layout(array: np.ndarray, key: str) -> np.ndarray:
    if array.ndim != 4:
        return array
    order = (2, 3, 0, 1) if _is_depthwise(key) else (2, 3, 1, 0)
    return np.ascontiguousarray(array.transpose(order))


def _is_depthwise(key: str) -> bool:
    return key.startswith("conv_dw_")
