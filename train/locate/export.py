"""The trained localiser -> ONNX, batch norms folded into the convolutions, kernels as float16."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from kneeoa.errors import ModelError
from kneeoa.graders.locating.looks import OUTPUTS
from train.locate.network import RESIDUAL, Network
from train.onnx_file import checked_model

Net = TypeVar("Net", bound=nn.Module)
PARITY = 2e-3
"""Largest allowed difference of any output between network and file."""


def folded(network: Net) -> Net:
    """Return a copy without batch norms, its kernels rounded to what the file stores."""
    plain = copy.deepcopy(network)
    plain.eval()
    for module in plain.modules():
        if isinstance(module, nn.Sequential) and isinstance(module[0], nn.Conv2d):
            module[0] = nn.utils.fuse_conv_bn_eval(module[0], module[1])
            module[1] = nn.Identity()
    with torch.no_grad():
        for weight in plain.parameters():
            if weight.dim() >= 2:
                weight.copy_(weight.half().float())
    return plain


def to_onnx(plain: Network) -> onnx.ModelProto:
    """Return a folded network as ONNX: ``looks`` in, each of `OUTPUTS` out, ``(N, numbers)``."""
    graph = Graph()
    layer = "looks"
    for name in ("quarter", "eighth", "sixteenth", "coarse"):
        layer = graph.blocks(name, getattr(plain, name), layer)
    both = graph.add("Concat", ["sixteenth", graph.twice("coarse")], "both", axis=1)
    up = graph.twice(graph.convolution("lateral", plain.lateral, both))
    mixed = graph.block("mix", plain.mix, graph.add("Add", ["eighth", up], "joined"))
    heat = graph.add("Flatten", [graph.convolution("heat", plain.heat, mixed)], "heat_flat")
    share = graph.add("Softmax", [heat], "share", axis=1)
    centre = graph.add("MatMul", [share, graph.constant("places", plain.places)], "mean_place")
    cells = graph.constant("cells", np.array([0, mixed_channels(plain), -1], np.int64))
    flat = graph.add("Reshape", [mixed, cells], "mixed_flat")
    column = graph.add("Unsqueeze", [share, graph.constant("last", np.array([2]))], "share_column")
    product = graph.add("MatMul", [flat, column], "here_column")
    seen = graph.add("Squeeze", [product, "last"], "here")
    mean = graph.add("Flatten", [graph.add("GlobalAveragePool", ["coarse"], "mean")], "mean_flat")
    most = graph.add("Flatten", [graph.add("GlobalMaxPool", ["coarse"], "most")], "most_flat")
    features = graph.add("Concat", [seen, mean, most, centre], "features", axis=1)
    hidden = graph.add("Relu", [graph.dense("hidden", plain.hidden, features)], "hidden_relu")
    answer = graph.dense("answer", plain.answer, hidden)
    sizes = graph.constant("sizes", np.array(list(OUTPUTS.values()), np.int64))
    raw = ["moved", *list(OUTPUTS)[1:]]
    graph.node("Split", [answer, sizes], raw, axis=1)
    step = graph.add("Tanh", ["moved"], "moved_tanh")
    scaled = graph.add("Mul", [step, graph.constant("residual", np.float32(RESIDUAL))], "step")
    graph.add("Add", [centre, scaled], "centre")
    return graph.finish(
        "localiser",
        {"looks": (2, plain.side, plain.side)},
        {name: (numbers,) for name, numbers in OUTPUTS.items()},
    )


def mixed_channels(network: Network) -> int:
    """Return how many channels the map has that the box is read from."""
    return network.widths[2]


def check_parity(plain: nn.Module, file_outputs: Sequence[np.ndarray], shown: np.ndarray) -> float:
    """Return the largest difference between network and file; raise `ModelError` if too large.

    `file_outputs` are those of the file for what it was `shown`, side by side as the network's.
    """
    with torch.no_grad():
        expected = plain(torch.as_tensor(shown)).cpu().numpy()
    received = np.concatenate(file_outputs, axis=1)
    difference = float(np.abs(expected - received).max())
    if difference > PARITY:
        raise ModelError(
            f"Expected the exported file to answer as the network within {PARITY}. They differ by "
            f"{difference:.2g}."
        )
    return difference


class Graph:
    """An ONNX graph that grows node by node; every method returns the name of what it adds."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._stored: list[onnx.TensorProto] = []

    def node(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> None:
        """Add a node with any number of outputs."""
        self._nodes.append(helper.make_node(operator, inputs, outputs, outputs[0], **attributes))

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node with one output."""
        self.node(operator, inputs, [output], **attributes)
        return output

    def constant(self, name: str, values: np.ndarray | np.floating) -> str:
        """Store numbers as they are."""
        self._stored.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def weight(self, name: str, values: torch.Tensor) -> str:
        """Store as float16 what has two axes or more; arithmetic is float32."""
        array = values.detach().cpu().numpy()
        if array.ndim < 2:
            return self.constant(name, array)
        self.constant(name, array.astype(np.float16))
        return self.add("Cast", [name], f"{name}/float32", to=TensorProto.FLOAT)

    def blocks(self, name: str, blocks: Sequence[nn.Sequential], source: str) -> str:
        """Add convolutions with a ReLU each, one after another."""
        for number, block in enumerate(blocks):
            last = number == len(blocks) - 1
            source = self.block(name if last else f"{name}_{number}", block, source)
        return source

    def block(self, name: str, block: nn.Sequential, source: str) -> str:
        """Add a convolution with a ReLU."""
        return self.add("Relu", [self.convolution(f"{name}_conv", block[0], source)], name)

    def convolution(self, name: str, layer: nn.Conv2d, source: str) -> str:
        """Add a convolution."""
        weights = [self.weight(f"{name}/kernel", layer.weight)]
        weights.append(self.weight(f"{name}/bias", layer.bias))
        pads = [*layer.padding, *layer.padding]
        return self.add("Conv", [source, *weights], name, strides=list(layer.stride), pads=pads)

    def dense(self, name: str, layer: nn.Linear, source: str) -> str:
        """Add a linear layer."""
        weights = [self.weight(f"{name}/kernel", layer.weight)]
        weights.append(self.weight(f"{name}/bias", layer.bias))
        return self.add("Gemm", [source, *weights], name, transB=1)

    def twice(self, source: str) -> str:
        """Nearest neighbour, as `torch.nn.functional.interpolate` does it."""
        scales = self.constant(f"{source}_scales", np.array([1, 1, 2, 2], np.float32))
        return self.add(
            "Resize",
            [source, "", scales],
            f"{source}_twice",
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def finish(
        self,
        name: str,
        inputs: Mapping[str, tuple[int, ...]],
        outputs: Mapping[str, tuple[int, ...]],
    ) -> onnx.ModelProto:
        """Return the model, see `checked_model`."""
        return checked_model(name, self._nodes, self._stored, inputs=inputs, outputs=outputs)
