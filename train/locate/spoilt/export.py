"""The trained network -> ONNX, in the same way as the localiser's own."""

import onnx

from kneeoa.graders.locating.spoilt import FRAMES, SCORE
from train.locate.export import Graph
from train.locate.spoilt.network import Network


def to_onnx(plain: Network) -> onnx.ModelProto:
    """Return a folded network as ONNX: `FRAMES` in, `SCORE` out, ``(N, 1)``."""
    graph = Graph()
    seen = graph.blocks("seen", list(plain.blocks), FRAMES)
    mean = graph.add("Flatten", [graph.add("GlobalAveragePool", [seen], "mean")], "mean_flat")
    most = graph.add("Flatten", [graph.add("GlobalMaxPool", [seen], "most")], "most_flat")
    both = graph.add("Concat", [mean, most], "both", axis=1)
    hidden = graph.add("Relu", [graph.dense("hidden", plain.hidden, both)], "hidden_relu")
    graph.dense(SCORE, plain.answer, hidden)
    side = plain.side
    return graph.finish("spoilt", {FRAMES: (1, side, side)}, {SCORE: (1,)})
