"""Films -> readings: grade probabilities and exact Grad-CAM evidence from one forward pass.

Served by ONNX Runtime, so that neither start-up nor a reading imports TensorFlow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kneeoa.errors import ModelError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.localiser import FOLDER, Localiser
from kneeoa.graders.published import DEFAULT_MODELS, PublishedModel, find_model
from kneeoa.graders.sessions import session_of
from kneeoa.graders.together import Member, TogetherReading, both_ways, combine, find_together
from kneeoa.grades import KLGrade
from kneeoa.metrics.calibration import softmax
from kneeoa.networks import ARCHITECTURES, DISPLAY_NAME, INPUT_SIDE, TOGETHER, Architecture


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What one network says of N films.

    Attributes
    ----------
    probabilities : (N, 5) float32, rows summing to 1
    evidence : (N, 7, 7, 5) float32; its spatial mean plus the head's bias is the logit of a grade,
        before the temperature
    """

    probabilities: np.ndarray
    evidence: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one network says of one knee.

    Attributes
    ----------
    probabilities : (5,) float32 summing to 1
    evidence : (7, 7, 5) float32, signed; see `kneeoa.graders.gradcam`
    weights_hash : SHA-256 of the model file that gave both
    """

    architecture: Architecture
    probabilities: np.ndarray
    evidence: np.ndarray
    weights_hash: str

    @property
    def grade(self) -> KLGrade:
        """The most probable grade."""
        return KLGrade(int(self.probabilities.argmax()))


class Grader:
    """One exported network, ready to grade. Safe to share between threads."""

    def __init__(self, file: Path, *, temperature: float = 1.0, threads: int = 0) -> None:
        """Load `file`; `threads` 0 lets ONNX Runtime take all cores.

        `temperature` divides the logits; it is the one on the card (see `calibration`).
        """
        self._temperature = temperature
        self._session = session_of(file, threads=threads)

    def grade_arrays(self, images: np.ndarray, *, batch_size: int = 32) -> Answers:
        """Grade ``(N, 224, 224)`` films with values in [0, 255], in batches."""
        if images.ndim != 3 or images.shape[1:] != (INPUT_SIDE, INPUT_SIDE):
            raise ModelError(
                f"Expected films of shape (N, {INPUT_SIDE}, {INPUT_SIDE}). "
                f"Received: {images.shape}."
            )
        outputs = [
            self._session.run(["logits", "evidence"], {"film": _as_film(batch)})
            for batch in _batches(images, batch_size)
        ]
        logits, evidence = (np.concatenate(parts) for parts in zip(*outputs, strict=True))
        return Answers(softmax(logits, self._temperature), evidence)


class Ensemble:
    """The members of a published ensemble, ready to grade. Safe to share between threads."""

    def __init__(
        self, members: Sequence[Member], *, temperature: float = 1.0, threads: int = 0
    ) -> None:
        """Load the members; `temperature` is that of their mean."""
        self._weights = np.array([member.weight for member in members])
        self._temperature = temperature
        self._graders = [
            Grader(member.file, temperature=member.temperature, threads=threads)
            for member in members
        ]

    def grade_arrays(self, images: np.ndarray) -> np.ndarray:
        """Return ``(N, 5) float32`` probabilities of ``(N, 224, 224)`` films in [0, 255]."""
        seen = both_ways(images)
        answers = [grader.grade_arrays(seen).probabilities for grader in self._graders]
        split = np.stack(answers).reshape(len(answers), 2, len(images), -1)
        return combine(split, self._weights, self._temperature)


class Graders:
    """Both published networks, both together where that is published, and the localiser."""

    def __init__(self, models: Path = DEFAULT_MODELS) -> None:
        """Load every published network below `models`; raise `ModelError` if one is missing.

        A folder of models without a localiser borrows the one that comes with `kneeoa`.
        """
        self.published: dict[Architecture, PublishedModel] = {
            architecture: find_model(architecture, models) for architecture in ARCHITECTURES
        }
        self._graders = {
            name: Grader(model.file, temperature=model.temperature)
            for name, model in self.published.items()
        }
        self.localiser = Localiser(models if (models / FOLDER).exists() else DEFAULT_MODELS)
        self.together = find_together(models)
        self._ensemble = self.together and Ensemble(
            self.together.members, temperature=self.together.card["calibration"]["temperature"]
        )

    def read(self, radiograph: Radiograph, frame: Frame | None = None) -> tuple[Reading, ...]:
        """Grade one knee with both networks; without `frame`, the first that is found.

        Whether the film should be graded at all is asked of `localiser` (see `Localiser.find`).
        """
        film = self._film(radiograph, frame)
        return tuple(
            Reading(name, answers.probabilities[0], answers.evidence[0], self._hash(name))
            for name, answers in self.read_arrays(film)
        )

    def read_arrays(self, films: np.ndarray) -> Iterator[tuple[Architecture, Answers]]:
        """Grade ``(N, 224, 224)`` films with each network in turn."""
        for name, grader in self._graders.items():
            yield name, grader.grade_arrays(films)

    def read_together(
        self, radiograph: Radiograph, frame: Frame | None = None
    ) -> TogetherReading | None:
        """Grade one knee with both networks together; None where that is not published."""
        if self._ensemble is None:
            return None
        film = self._film(radiograph, frame)
        return TogetherReading(self._ensemble.grade_arrays(film)[0], self.together.weights_hash)

    def probabilities(self, films: np.ndarray) -> dict[str, np.ndarray]:
        """Return ``(N, 5)`` of each network, and of both together, under the names shown."""
        answers = {
            DISPLAY_NAME[name]: found.probabilities for name, found in self.read_arrays(films)
        }
        if self._ensemble is not None:
            answers[TOGETHER] = self._ensemble.grade_arrays(films)
        return answers

    def _film(self, radiograph, frame):
        if frame is None:
            found = self.localiser.find(radiograph)
            radiograph, frame = found.to_grade(radiograph), found.frames[0]
        return network_input(radiograph, frame)[None]

    def _hash(self, name):
        return self.published[name].weights_hash


def _batches(images, size):
    return (images[start : start + size] for start in range(0, max(1, len(images)), size))


def _as_film(images):
    return np.ascontiguousarray(images[..., None], np.float32)
