"""The same network after part of what it learned was shuffled, from its last layer downwards.

Adebayo et al. 2018, "Sanity checks for saliency maps", NeurIPS: a map that stays as it was when the
network's learning goes does not show that learning. Here a layer's kernel is shuffled, so that its
numbers stay of the size that the layers after it expect.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kneeoa.errors import ModelError

if TYPE_CHECKING:
    import onnx

PARTS = 6


def shuffled(
    file: Path, *, parts: int = PARTS, seed: int = 0
) -> Iterator[tuple[int, int, "onnx.ModelProto"]]:
    """Yield an exported network with more and more of its kernels shuffled, the last ones first.

    Yields how many layers are shuffled, of how many, and the network: the last one alone, then one
    of `parts` more each time.
    """
    import onnx

    model = onnx.load(file)
    kernels = [weight for weight in model.graph.initializer if _is_kernel(weight)]
    if not kernels:
        raise ModelError(f"Expected an exported network with kernels in {file}. It has none.")
    generator, layers, already = np.random.default_rng(seed), len(kernels), 0
    stops = {1, *np.linspace(0, layers, parts + 1).round().astype(int)[1:].tolist()}
    for stop in sorted(stops):
        for kernel in kernels[layers - stop : layers - already]:
            values = onnx.numpy_helper.to_array(kernel)
            mixed = generator.permutation(values.ravel()).reshape(values.shape)
            kernel.CopyFrom(onnx.numpy_helper.from_array(mixed, kernel.name))
        already = stop
        yield stop, layers, model


def _is_kernel(stored: "onnx.TensorProto") -> bool:
    return stored.name.endswith("kernel") and len(stored.dims) >= 2
