"""A trained Keras grader -> the ONNX file that readings are served from.

Why not `model.export(format="onnx")`: its result holds batch norms folded into nameless tensors, so
that a second, Keras copy of every weight would have to be published beside it. Here each weight is
stored once, under its Keras name, kernels as float16; `published.load_keras` reads them back into
the same Keras network, which is how a gradient method explains exactly the weights that graded.
Arithmetic is float32: a Cast stands behind every stored kernel, folded once when a session starts.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from kneeoa.errors import ModelError
from kneeoa.graders.weights import to_onnx_layout
from kneeoa.networks import FEATURE_LAYER, INPUT_SIDE
from train.onnx_file import checked_model


def round_to_storage(network: keras.Model) -> None:
    """Round every kernel of `network` to what the file stores, so that metrics are of the file.

    Vectors (biases, batch norm statistics) stay float32: they are few, and some exceed float16.
    """
    for layer in network.layers:
        for variable in layer.weights:
            if _stored_as_half(variable.shape):
                value = keras.ops.convert_to_numpy(variable.value)
                variable.assign(value.astype(np.float16).astype(np.float32))


def to_onnx(network: keras.Model) -> onnx.ModelProto:
    """Return the network as ONNX: ``film`` in, ``logits``, ``features`` and ``evidence`` out.

    ``film`` (N, 224, 224, 1) float32 in [0, 255]; ``logits`` (N, 5); ``features`` (N, 7, 7, C), the
    map that Grad-CAM explains; ``evidence`` (N, 7, 7, 5), its product with the head's kernel: the
    mean of ``evidence[..., grade]`` plus the bias is the logit of that grade.
    """
    graph = _Graph()
    graph.add("Transpose", ["film"], "film_nchw", perm=[0, 3, 1, 2])
    names = {network.inputs[0]: "film_nchw"}
    for layer in network.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        names[layer.output] = graph.add_layer(layer, [names[tensor] for tensor in inputs])
    features = names[network.get_layer(FEATURE_LAYER[network.name]).output]
    graph.add("Transpose", [features], "features", perm=[0, 2, 3, 1])
    graph.add("MatMul", ["features", graph.kernel_name("grade")], "evidence")
    graph.add("Identity", [names[network.outputs[0]]], "logits")
    return graph.finish(network)


class _Graph:
    """Nodes and stored weights; one method per kind of layer that the two networks have."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def kernel_name(self, layer_name: str) -> str:
        return f"{layer_name}/kernel/float32"

    def add_layer(self, layer: keras.Layer, inputs: list[str]) -> str:
        emit = getattr(self, f"_{type(layer).__name__.lower()}", None)
        if emit is None:
            raise ModelError(f"The layer {layer.name} of type {type(layer).__name__} has no ONNX.")
        return emit(layer, inputs)

    def finish(self, network: keras.Model) -> onnx.ModelProto:
        channels = network.get_layer(FEATURE_LAYER[network.name]).output.shape[-1]
        return checked_model(
            network.name,
            self._nodes,
            self._initializers,
            inputs={"film": (INPUT_SIDE, INPUT_SIDE, 1)},
            outputs={"logits": (5,), "features": (7, 7, channels), "evidence": (7, 7, 5)},
        )

    def _store(self, layer: keras.Layer, weight_name: str) -> str:
        """Store one weight; return the name under which the graph sees it as float32."""
        value = next(v for v in layer.weights if v.name == weight_name)
        key = f"{layer.name}/{weight_name}"
        array = to_onnx_layout(keras.ops.convert_to_numpy(value.value), key)
        if not _stored_as_half(value.shape):
            self._initializers.append(numpy_helper.from_array(array, key))
            return key
        self._initializers.append(numpy_helper.from_array(array.astype(np.float16), key))
        return self.add("Cast", [key], f"{key}/float32", to=TensorProto.FLOAT)

    def _constant(self, name: str, array: np.ndarray | np.floating) -> str:
        self._initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def _concatenate(self, layer: keras.Layer, inputs: list[str]) -> str:
        return self.add("Concat", inputs, layer.name, axis=1)

    def _layernormalization(self, layer: keras.Layer, inputs: list[str]) -> str:
        # Of a film with its one channel, which makes it ONNX' instance normalisation.
        scale, offset = (
            self._constant(f"{layer.name}.{name}", np.full(1, value, np.float32))
            for name, value in (("scale", 1), ("offset", 0))
        )
        return self.add(
            "InstanceNormalization",
            [*inputs, scale, offset],
            layer.name,
            epsilon=float(layer.epsilon),
        )

    def _rescaling(self, layer: keras.Layer, inputs: list[str]) -> str:
        # Not a "<layer>/<weight>" name: these are settings of the graph, not weights.
        scale = self._constant(f"{layer.name}.scale", np.float32(layer.scale))
        offset = np.asarray(layer.offset, np.float32).reshape(-1, 1, 1)
        self.add("Mul", [inputs[0], scale], f"{layer.name}.scaled")
        shift = self._constant(f"{layer.name}.offset", offset)
        return self.add("Add", [f"{layer.name}.scaled", shift], layer.name)

    def _zeropadding2d(self, layer: keras.Layer, inputs: list[str]) -> str:
        (top, bottom), (left, right) = layer.padding
        amounts = np.array([0, 0, top, left, 0, 0, bottom, right], np.int64)
        return self.add("Pad", [*inputs, self._constant(f"{layer.name}.pads", amounts)], layer.name)

    def _conv2d(self, layer: keras.Layer, inputs: list[str], groups: int = 1) -> str:
        if layer.activation is not keras.activations.linear or layer.dilation_rate != (1, 1):
            raise ModelError(f"The convolution {layer.name} has an activation or dilation.")
        weights = [self._store(layer, "kernel")]
        if layer.use_bias:
            weights.append(self._store(layer, "bias"))
        padding = {"same": "SAME_UPPER", "valid": "VALID"}[layer.padding]
        attributes = {"strides": list(layer.strides), "auto_pad": padding, "group": groups}
        return self.add("Conv", [*inputs, *weights], layer.name, **attributes)

    def _depthwiseconv2d(self, layer: keras.Layer, inputs: list[str]) -> str:
        return self._conv2d(layer, inputs, groups=layer.kernel.shape[2])

    def _batchnormalization(self, layer: keras.Layer, inputs: list[str]) -> str:
        weights = [
            self._store(layer, name) for name in ("gamma", "beta", "moving_mean", "moving_variance")
        ]
        return self.add(
            "BatchNormalization", [*inputs, *weights], layer.name, epsilon=float(layer.epsilon)
        )

    def _relu(self, layer: keras.Layer, inputs: list[str]) -> str:
        if layer.max_value is None:
            return self.add("Relu", inputs, layer.name)
        limits = [
            self._constant(f"{layer.name}.{name}", np.float32(value))
            for name, value in (("low", 0), ("high", layer.max_value))
        ]
        return self.add("Clip", [*inputs, *limits], layer.name)

    def _activation(self, layer: keras.Layer, inputs: list[str]) -> str:
        if layer.activation is not keras.activations.relu:
            raise ModelError(f"The activation {layer.name} is not a ReLU.")
        return self.add("Relu", inputs, layer.name)

    def _maxpooling2d(self, layer: keras.Layer, inputs: list[str]) -> str:
        if layer.padding != "valid":
            raise ModelError(f"The pooling {layer.name} pads.")
        sizes = {"kernel_shape": list(layer.pool_size), "strides": list(layer.strides)}
        return self.add("MaxPool", inputs, layer.name, **sizes)

    def _add(self, layer: keras.Layer, inputs: list[str]) -> str:
        return self.add("Add", inputs, layer.name)

    def _globalaveragepooling2d(self, layer: keras.Layer, inputs: list[str]) -> str:
        self.add("GlobalAveragePool", inputs, f"{layer.name}.map")
        return self.add("Flatten", [f"{layer.name}.map"], layer.name)

    def _dense(self, layer: keras.Layer, inputs: list[str]) -> str:
        weights = [self._store(layer, "kernel"), self._store(layer, "bias")]
        return self.add("Gemm", [*inputs, *weights], layer.name)


def _stored_as_half(shape: Sequence[int]) -> bool:
    return len(shape) >= 2
