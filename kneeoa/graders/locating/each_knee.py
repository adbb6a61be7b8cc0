"""What stands against each knee of a film, and which side of the patient it is."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating import frame_gate, gate
from kneeoa.graders.locating.answers import Answer
from kneeoa.graders.locating.found import Knee, refusal_in
from kneeoa.graders.locating.header_gate import is_of_header
from kneeoa.graders.locating.spoilt import Spoilt
from kneeoa.graders.locating.symmetry import likeness_to_right

Findings = tuple[gate.Finding, ...]
Seen = np.ndarray | None
_CLEARLY = 0.3
"""Likeness to a side's knees (see `likeness_to_right`) from which one is of it. To those of the
other side none of 826 validation knees has more than 0.1, of 150 on another hospital's films of
both one, which is turned about its axis; to those of their own 822 of the 826 have more."""


def seen_in(radiograph: Radiograph, frames: Iterable[Frame]) -> list[Seen]:
    """Return what the networks see in each frame, as `frame_gate.seen_in`."""
    return [frame_gate.seen_in(radiograph, frame) for frame in frames]


def checked(
    radiograph: Radiograph,
    knees: Sequence[Knee],
    answers: Sequence[Answer],
    spoilt: Spoilt | None,
    negative: bool,
    seen: Sequence[Seen],
) -> list[Knee]:
    """Return the knees, which `answers` are about, with what stands against each of them."""
    against = of_frames(
        radiograph,
        [knee.frame for knee in knees],
        spoilt,
        negative=negative,
        seen=seen,
        before=[
            _by_answer(answer, beside)
            for answer, beside in zip(
                answers, answers[::-1] if len(answers) > 1 else [None], strict=True
            )
        ],
    )
    return [replace(knee, findings=these) for knee, these in zip(knees, against, strict=True)]


def _by_answer(answer: Answer, beside: Answer | None) -> Findings:
    """Return what the localiser says of a knee looked at closer; of a lone one's metal the film."""
    doubts = (
        gate.doubtful(answer.frontal, None if beside is None else beside.frontal),
        None if beside is None else gate.has_metal(answer.implant),
    )
    return tuple(finding for finding in doubts if finding is not None)


def of_frames(
    radiograph: Radiograph,
    frames: Sequence[Frame],
    spoilt: Spoilt | None,
    *,
    negative: bool,
    before: Sequence[Findings] | None = None,
    seen: Sequence[Seen] | None = None,
) -> list[Findings]:
    """Return what stands against each of some frames on a film, after what did `before`.

    `seen` is as `seen_in` gives it, where it is known already: of a large film it takes long.
    Those that nothing else refuses are looked at by `spoilt`; of a `negative` at its positive,
    which is what the graders see.
    """
    seen = seen_in(radiograph, frames) if seen is None else seen
    findings = [
        (*known, *frame_gate.against(radiograph, frame, inside))
        for known, frame, inside in zip(before or [()] * len(frames), frames, seen, strict=True)
    ]
    left = {
        number: 255 - inside if negative else inside
        for number, inside in enumerate(seen)
        if inside is not None and refusal_in(findings[number]) is None
    }
    if spoilt is not None and left:
        for number, finding in zip(left, spoilt.against([*left.values()]), strict=True):
            if finding is not None:
                findings[number] = (finding, *findings[number])
    return findings


def of_knee_in(frame: Frame, knees: Sequence[Knee]) -> Findings:
    """Return what stands against the knee itself, of some `knees`, that a frame shows most of."""
    number = gate.shown_most(frame, [knee.frame for knee in knees])
    findings = () if number is None else knees[number].findings
    return tuple(finding for finding in findings if gate.is_of_knee(finding))


def is_frontal(of_film: Findings) -> bool:
    """Return whether nothing that is seen of a film refuses it, whatever its file says."""
    return refusal_in(finding for finding in of_film if not is_of_header(finding)) is None


def sided(
    radiograph: Radiograph, knees: Sequence[Knee], of_film: Findings, seen: Sequence[Seen]
) -> tuple[list[Knee], Findings]:
    """Return the knees with shape and side, and what stands against their film.

    `seen` is what the networks see of each knee of a film that nothing seen refuses. Of one that is
    a negative by `of_film` the positive's shapes count.
    """
    of_film = tuple(finding for finding in of_film if finding != gate.SIDES)
    is_usual = is_frontal(of_film)
    if is_usual:
        negative = gate.NEGATIVE in of_film
        knees = [
            replace(knee, shape=shape_of(inside, knee, negative=negative))
            for inside, knee in zip(seen, knees, strict=True)
        ]
        if are_on_other_sides(knees):
            of_film, is_usual = (*of_film, gate.SIDES), False
    sides = sides_of(radiograph, knees, is_frontal=is_usual)
    return [replace(knee, side=side) for knee, side in zip(knees, sides, strict=True)], of_film


def shape_of(seen: Seen, knee: Knee, *, negative: bool) -> str:
    """Return of which side a knee, `seen` so, is by shape, as `Knee.shape`; of one refused none."""
    if seen is None or refusal_in(knee.findings) is not None:
        return "unknown"
    likeness = likeness_to_right(255 - seen if negative else seen)
    if abs(likeness) <= _CLEARLY:
        return "unknown"
    return "R" if likeness > 0 else "L"


def are_on_other_sides(knees: Sequence[Knee]) -> bool:
    """Return whether one of two knees is shaped like one of the other side than where it lies.

    So it is in two films of one side, and in one knee shown twice. A film of both that is mirrored
    looks like one that is not.
    """
    # On the left of the image lies the right knee.
    return len(knees) == 2 and any(
        knee.shape not in (side, "unknown") for knee, side in zip(knees, "RL", strict=True)
    )


def sides_of(radiograph: Radiograph, knees: Sequence[Knee], *, is_frontal: bool) -> tuple[str, ...]:
    """By DICOM for one knee; two lie as on any frontal film, the patient facing the reader.

    Not where the file says that the picture is mirrored: that is set wrong too often to be believed
    against the picture, and too often right to be passed over. Nor where it names one side, be it
    against another attribute, as two films of one knee may be put together; nor beside a box that
    holds no knee. Nor unless it `is_frontal`, one upright film of both, each knee on its side: a
    turned one may be mirrored as well.
    """
    if len(knees) == 1:
        return (radiograph.laterality or "unknown",)
    is_open = (
        not is_frontal
        or radiograph.header.mirrored
        or radiograph.laterality is not None
        or radiograph.header.one_side
        or any({gate.NOT_A_KNEE, gate.SPOILT} & {*knee.findings} for knee in knees)
    )
    return ("unknown", "unknown") if is_open else ("R", "L")
