"""Both networks together: the published ensemble, a third answer beside the two networks.

``<models>/together/card.json`` names its members, files below ``<models>`` with their SHA-256 and
temperature. Each member sees the film and its mirror image, because a left knee mirrored is a right
knee; the members of one network share its half of the weight. A member need not be the network that
is published by itself.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from kneeoa.graders.answer import Answer, Answered
from kneeoa.graders.cards import graph, schema
from kneeoa.graders.profile import Profile
from kneeoa.graders.published import check_bytes
from kneeoa.metrics.calibration import recalibrate
from kneeoa.networks import DISPLAY_NAME, Architecture

FOLDER: Final = "together"


@dataclass(frozen=True, slots=True)
class Member:
    """One network of the ensemble; `weight` is its share of the mean."""

    architecture: Architecture
    file: Path
    weights_hash: str
    temperature: float
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class PublishedTogether:
    """The members whose bytes are those that the card describes."""

    members: tuple[Member, ...]
    card: dict[str, Any]

    @property
    def weights_hash(self) -> str:
        """SHA-256 over the members' hashes, in hex."""
        joined = "\n".join(member.weights_hash for member in self.members)
        return hashlib.sha256(joined.encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class TogetherReading(Answered):
    """What both networks together say of one knee.

    Attributes
    ----------
    probabilities : (5,) float32 summing to 1
    weights_hash : SHA-256 over those of the members
    answer, profile : as of `kneeoa.graders.grading.Reading`
    """

    probabilities: np.ndarray
    weights_hash: str
    answer: Answer | None = None
    profile: Profile | None = None


def find_together(models: Path) -> PublishedTogether | None:
    """Return the published ensemble, its members checked, or None where there is none.

    Raises `ModelError` when a member is missing or is not the one that the card describes.
    """
    file = models / FOLDER / "card.json"
    if not file.exists():
        return None
    card = schema.together_card(file)
    for member in card["members"]:
        file, digest = models / member["file"], member["model_sha256"]
        check_bytes(file, digest)
        graph.check_network(file, member["architecture"], digest)
    return PublishedTogether(members_of(card["members"], models), card)


def members_of(described: list[dict[str, Any]], models: Path) -> tuple[Member, ...]:
    """Return the members that a card describes, each with its weight."""
    counts = Counter(member["architecture"] for member in described)
    return tuple(
        Member(
            member["architecture"],
            models / member["file"],
            member["model_sha256"],
            member["temperature"],
            1 / (len(counts) * counts[member["architecture"]]),
        )
        for member in described
    )


def made_of(card: Mapping[str, Any], alone: Iterable[Mapping[str, Any]]) -> str:
    """Return in words of which networks both together are the mean.

    `alone` are the cards of the networks that answer by themselves beside it: who reads an answer
    has to know where others than those are part of it.
    """
    count = len(card["members"])
    which = "both networks" if count == 2 else f"{count} networks"
    weights = ", both kinds with half of the weight" if count > 2 else ""
    hidden = unseen(card, alone)
    apart = f"; {hidden}" if hidden else ""
    return f"the mean of {which}, each on the film and its mirror image{weights}{apart}"


def unseen(card: Mapping[str, Any], alone: Iterable[Mapping[str, Any]]) -> str:
    """Return which of both together are none of the networks of the cards `alone`, "" for none."""
    shown = {network["model_sha256"] for network in alone}
    hidden = Counter(
        member["architecture"] for member in card["members"] if member["model_sha256"] not in shown
    )
    names = [
        f"its {DISPLAY_NAME[name]} is another training run than the one that answers by itself"
        if count == 1
        else f"{count} of its {DISPLAY_NAME[name]}s do not answer by themselves"
        for name, count in hidden.items()
    ]
    return ", ".join(names)


def combine(answers: np.ndarray, weights: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return ``(N, 5) float32`` from the members' probabilities ``(members, 2, N, 5)``.

    The second axis is the film and its mirror image; ``weights`` (members,) sum to 1.
    """
    mean = np.einsum("mvnk,m->nk", np.asarray(answers, np.float64), weights) / answers.shape[1]
    return recalibrate(mean, temperature)


def both_ways(images: np.ndarray) -> np.ndarray:
    """Return ``(2 N, H, W)``: the films ``(N, H, W)``, then their mirror images."""
    return np.concatenate([images, mirrored(images)])


def mirrored(images: np.ndarray) -> np.ndarray:
    """Return the mirror images of films ``(N, H, W)``."""
    return images[:, :, ::-1]
