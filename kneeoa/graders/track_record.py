"""How often an answer was right before, in a sentence that says whose films that was on.

A figure from the Osteoarthritis Initiative tells nothing of a film unlike them, and nothing of
another hospital's readers: under a profile the figure is that of the profile's films, and for a
film that is unlike what the networks know there is none.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kneeoa.films.frames import Frame
from kneeoa.films.header import of_the_picture
from kneeoa.graders.answer import Answer
from kneeoa.graders.framing import WHOLE
from kneeoa.graders.locating.gate import Finding
from kneeoa.graders.profile import Profile
from kneeoa.graders.together import FOLDER
from kneeoa.grades import KLGrade
from kneeoa.metrics import agreement, conformal

UNLIKE = (
    "it was measured on crops of one study (OAI) and its readers, and this film is unlike them. "
    "How the networks do on yours, fifty graded films tell (Research: Your own films)."
)
DRAWN = "this is a drawing, and what was measured on films says nothing of it."
UNLIKE_ITS_FILMS = (
    "it was measured on films framed as the profile frames them and with nothing against them, and "
    "this one is not."
)
LEARNT_FROM_IT = (
    "This profile learnt from this very film and the grade it was given: that the networks agree "
    "here says nothing."
)
FEWEST = 5
"""Answers below which a share says nothing; they are counted instead."""


def published_record(card: Mapping[str, Any]) -> Sequence[Mapping[str, Any] | None]:
    """Return how often each grade was right on the test films, by the rule that `card` names.

    For each grade ``value, low, high, count, total``, or None where it was never the answer. A card
    without ``answer`` has it of the most probable grade.
    """
    if "answer" in card:
        return card["answer"]["predictive_values"]
    return card["metrics"]["test"]["predictive_values"]


def of_answer(
    grade: KLGrade,
    card: Mapping[str, Any],
    profile: Profile | None,
    *,
    measured: bool,
    drawn: bool = False,
) -> str:
    """Return how often both networks together were right before when `grade` was their one grade.

    That counts all knees of that one grade, whatever the range was. Without `measured`, or where it
    is `drawn`, the film is unlike those of the record, which is then not given. Under a `profile`
    the record is that of its films.
    """
    unlike = ""
    if drawn or not measured:
        unlike = DRAWN if drawn else UNLIKE if profile is None else UNLIKE_ITS_FILMS
    if profile is None:
        return sentence(grade, published_record(card), in_ranges="answer" in card, unlike=unlike)
    return sentence(
        grade,
        profile.record.track_record[FOLDER],
        readers="its readers",
        films=f"films of {profile.name}",
        in_ranges=True,
        unlike=unlike,
    )


def of_range(answer: Answer, ranges: np.ndarray, grades: np.ndarray) -> str:
    """Return how often a range such as that of `answer` held the reference's grade before.

    Parameters
    ----------
    ranges : (N, 2) int, lowest and highest grade that was said of each test knee
    grades : (N,) int in 0-4, the reference's

    Returns
    -------
    str
        A sentence, with Wilson's 95% interval (1927), knees taken as independent; empty where no
        test knee had that range.
    """
    alike = (ranges == (int(answer.low), int(answer.high))).all(axis=1)
    held = conformal.holds(ranges[alike], grades[alike])
    share = agreement.proportion(int(held.sum()), len(held))
    if share is None:
        return ""
    times = f"{share.count:.0f} of {share.total:.0f}"
    if share.total < FEWEST:
        return f"{answer.text} held it on {times} knees."
    interval = f"{share.low:.0%} to {share.high:.0%}"
    return f"{answer.text} held it in {share.value:.0%} ({interval}; {times} knees)."


def is_like(
    findings: Sequence[Finding],
    frame: Frame,
    shape: tuple[int, int],
    profile: Profile | None,
    *,
    notes: Sequence[str],
    as_proposed: bool,
) -> bool:
    """Return whether a knee is like those that the track record was measured on.

    As published: crops of one study's films, ``(H, W)`` of `shape`. Under a profile: films framed
    `as_proposed`, and whole where it was fitted to whole ones. Of neither are those with anything
    against them but, under a profile, that a box reaches past the film; what `notes` on the film
    tell of its picture is against it, too.
    """
    if of_the_picture(notes):
        return False
    if profile is None:
        return not findings and frame == Frame(0, 0, *shape)
    height, width = shape
    is_whole = (frame.top, frame.left, frame.height, frame.width) == (0, 0, height, width)
    if profile.record.framing == WHOLE and not is_whole:
        return False
    return as_proposed and all(finding.code == "cut-off" for finding in findings)


def sentence(
    grade: KLGrade,
    record: Sequence[Mapping[str, Any] | None],
    *,
    readers: str = "the reference",
    films: str = "test knees of the OAI",
    in_ranges: bool = False,
    unlike: str = "",
) -> str:
    """Return how often `readers` agreed when this `grade` was the answer.

    Parameters
    ----------
    record : from `published_record`, or a profile's `track_record`
    films : whose films, in the plural
    in_ranges : whether a range leads the answer, of which this is the one grade: to be said, since
        a range of one grade is right at another rate
    unlike : why the film is not one of those; the sentence then gives no figure
    """
    if unlike:
        return f"No track record: {unlike}"
    value = record[int(grade)]
    what = "one grade" if in_ranges else "answer"
    if value is None:
        return f"{grade.label} was never the {what} on {films}."
    when = f"When {grade.label} was the {what}{', alone or in a range' if in_ranges else ''}"
    # As whole numbers, whatever they were read as.
    times = f"{value['count']:.0f} of {value['total']:.0f}"
    if value["total"] < FEWEST:
        return f"{when}, {readers} agreed on {times} {films}."
    return (
        f"{when}, {readers} agreed in {value['value']:.0%} "
        f"({value['low']:.0%} to {value['high']:.0%}; {times} {films})."
    )
