"""What the networks may see of a graded film: its knee's box, and all of it."""

from dataclasses import dataclass, replace

import numpy as np

from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.framing import overlap
from kneeoa.graders.locating.found import Found, Knee


@dataclass(frozen=True, slots=True, eq=False)
class Framed:
    """What the networks may see of a film.

    Attributes
    ----------
    image : (224, 224) float32 in [0, 255], the knee's box
    whole : the same of the whole film; None where it shows more than one knee
    overlap : how much of the film the box is, in [0, 1]
    remarks : what there is to bear in mind with a grade, in sentences
    """

    image: np.ndarray
    whole: np.ndarray | None = None
    overlap: float = 0.0
    remarks: tuple[str, ...] = ()

    @classmethod
    def of_knee(
        cls, radiograph: Radiograph, located: Found, knee: Knee, side: str = ""
    ) -> "Framed":
        """Return what is seen of `knee`; `radiograph` is the film as it is graded.

        `side` is what the grades call it: ``"L"``, ``"R"``, or empty where they do not say.
        """
        called = replace(knee, side=side or knee.side)
        whole = None
        if len(located.knees) == 1:
            whole = network_input(radiograph, Frame.whole(radiograph))
        return cls(
            network_input(radiograph, knee.frame),
            whole,
            overlap(radiograph, knee.frame),
            (*radiograph.notes, *(finding.sentence for finding in located.against(called))),
        )
