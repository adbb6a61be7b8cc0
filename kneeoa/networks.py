"""Names and sizes of the two networks: what every part must agree on, without Keras."""

from typing import Literal

Architecture = Literal["mobilenet", "resnet50"]

ARCHITECTURES: tuple[Architecture, ...] = ("mobilenet", "resnet50")

DISPLAY_NAME: dict[Architecture, str] = {"mobilenet": "MobileNet", "resnet50": "ResNet50"}

INPUT_SIDE = 224
"""Side of the square input in pixels."""

FEATURE_LAYER: dict[Architecture, str] = {
    "mobilenet": "conv_pw_13_relu",
    "resnet50": "conv5_block3_out",
}
"""The last feature map, ``(7, 7, C)``: what Grad-CAM explains."""
