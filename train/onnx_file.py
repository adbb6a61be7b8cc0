"""The frame of every ONNX file that is published: float32 in and out, any number of films."""

from collections.abc import Mapping, Sequence

import onnx
from onnx import TensorProto, helper

OPSET = 17
IR_VERSION = 9


def checked_model(
    name: str,
    nodes: Sequence[onnx.NodeProto],
    stored: Sequence[onnx.TensorProto],
    *,
    inputs: Mapping[str, tuple[int, ...]],
    outputs: Mapping[str, tuple[int, ...]],
) -> onnx.ModelProto:
    """Return a model after ONNX's own full check, which raises where it is none.

    `inputs` and `outputs` are shapes of one film by name; the number of films comes before.
    """

    def described(tensors: Mapping[str, tuple[int, ...]]) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(tensor, TensorProto.FLOAT, ["N", *shape])
            for tensor, shape in tensors.items()
        ]

    model = helper.make_model(
        helper.make_graph(nodes, name, described(inputs), described(outputs), stored),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="kneeoa",
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(model, full_check=True)
    return model
