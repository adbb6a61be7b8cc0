"""A film of the server's own folders, as the reading page would show and answer it."""

from dataclasses import dataclass, replace

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.grading import Reading
from kneeoa.graders.locating.found import Found
from kneeoa.graders.locating.gate import REFUSED, WARNED, Finding
from kneeoa.graders.together import TogetherReading

AS_IT_LIES = (
    "It is read here as on the reading page. Published and recorded answers were given to the "
    "whole square as it lies in the data set."
)


@dataclass(frozen=True, slots=True, eq=False)
class FolderFilm:
    """A film of the server's own folders, shown and answered as the reading page does.

    Attributes
    ----------
    radiograph : as it is graded: of a negative its positive
    frame : of the knee that was found first
    findings : what stands against grading it, refusals first
    negative : whether it came as a negative
    readings, together : of the published networks; none of a film that is refused, and no answer of
        both together where that is not published
    """

    radiograph: Radiograph
    frame: Frame
    findings: tuple[Finding, ...]
    negative: bool = False
    readings: tuple[Reading, ...] = ()
    together: TogetherReading | None = None

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

    @property
    def refused(self) -> str:
        """Why it is not graded, in sentences; empty where it is."""
        return " ".join(self._sentences(REFUSED))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to bear in mind with the answer, and with one that is recorded, in sentences."""
        told = [*self.radiograph.notes, *self._sentences(WARNED)]
        height, width = self.radiograph.pixels.shape
        is_whole = self.frame == Frame.whole(self.radiograph, self.frame.name)
        # A square is what tables of predictions are of, as it is (`kneeoa.data.cache`).
        if height == width and (self.negative or not is_whole):
            told.append(AS_IT_LIES)
        return tuple(told)

    def _sentences(self, severity: str) -> list[str]:
        return [finding.sentence for finding in self.findings if finding.severity == severity]
