"""Films -> readings: grade probabilities and exact Grad-CAM evidence from one forward pass.

Served by ONNX Runtime, so that neither start-up nor a reading imports TensorFlow.
"""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kneeoa.errors import ModelError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.answer import Answer, Answered, AnswerRule, rule_of
from kneeoa.graders.framing import framed
from kneeoa.graders.locating import localiser
from kneeoa.graders.locating.found import Found
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.profile import Profile
from kneeoa.graders.published import DEFAULT_MODELS, PublishedModel, find_model
from kneeoa.graders.serving import Answers, Ensemble, Grader
from kneeoa.graders.together import FOLDER, TogetherReading, find_together
from kneeoa.graders.track_record import LEARNT_FROM_IT
from kneeoa.networks import ARCHITECTURES, DISPLAY_NAME, TOGETHER, Architecture


@dataclass(frozen=True, slots=True, eq=False)
class Reading(Answered):
    """What one network says of one knee.

    Attributes
    ----------
    probabilities : (5,) float32 summing to 1
    evidence : (7, 7, 5) float32, signed; see `kneeoa.graders.gradcam`
    weights_hash : SHA-256 of the model file that gave both
    answer : the headline grade and the set by the card's rule; None where the card has no rule
    profile : whose readers' habit it follows; None as published
    """

    architecture: Architecture
    probabilities: np.ndarray
    evidence: np.ndarray
    weights_hash: str
    answer: Answer | None = None
    profile: Profile | None = None


def folders_of(models: Path) -> tuple[Path, ...]:
    """Return the folders that `Graders` reads: `models`, and where the localiser is borrowed."""
    has_one = (models / localiser.FOLDER).exists()
    return (models,) if has_one else (models, DEFAULT_MODELS)


class Graders:
    """Both published networks, both together where that is published, and the localiser.

    Under a `profile` they answer as its readers grade; `under` gives the same networks under
    another one, or as published, without loading them again.
    """

    def __init__(self, models: Path = DEFAULT_MODELS, *, profile: Profile | None = None) -> None:
        """Load every published network below `models`; raise `ModelError` if one is missing.

        So it does when `profile` was fitted for other networks. A folder of models without a
        localiser borrows the one that comes with `kneeoa`.
        """
        self.published: dict[Architecture, PublishedModel] = {
            architecture: find_model(architecture, models) for architecture in ARCHITECTURES
        }
        self._graders = {
            name: Grader(model.file, temperature=model.temperature)
            for name, model in self.published.items()
        }
        self.localiser = Localiser(folders_of(models)[-1])
        self.together = find_together(models)
        self._ensemble: Ensemble | None = None
        if self.together:
            temperature = self.together.card["calibration"]["temperature"]
            self._ensemble = Ensemble(
                self.together.members, temperature=temperature, loaded=self._graders.values()
            )
        self._follow(profile)

    @property
    def files(self) -> dict[str, Path]:
        """The file of each network that answers, alone or together, by its SHA-256."""
        members = self.together.members if self.together else ()
        return {model.weights_hash: model.file for model in self.published.values()} | {
            member.weights_hash: member.file for member in members
        }

    def under(self, profile: Profile | None) -> "Graders":
        """Return the same networks under `profile`, or as published; raise as `__init__` does."""
        if profile is self.profile:
            return self
        graders = copy.copy(self)
        graders._follow(profile)
        return graders

    def find(self, radiograph: Radiograph) -> Found:
        """Return the knees of a film, framed as they are graded, and what speaks against it."""
        record = self.profile.record if self.profile else None
        return framed(record, radiograph, self.localiser.find(radiograph))

    def notes_on(self, radiograph: Radiograph) -> tuple[str, ...]:
        """Return what else there is to know of a film and of who grades it, in sentences."""
        if self.profile is None or not self.profile.learnt_from(radiograph.digest):
            return radiograph.notes
        return (*radiograph.notes, LEARNT_FROM_IT)

    def read(self, radiograph: Radiograph, frame: Frame | None = None) -> tuple[Reading, ...]:
        """Grade one knee with both networks; without `frame`, the first that is found.

        Whether the film should be graded at all is what `find` says.
        """
        return self._readings(self._answers(self._film(radiograph, frame)))

    def read_both(
        self, radiograph: Radiograph, frame: Frame | None = None
    ) -> tuple[tuple[Reading, ...], TogetherReading | None]:
        """Grade one knee with each network, as `read` does, and with both together.

        The second is None where both together are not published.
        """
        film = self._film(radiograph, frame)
        answers = self._answers(film)
        probabilities = self._together(film, answers)
        if probabilities is None or self.together is None:
            return self._readings(answers), None
        return self._readings(answers), TogetherReading(
            probabilities[0],
            self.together.weights_hash,
            self._answer(FOLDER, probabilities[0]),
            self.profile,
        )

    def served(self, name: Architecture) -> Grader:
        """Return one of the two networks, as it grades here."""
        return self._graders[name]

    def probabilities(self, films: np.ndarray) -> dict[str, np.ndarray]:
        """Return ``(N, 5)`` of each network, and of both together, under the names shown."""
        shown = {**DISPLAY_NAME, FOLDER: TOGETHER}
        return {shown[name]: shares for name, shares in self.grade_arrays(films).items()}

    def grade_arrays(self, films: np.ndarray, *, together: bool = True) -> dict[str, np.ndarray]:
        """Return what ``(N, 224, 224)`` films are given: ``(N, 5)`` by each network.

        With `together` by both, too, where that is published. The keys are those of `rules`.
        """
        answers = self._answers(films)
        probabilities: dict[str, np.ndarray] = {
            name: output.probabilities for name, output in answers.items()
        }
        if together and (both := self._together(films, answers)) is not None:
            probabilities[FOLDER] = both
        return probabilities

    def _answers(self, films: np.ndarray) -> dict[Architecture, Answers]:
        return {name: grader.grade_arrays(films) for name, grader in self._graders.items()}

    def _together(
        self, films: np.ndarray, answers: dict[Architecture, Answers]
    ) -> np.ndarray | None:
        if self._ensemble is None:
            return None
        known = {self._graders[name].file: output.logits for name, output in answers.items()}
        return self._ensemble.grade_arrays(films, known=known)

    def _readings(self, answers: dict[Architecture, Answers]) -> tuple[Reading, ...]:
        return tuple(
            Reading(
                name,
                output.probabilities[0],
                output.evidence[0],
                self._hash(name),
                self._answer(name, output.probabilities[0]),
                self.profile,
            )
            for name, output in answers.items()
        )

    def _film(self, radiograph: Radiograph, frame: Frame | None) -> np.ndarray:
        if frame is None:
            located = self.find(radiograph)
            radiograph, frame = located.to_grade(radiograph), located.frames[0]
        return network_input(radiograph, frame)[None]

    def _follow(self, profile: Profile | None) -> None:
        heads = profile.heads if profile else {}
        if profile and (missing := self.files.keys() - heads.keys()):
            raise ModelError(
                f"Expected a profile of the published networks. {profile.name!r} was fitted for "
                f"others (SHA-256 {min(missing)[:12]}... is not among them): fit it anew with "
                "`python -m kneeoa adapt`."
            )
        self._graders = {
            name: grader.under(heads.get(self._hash(name)))
            for name, grader in self._graders.items()
        }
        if self._ensemble:
            self._ensemble = self._ensemble.under(heads)
        self.profile = profile
        self.rules: dict[str, AnswerRule | None] = self._published_rules()
        if profile:
            if missing := self.rules.keys() - profile.record.answers.keys():
                raise ModelError(
                    f"Expected a profile that says how {min(missing)} answers. {profile.name!r} "
                    "does not: fit it anew with `python -m kneeoa adapt`."
                )
            self.rules |= profile.record.answers

    def _published_rules(self) -> dict[str, AnswerRule | None]:
        cards: dict[str, dict[str, Any]] = {
            name: model.card for name, model in self.published.items()
        }
        if self.together:
            cards[FOLDER] = self.together.card
        return {name: rule_of(card) for name, card in cards.items()}

    def _answer(self, name: str, probabilities: np.ndarray) -> Answer | None:
        rule = self.rules[name]
        return None if rule is None else rule.answer(probabilities)

    def _hash(self, name: Architecture) -> str:
        return self.published[name].weights_hash
