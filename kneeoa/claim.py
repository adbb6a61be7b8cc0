"""The claim that this project tests, and how a measured interval stands to it.

The claim: mean test accuracy over ten independent training cycles, 0.741 for MobileNet and 0.835
for ResNet, as stated by the 2025 paper on transfer learning for KL grading that this project tests.
"""

from kneeoa.networks import DISPLAY_NAME, Architecture

CLAIMED_ACCURACY: dict[Architecture, float] = {"mobilenet": 0.741, "resnet50": 0.835}
"""Shares in [0, 1]."""


def verdict(architecture: Architecture, accuracy: float, interval: tuple[float, float]) -> str:
    """Say whether the claimed accuracy lies in the 95% `interval` measured here, all in [0, 1].

    One published model on one test set: the interval holds sampling error, not seed spread.
    """
    claimed = CLAIMED_ACCURACY[architecture]
    low, high = interval
    measured = (
        f"{DISPLAY_NAME[architecture]}: the paper claims {claimed:.1%}; measured here "
        f"{accuracy:.1%} ({low:.1%} to {high:.1%})."
    )
    if claimed > high:
        return f"{measured} The claim lies above the interval: this model does not reach it."
    if claimed < low:
        return f"{measured} The claim lies below the interval: this model exceeds it."
    return f"{measured} The claim lies inside the interval: these films cannot refute it."
