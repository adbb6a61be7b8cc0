"""What the network says of one part of a film, from its outputs by name."""

from dataclasses import dataclass, replace

import numpy as np

from kneeoa.graders.locating.looks import Look, Window

_MIRRORED_TURN = [0, 3, 2, 1]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the network says of one part of a film; logits are means over looks.

    Attributes
    ----------
    box : the knee's box, film pixels
    frontal : log odds of a frontal knee against all else
    lateral : log odds of another view of a knee against all else that is no frontal knee
    second, negative, implant : log odds
    turn : (4,) probabilities of quarter turns counter-clockwise
    """

    box: Window
    frontal: float
    lateral: float
    second: float
    negative: float
    implant: float
    turn: np.ndarray


def frontal_score(answers: list[Answer]) -> float:
    """Return one number for how much like a frontal knee a film and its closer looks are."""
    return (answers[0].frontal + float(np.mean([answer.frontal for answer in answers[1:]]))) / 2


def implant_score(answers: list[Answer]) -> float:
    """Return one number for how much any knee of a film looks like one with metal."""
    return (answers[0].implant + max(answer.implant for answer in answers[1:])) / 2


def mirrored(look: Look) -> Look:
    """Return a look at the mirror image; its boxes are those of the mirror image."""
    return replace(look, image=look.image[:, ::-1], film=look.film[:, ::-1])


def answer_of(look: Look, outputs: dict[str, np.ndarray], only: int | None = None) -> Answer:
    """Return what the outputs for a look and its mirror image, if that is there, say together.

    `only` takes the box from one of them: 0 the look, 1 the mirror image.
    """
    boxes = np.concatenate([outputs["centre"], np.exp(outputs["size"])], axis=1).astype(float)
    boxes[1:, 0] *= -1
    box = boxes.mean(axis=0) if only is None else boxes[only]
    turns = np.concatenate([outputs["turn"][:1], outputs["turn"][1:][:, _MIRRORED_TURN]]).mean(
        axis=0
    )
    kind = outputs["kind"].mean(axis=0).astype(float)
    return Answer(
        look.to_film(box),
        float(kind[0] - np.logaddexp(kind[1], kind[2])),
        float(kind[1] - kind[2]),
        float(outputs["second"].mean()),
        float(outputs["negative"].mean()),
        float(outputs["implant"].mean()),
        np.exp(turns - np.logaddexp.reduce(turns)),
    )
