"""The file of a published model holds the network that its card names, and nothing but a network.

A hash shows that card and file belong together, not that the file is a MobileNet. So the graph is
looked at before it is run: what goes in and comes out, the layer that is explained, how many
weights there are, and that it consists of the operators that the export writes: none of them reads
another file, loops, or branches.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from kneeoa.errors import ModelError
from kneeoa.grades import GRADES
from kneeoa.networks import FEATURE_LAYER, INPUT_SIDE, Architecture

if TYPE_CHECKING:
    import onnx


OPERATORS = frozenset(
    {
        *("Add", "BatchNormalization", "Cast", "Clip", "Concat", "Conv", "Flatten", "Gemm"),
        *("GlobalAveragePool", "GlobalMaxPool", "Identity", "InstanceNormalization", "MatMul"),
        *("MaxPool", "Mul", "Pad", "Relu", "Reshape", "Resize", "Softmax", "Split", "Squeeze"),
        *("Tanh", "Transpose", "Unsqueeze"),
    }
)
"""What `train.publish.export` and `train.locate.export` write."""
MOST_BYTES = 500_000_000
_CELLS = 7
"""Cells on a side of the last feature map."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network is made of: channels of its last feature map, weights, and layers with any.

    Counted as stored: statistics of batch norms, and the last linear layer, among them.
    """

    channels: int
    weights: int
    layers: int


SHAPES: dict[Architecture, tuple[Shape, ...]] = {
    "mobilenet": (Shape(1024, 3_233_989, 55),),
    "resnet50": (Shape(2048, 23_597_957, 107),),
}
"""What a network of each name may be made of."""
_checked: set[tuple[str, Architecture, tuple[Shape, ...]]] = set()
"""What was found right in this process: an ensemble's member is often a network of its own, too."""


def check_network(file: Path, architecture: Architecture, sha256: str) -> None:
    """Raise `ModelError` unless `file`, whose hash was checked, is a grader of `architecture`."""
    network = sha256, architecture, SHAPES[architecture]
    if network not in _checked:
        _check_network(file, architecture)
        _checked.add(network)


def _check_network(file: Path, architecture: Architecture) -> None:
    graph = _graph_of(file)
    stored = {weight.name: prod(weight.dims) for weight in graph.initializer if "/" in weight.name}
    features = {output.name: _shape_of(output) for output in graph.output}.get("features", ())
    layers = {name.split("/")[0] for name in stored}
    shape = Shape(features[-1] if features else 0, sum(stored.values()), len(layers))
    shapes = SHAPES[architecture]
    expected = shape if shape in shapes else shapes[0]
    cells = (_CELLS, _CELLS)
    _check_ends(
        graph,
        file,
        {"film": (INPUT_SIDE, INPUT_SIDE, 1)},
        {
            "logits": (len(GRADES),),
            "features": (*cells, expected.channels),
            "evidence": (*cells, len(GRADES)),
        },
    )
    layer = FEATURE_LAYER[architecture]
    if shape != expected or not any(node.name == layer for node in graph.node):
        raise ModelError(
            f"Expected a {architecture} in {file}: {expected.weights:,} weights in "
            f"{expected.layers} layers, {layer} among them. It holds another network, of "
            f"{shape.weights:,} weights in {shape.layers} layers: publish the right one."
        )


def check_localiser(file: Path, side: int, outputs: Mapping[str, int]) -> None:
    """Raise `ModelError` unless `file` holds a localiser: squares of `side` in, `outputs` out."""
    numbers = {name: (count,) for name, count in outputs.items()}
    check_ends(file, {"looks": (2, side, side)}, numbers)


def check_ends(
    file: Path, inputs: Mapping[str, tuple[int, ...]], outputs: Mapping[str, tuple[int, ...]]
) -> None:
    """Raise `ModelError` unless `file` holds a network with these shapes of one film by name."""
    _check_ends(_graph_of(file), file, inputs, outputs)


def _graph_of(file: Path) -> "onnx.GraphProto":
    import onnx
    from google.protobuf.message import DecodeError

    try:
        if file.stat().st_size > MOST_BYTES:
            raise ModelError(f"Expected at most {MOST_BYTES / 1e6:.0f} MB in {file}. It has more.")
        model = onnx.load(file, load_external_data=False)
    except (OSError, DecodeError, ValueError) as error:
        raise ModelError(
            f"Expected a model that was exported as ONNX. {file} cannot be read as one: {error}"
        ) from None
    graph = model.graph
    strange = {node.op_type for node in graph.node if node.domain} | (
        {node.op_type for node in graph.node} - OPERATORS
    )
    # A tensor may name a file that it is read from, wherever that is.
    elsewhere = [
        weight.name
        for weight in graph.initializer
        if weight.external_data or weight.data_location != 0
    ]
    if strange or elsewhere or model.functions or graph.sparse_initializer:
        odd = min(strange, default="") or (elsewhere or ["functions of its own"])[0]
        raise ModelError(
            f"Expected a network as it is exported here in {file}. It has other parts, for "
            f"example {odd[:60]!r}, and is not run: publish it anew."
        )
    return graph


def _check_ends(
    graph: "onnx.GraphProto",
    file: Path,
    inputs: Mapping[str, tuple[int, ...]],
    outputs: Mapping[str, tuple[int, ...]],
) -> None:
    for verb, expected, ends in (
        ("takes", inputs, graph.input),
        ("gives", outputs, graph.output),
    ):
        shapes = {end.name: _shape_of(end) for end in ends}
        if shapes != dict(expected):
            raise ModelError(
                f"Expected a network in {file} that {verb} {_in_words(expected)}. This one {verb} "
                f"{_in_words(shapes)}: it is another network."
            )


def _shape_of(value: "onnx.ValueInfoProto") -> tuple[int, ...]:
    """Return the shape of one film's; the first axis counts films."""
    dimensions = value.type.tensor_type.shape.dim
    return tuple(axis.dim_value for axis in dimensions[1:])


def _in_words(ends: Mapping[str, tuple[int, ...]]) -> str:
    described = [f"{name} ({' x '.join(map(str, shape))})" for name, shape in ends.items()]
    return ", ".join(described) or "nothing"
