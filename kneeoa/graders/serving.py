"""One exported network, and several as one, on ONNX Runtime: film arrays in, answers out."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from kneeoa.errors import ModelError
from kneeoa.graders.profile import Head
from kneeoa.graders.sessions import session_of
from kneeoa.graders.together import Member, both_ways, combine, mirrored
from kneeoa.graders.weights import read_weights
from kneeoa.metrics.calibration import softmax
from kneeoa.networks import INPUT_SIDE


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What one network says of N films.

    Attributes
    ----------
    probabilities : (N, 5) float32, rows summing to 1
    logits : (N, 5) float32, before the temperature
    evidence : (N, 7, 7, 5) float32; its spatial mean plus the head's bias is the logit of a grade,
        before the temperature
    """

    probabilities: np.ndarray
    logits: np.ndarray
    evidence: np.ndarray


class Grader:
    """One exported network, ready to grade. Safe to share between threads.

    Attributes
    ----------
    file : the model file that it was loaded from
    head : its last layer under a profile; None as published
    """

    def __init__(self, file: Path, *, temperature: float = 1.0) -> None:
        """Load `file`; ONNX Runtime takes all cores.

        `temperature` divides the logits; it is the one on the card (see `calibration`).
        """
        self._temperature, self.file = temperature, file
        self.head: Head | None = None
        self._session = session_of(file)

    def grade_arrays(self, images: np.ndarray, *, batch_size: int = 32) -> Answers:
        """Grade ``(N, 224, 224)`` films with values in [0, 255], in batches."""
        if images.ndim != 3 or images.shape[1:] != (INPUT_SIDE, INPUT_SIDE):
            raise ModelError(
                f"Expected films of shape (N, {INPUT_SIDE}, {INPUT_SIDE}). "
                f"Received: {images.shape}."
            )
        outputs = [self._outputs(_as_film(batch)) for batch in _batches(images, batch_size)]
        logits, evidence = (np.concatenate(parts) for parts in zip(*outputs, strict=True))
        if not (np.isfinite(logits).all() and np.isfinite(evidence).all()):
            raise ModelError(
                f"Expected numbers from the network in {self.file}. It gives none: its weights are "
                "damaged. Publish it anew, or use other models."
            )
        return Answers(softmax(logits, self._temperature), logits, evidence)

    def pooled(self, images: np.ndarray, *, batch_size: int = 32) -> np.ndarray:
        """Return what the last linear layer sees of ``(N, 224, 224)`` films: ``(N, C) float32``."""
        return np.concatenate(
            [
                self._session.run(["features"], {"film": _as_film(batch)})[0].mean(axis=(1, 2))
                for batch in _batches(images, batch_size)
            ]
        )

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the last feature map of ``(N, 224, 224)`` films, ``(N, 7, 7, C) float32``."""
        return self._session.run(["features"], {"film": _as_film(images)})[0]

    @property
    def kernel(self) -> np.ndarray:
        """The last linear layer, ``(C, 5) float32``; read from the file where it is published."""
        return read_weights(self.file)["grade/kernel"] if self.head is None else self.head.kernel

    def at(self, temperature: float) -> "Grader":
        """Return this network with another temperature; the file is shared."""
        grader = copy.copy(self)
        grader._temperature = temperature
        return grader

    def under(self, head: Head | None) -> "Grader":
        """Return this network with another last layer, or as published; the file is shared."""
        if head is not None:
            shapes = {output.name: output.shape for output in self._session.get_outputs()}
            channels = shapes["features"][-1]
            if head.kernel.shape[0] != channels:
                raise ModelError(
                    f"Expected a last layer for {channels} features. Received one for "
                    f"{head.kernel.shape[0]}: the profile is damaged or belongs to another network."
                )
        grader = copy.copy(self)
        grader.head = head
        return grader

    def _outputs(self, film: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.head is None:
            return self._session.run(["logits", "evidence"], {"film": film})
        (features,) = self._session.run(["features"], {"film": film})
        evidence = features @ self.head.kernel
        return evidence.mean(axis=(1, 2)) + self.head.bias, evidence


class Ensemble:
    """The members of a published ensemble, ready to grade. Safe to share between threads."""

    def __init__(
        self,
        members: Sequence[Member],
        *,
        temperature: float = 1.0,
        loaded: Iterable[Grader] = (),
    ) -> None:
        """Load the members that are not `loaded`; `temperature` is that of their mean."""
        self._members = tuple(members)
        self._weights = np.array([member.weight for member in members])
        self._temperature = temperature
        by_file = {grader.file: grader for grader in loaded}
        self._graders = [
            by_file[member.file].at(member.temperature)
            if member.file in by_file
            else Grader(member.file, temperature=member.temperature)
            for member in members
        ]

    def grade_arrays(
        self, images: np.ndarray, *, known: Mapping[Path, np.ndarray] = MappingProxyType({})
    ) -> np.ndarray:
        """Return ``(N, 5) float32`` probabilities of ``(N, 224, 224)`` films in [0, 255].

        `known` are the logits that networks gave of these films already, ``(N, 5)`` by their file:
        such a one reads only the mirror images.
        """
        answers = np.stack(
            [
                softmax(self._logits(grader, images, known.get(grader.file)), member.temperature)
                for grader, member in zip(self._graders, self._members, strict=True)
            ]
        )
        split = answers.reshape(len(answers), 2, len(images), -1)
        return combine(split, self._weights, self._temperature)

    def under(self, heads: Mapping[str, Head]) -> "Ensemble":
        """Return these members with the last layers in `heads`, by the SHA-256 of their files."""
        ensemble = copy.copy(self)
        ensemble._graders = [
            grader.under(heads.get(member.weights_hash))
            for grader, member in zip(self._graders, self._members, strict=True)
        ]
        return ensemble

    @staticmethod
    def _logits(grader: Grader, images: np.ndarray, known: np.ndarray | None) -> np.ndarray:
        if known is None:
            return grader.grade_arrays(both_ways(images)).logits
        return np.concatenate([known, grader.grade_arrays(mirrored(images)).logits])


def _batches(images: np.ndarray, size: int) -> Iterator[np.ndarray]:
    return (images[start : start + size] for start in range(0, max(1, len(images)), size))


def _as_film(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(images[..., None], np.float32)
