"""A film of the server's own folders, as the reading page or a published table answers it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.grading import Reading
from kneeoa.graders.locating.found import Found
from kneeoa.graders.locating.gate import REFUSED, WARNED, Finding
from kneeoa.graders.together import FOLDER, TogetherReading
from kneeoa.networks import DISPLAY_NAME, TOGETHER
from kneeoa.teaching.films import RecordedAnswer

AS_IT_LIES = (
    "It is taken here as on the reading page. Published and recorded answers were given to the "
    "whole square as it lies in the data set."
)
AS_RECORDED = (
    "These answers are the published ones{square}: they are the ones that are counted, and have no "
    "map here."
)
_SQUARE = ", given to the whole square as it lies in the data set"
_NAMES = {**DISPLAY_NAME, FOLDER: TOGETHER}


@dataclass(frozen=True, slots=True, eq=False)
class FolderFilm:
    """A film of the server's own folders, shown as the reading page does.

    Attributes
    ----------
    radiograph : as it is graded: of a negative its positive
    frame : of the knee that was found first
    findings : what stands against grading it, refusals first
    negative : whether it came as a negative
    readings, together : of the published networks on the reading page; none of a film that is
        refused, and no answer of both together where that is not published
    recorded : published answers that stand in their place; mostly none
    """

    radiograph: Radiograph
    frame: Frame
    findings: tuple[Finding, ...]
    negative: bool = False
    readings: tuple[Reading, ...] = ()
    together: TogetherReading | None = None
    recorded: tuple[RecordedAnswer, ...] = ()

    @classmethod
    def as_found(cls, radiograph: Radiograph, located: Found) -> "FolderFilm":
        """Return a film with its first knee that was `located`, not answered yet."""
        knee = located.knees[0]
        graded = located.to_grade(radiograph)
        return cls(graded, knee.frame, located.against(knee), located.negative)

    def answered(
        self, readings: tuple[Reading, ...], together: TogetherReading | None
    ) -> "FolderFilm":
        """Return it with what the networks say."""
        return replace(self, readings=readings, together=together)

    def as_recorded(self, recorded: Sequence[RecordedAnswer]) -> "FolderFilm":
        """Return it answered by what is `recorded` of it, where it is read otherwise.

        Where it is read with the same grades, a square as it lies there, the readings are the
        recorded answers, and have maps.
        """
        read = self._grades_read()
        same = all(read.get(answer.name) == answer.said for answer in recorded)
        if same and self._is_read_as_published():
            return self
        return replace(self, recorded=tuple(recorded))

    @property
    def networks(self) -> tuple[Reading | RecordedAnswer, ...]:
        """What each network is shown and counted with."""
        if self.recorded:
            names = {answer.name for answer in self.recorded}
            read = (reading for reading in self.readings if reading.architecture not in names)
            return (*(answer for answer in self.recorded if answer.name != FOLDER), *read)
        return self.readings

    @property
    def both(self) -> TogetherReading | RecordedAnswer | None:
        """What both networks together are shown with."""
        if self.recorded:
            return next((answer for answer in self.recorded if answer.name == FOLDER), None)
        return self.together

    @property
    def mapped(self) -> tuple[Reading, ...]:
        """The readings whose maps belong to the answers that are shown."""
        return () if self.recorded else self.readings

    @property
    def refused(self) -> str:
        """Why it is not graded, in sentences; empty where it is."""
        return " ".join(self._sentences(REFUSED))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to bear in mind with the answer, and with one that is recorded, in sentences."""
        told = [*self.radiograph.notes, *self._sentences(WARNED)]
        height, width = self.radiograph.pixels.shape
        if self.recorded:
            # First, for what else is said is of what the reading page does with the film.
            grades = [f"{_NAMES[name]} KL {grade}" for name, grade in self._grades_read().items()]
            read = f" The reading page says of it: {', '.join(grades)}." if grades else ""
            return (AS_RECORDED.format(square=_SQUARE * (height == width)) + read, *told)
        if not self._is_read_as_published() and height == width:
            told.append(AS_IT_LIES)
        return tuple(told)

    def _is_read_as_published(self) -> bool:
        """Return whether tables of predictions are of what is read: of squares as they are, of
        other films framed as here (`kneeoa.data.cache`)."""
        height, width = self.radiograph.pixels.shape
        is_whole = self.frame == Frame.whole(self.radiograph, self.frame.name)
        return not self.refused and (height != width or (is_whole and not self.negative))

    def _grades_read(self) -> dict[str, int]:
        grades = {FOLDER: int(self.together.said)} if self.together else {}
        return grades | {reading.architecture: int(reading.said) for reading in self.readings}

    def _sentences(self, severity: str) -> list[str]:
        return [finding.sentence for finding in self.findings if finding.severity == severity]
