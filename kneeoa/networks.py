"""Names and sizes of the two networks: what every part must agree on, without Keras."""

from collections.abc import Iterable
from typing import Literal

Architecture = Literal["mobilenet", "resnet50"]

ARCHITECTURES: tuple[Architecture, ...] = ("mobilenet", "resnet50")

DISPLAY_NAME: dict[str, str] = {"mobilenet": "MobileNet", "resnet50": "ResNet50"}

TOGETHER = "Both together"
"""How the ensemble of both networks is called."""

INPUT_SIDE = 224
"""Side of the square input in pixels."""

FEATURE_LAYER: dict[Architecture, str] = {
    "mobilenet": "conv_pw_13_relu",
    "resnet50": "conv5_block3_out",
}
"""The last feature map, ``(7, 7, C)``: what Grad-CAM explains."""


def pair_of(names: Iterable[str]) -> list[Architecture]:
    """Return those of the networks that are among `names`, in their order."""
    there = set(names)
    return [name for name in ARCHITECTURES if name in there]


def difference_of(pair: list[Architecture]) -> str:
    """Return how a difference is called, for example ``ResNet50 - MobileNet``."""
    first, second = (DISPLAY_NAME[name] for name in pair)
    return f"{second} - {first}"
