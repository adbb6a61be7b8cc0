"""One exported network, and several as one, on ONNX Runtime: film arrays in, answers out."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from kneeoa.errors import ModelError
from kneeoa.graders.profile import Head
from kneeoa.graders.sessions import session_of, side_by_side
from kneeoa.graders.together import Member, combine, mirrored
from kneeoa.graders.weights import read_weights
from kneeoa.metrics.calibration import softmax
from kneeoa.networks import INPUT_SIDE

_BATCH = 32


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
        """Load `file`; `temperature` divides the logits, see `calibration`."""
        self._temperature, self.file = temperature, file
        self.head: Head | None = None
        self._session, self.size = session_of(file), file.stat().st_size

    def grade_arrays(self, images: np.ndarray) -> Answers:
        """Grade ``(N, 224, 224)`` films with values in [0, 255], in batches."""
        return graded([(self, images)])[0]

    def _answers(self, outputs: Sequence[tuple[np.ndarray, np.ndarray]]) -> Answers:
        logits, evidence = (np.concatenate(parts) for parts in zip(*outputs, strict=True))
        if not (np.isfinite(logits).all() and np.isfinite(evidence).all()):
            raise ModelError(
                f"Expected numbers from the network in {self.file}. It gives none: its weights are "
                "damaged. Publish it anew, or use other models."
            )
        return Answers(softmax(logits, self._temperature), logits, evidence)

    def pooled(self, images: np.ndarray) -> np.ndarray:
        """Return what the last linear layer sees of ``(N, 224, 224)`` films: ``(N, C) float32``."""

        def pooled(batch: np.ndarray) -> np.ndarray:
            return self.features(batch).mean(axis=(1, 2))

        return np.concatenate(side_by_side([partial(pooled, batch) for batch in _batches(images)]))

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

    def _outputs(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        film = _as_film(images)
        if self.head is None:
            return self._session.run(["logits", "evidence"], {"film": film})
        (features,) = self._session.run(["features"], {"film": film})
        evidence = features @ self.head.kernel
        return evidence.mean(axis=(1, 2)) + self.head.bias, evidence


def graded(asked: Sequence[tuple[Grader, np.ndarray]]) -> list[Answers]:
    """Return what each network says of its films ``(N, 224, 224)``, all side by side.

    Raises `ModelError` for films of another shape, and where a network gives no numbers.
    """
    for _, images in asked:
        if images.ndim != 3 or images.shape[1:] != (INPUT_SIDE, INPUT_SIDE):
            raise ModelError(
                f"Expected films of shape (N, {INPUT_SIDE}, {INPUT_SIDE}). "
                f"Received: {images.shape}."
            )
    runs = [
        (place, grader, batch)
        for place, (grader, images) in enumerate(asked)
        for batch in _batches(images)
    ]
    # Large networks first, so that both threads end at about the same time.
    runs.sort(key=lambda run: -run[1].size)
    outputs = side_by_side([partial(grader._outputs, batch) for _, grader, batch in runs])
    return [
        grader._answers([output for run, output in zip(runs, outputs, strict=True) if run[0] == at])
        for at, (grader, _) in enumerate(asked)
    ]


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

    def grade_arrays(self, images: np.ndarray) -> np.ndarray:
        """Return ``(N, 5) float32`` probabilities of ``(N, 224, 224)`` films in [0, 255]."""
        return self.grade_with((), images)[1]

    def grade_with(
        self, graders: Sequence[Grader], images: np.ndarray
    ) -> tuple[list[Answers], np.ndarray]:
        """Return what `graders` say of films, and what all members together do.

        A member that is one of `graders` reads a film once for both.
        """
        mirror = mirrored(images)
        asked = [(grader, images) for grader in graders]
        asked += [(grader, mirror) for grader in self._graders]
        files = [grader.file for grader in graders]
        asked += [(grader, images) for grader in self._graders if grader.file not in files]
        answers = graded(asked)
        logits = {
            (grader.file, shown is mirror): answer.logits
            for (grader, shown), answer in zip(asked, answers, strict=True)
        }
        given = np.stack(
            [
                [
                    softmax(logits[member.file, is_mirrored], member.temperature)
                    for is_mirrored in (False, True)
                ]
                for member in self._members
            ]
        )
        return answers[: len(graders)], combine(given, self._weights, self._temperature)

    def under(self, heads: Mapping[str, Head]) -> "Ensemble":
        """Return these members with the last layers in `heads`, by the SHA-256 of their files."""
        ensemble = copy.copy(self)
        ensemble._graders = [
            grader.under(heads.get(member.weights_hash))
            for grader, member in zip(self._graders, self._members, strict=True)
        ]
        return ensemble


def _batches(images: np.ndarray) -> Iterator[np.ndarray]:
    """Yield films in at least two parts, where there are two, for `side_by_side`."""
    size = min(_BATCH, max(1, (len(images) + 1) // 2))
    return (images[start : start + size] for start in range(0, max(1, len(images)), size))


def _as_film(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(images[..., None], np.float32)
