"""A Keras graph computed by PyTorch's own functions, for training under that backend.

Keras' layers under PyTorch compute each batch norm in many passes and cast between them. The same
graph in PyTorch's own functions and memory layout trains three times as fast on a CPU with
bfloat16. The variables are the network's own; nothing is copied back.
"""

import functools
from collections.abc import Callable

import keras
import numpy as np
import torch
import torch.nn.functional as F

from kneeoa.errors import TrainingError

Compute = Callable[..., torch.Tensor]
"""A Keras layer and its inputs -> its output."""
# Else a GPU rounds what convolutions take in float32 to ten bits (TF32), and answers differ from a
# CPU's: by up to 0.001 of a probability, with this rounding emulated on a CPU.
torch.backends.cudnn.allow_tf32 = False

AT_ONCE = 4096
"""Films that are brought to the device at a time, for answers."""

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


class Native:
    """``(N, H, W, 1)`` grey values -> the output of the layer `until` of `network`.

    In training the convolutions compute in the dtype that the network was built with (but see
    `_convolve`), all else in float32. Answers are always float32: bfloat16 moved the validation
    loss by 0.02.
    """

    def __init__(self, network: keras.Model, until: str) -> None:
        self._until = until
        half = {layer.compute_dtype for layer in network.layers} & DTYPES.keys()
        self.half = DTYPES[half.pop()] if half else None
        self._steps = _steps(network, until)

    def __call__(self, films: torch.Tensor, *, training: bool = False) -> torch.Tensor:
        """Return the values at the layer `until`, channels last, float32."""
        values: dict[str, torch.Tensor] = {}
        half = self.half if training else None
        with torch.autocast(films.device.type, half, enabled=half is not None):
            for layer, compute, sources, done_with in self._steps:
                inputs = [values[name] for name in sources] or [films.permute(0, 3, 1, 2)]
                if compute is _batch_norm:
                    values[layer.name] = compute(layer, *inputs, training and layer.trainable)
                else:
                    values[layer.name] = compute(layer, *inputs)
                # Kept to the end, the layers of one validation batch took 22 GB of a GPU.
                for name in done_with:
                    del values[name]
                del inputs
        result = values[self._until].float()
        return result.permute(0, 2, 3, 1) if result.ndim == 4 else result


@torch.no_grad()
def answers(
    network: keras.Model, images: np.ndarray, *, batch_size: int, exact: bool = True
) -> np.ndarray:
    """Return the logits ``(N, 5) float32`` of films ``(N, 224, 224) uint8``.

    Where they need not be `exact`, a GPU may round what convolutions take (TF32), several times as
    fast.
    """
    torch.backends.cudnn.allow_tf32 = not exact
    try:
        return _answers(network, images, batch_size)
    finally:
        torch.backends.cudnn.allow_tf32 = False


def _answers(network: keras.Model, images: np.ndarray, batch_size: int) -> np.ndarray:
    compute, device = Native(network, network.layers[-1].name), device_of(network)
    logits = []
    # A GPU waits for every batch that is brought, and for every one that is fetched.
    for first in range(0, len(images), AT_ONCE):
        brought = np.ascontiguousarray(images[first : first + AT_ONCE])
        for batch in torch.tensor(brought, device=device)[..., None].split(batch_size):
            logits.append(compute(batch.float()))
    return keras.ops.convert_to_numpy(torch.cat(logits))


def device_of(network: keras.Model) -> torch.device:
    """Return where the variables of `network` are."""
    return network.weights[0].value.device


def expect_on(network: keras.Model, kind: str) -> None:
    """Raise `TrainingError` unless `network` lies on the `kind` of machine: ``cpu`` or ``gpu``.

    Else a run would take days on a CPU, and be recorded as one of a GPU.
    """
    lies_on = "gpu" if device_of(network).type == "cuda" else device_of(network).type
    if lies_on != kind:
        raise TrainingError(
            f"Expected the network on the {kind}, which this process was made ready for. It lies "
            f"on the {lies_on}: Keras had chosen before. `train.machine.prepare` comes first."
        )


@torch.no_grad()
def lay_out_as_convolved(network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
    """Keep kernels, and what `optimizer` notes of each, in the order in which PyTorch convolves.

    Keras' order is another one: every step would copy each kernel to and fro, and gradients lie
    otherwise than the moments, which PyTorch then updates one by one. What they hold stays.
    """
    orders = {
        layer.kernel.path: _order(layer)
        for layer in network.layers
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D))
    }
    variables = optimizer._trainable_variables
    noted = [optimizer._momentums, optimizer._velocities]
    if optimizer.use_ema:
        noted.append(optimizer._model_variables_moving_average)
    beside = [pair for values in noted for pair in zip(variables, values, strict=True)]
    for like, kept in [*zip(network.weights, network.weights, strict=True), *beside]:
        if order := orders.get(like.path):
            used = kept.value.data.permute(order).contiguous(memory_format=torch.channels_last)
            kept.value.data = used.permute([order.index(axis) for axis in range(4)])


def _order(layer: keras.Layer) -> tuple[int, ...]:
    """Return which axes of a kernel are PyTorch's: channels out, channels in, rows, columns."""
    return (2, 3, 0, 1) if isinstance(layer, keras.layers.DepthwiseConv2D) else (3, 2, 0, 1)


def _steps(
    network: keras.Model, until: str
) -> list[tuple[keras.Layer, Compute, list[str], set[str]]]:
    """Return the layers in order: how each is computed, from which, and what ends with it."""
    steps = []
    for layer in network.layers:
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        sources = [tensor._keras_history.operation.name for tensor in inputs]
        if isinstance(layer, keras.layers.InputLayer):
            sources = []
        steps.append((layer, _FUNCTIONS[type(layer)], sources))
        if layer.name == until:
            break
    needed, with_ends = {until}, []
    for layer, compute, sources in reversed(steps):
        with_ends.append((layer, compute, sources, set(sources) - needed))
        needed.update(sources)
    return with_ends[::-1]


def _rescale(layer: keras.Layer, x: torch.Tensor) -> torch.Tensor:
    offset = layer.offset
    if isinstance(offset, (list, tuple)):
        offset = _per_channel(tuple(offset), x.dtype, x.device)
    return (x * layer.scale + offset).contiguous(memory_format=torch.channels_last)


@functools.cache
def _per_channel(
    values: tuple[float, ...], dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    # Copied to the device once: within a recorded step nothing can be.
    return torch.tensor(values, dtype=dtype, device=device).reshape(-1, 1, 1)


def _zero_pad(layer: keras.Layer, x: torch.Tensor) -> torch.Tensor:
    (top, bottom), (left, right) = layer.padding
    return F.pad(x, (left, right, top, bottom))


def _convolve(layer: keras.Layer, x: torch.Tensor) -> torch.Tensor:
    kernel = layer.kernel.value.permute(_order(layer))
    groups = x.shape[1] // kernel.shape[1]
    (stride, _), padding = layer.strides, 0
    if layer.padding == "same":
        side, width = x.shape[-1], kernel.shape[-1]
        whole = max(0, (-(-side // stride) - 1) * stride + width - side)
        if whole % 2:
            # As TensorFlow pads: the odd one at the end.
            x = F.pad(x, (whole // 2, whole - whole // 2) * 2)
        else:
            padding = whole // 2
    bias = layer.bias.value if layer.use_bias else None
    if stride > 1 < groups and x.device.type == "cpu" and x.dtype == torch.bfloat16:
        # oneDNN has no fast gradient for it in bfloat16: these few layers took 30% of a step.
        with torch.autocast("cpu", enabled=False):
            return F.conv2d(x.float(), kernel, bias, stride, padding, 1, groups).to(x.dtype)
    return F.conv2d(x, kernel, bias, stride, padding, 1, groups)


def _batch_norm(layer: keras.Layer, x: torch.Tensor, training: bool) -> torch.Tensor:
    return F.batch_norm(
        x,
        layer.moving_mean.value,
        layer.moving_variance.value,
        layer.gamma.value,
        layer.beta.value,
        training,
        1 - layer.momentum,
        layer.epsilon,
    )


_FUNCTIONS = {
    keras.layers.InputLayer: lambda layer, x: x,
    keras.layers.Concatenate: lambda layer, *x: torch.cat(x, 1),
    keras.layers.LayerNormalization: lambda layer, x: F.layer_norm(
        x.float(), x.shape[1:], eps=layer.epsilon
    ),
    keras.layers.Rescaling: _rescale,
    keras.layers.ZeroPadding2D: _zero_pad,
    keras.layers.Conv2D: _convolve,
    keras.layers.DepthwiseConv2D: _convolve,
    keras.layers.BatchNormalization: _batch_norm,
    keras.layers.ReLU: lambda layer, x: F.relu6(x) if layer.max_value else F.relu(x),
    keras.layers.Activation: lambda layer, x: F.relu(x),
    keras.layers.MaxPooling2D: lambda layer, x: F.max_pool2d(
        x, layer.pool_size[0], layer.strides[0]
    ),
    keras.layers.Add: lambda layer, *x: torch.add(*x),
    keras.layers.GlobalAveragePooling2D: lambda layer, x: x.float().mean((2, 3)),
    keras.layers.Dense: lambda layer, x: F.linear(
        x.float(), layer.kernel.value.t(), layer.bias.value
    ),
}
