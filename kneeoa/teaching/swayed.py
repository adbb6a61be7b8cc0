"""AI or not: rounds with the network's answer before, after, or not at all; how it sways a reader.

Automation bias is following a machine that is wrong (Goddard et al. 2012, JAMIA 19:121). The
answers shown are the network's own: the wrong ones are its real errors.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from kneeoa.analysis.findings import LEVEL
from kneeoa.errors import DataError
from kneeoa.metrics.agreement import Proportion, proportion
from kneeoa.teaching.answers import first_seen
from kneeoa.teaching.exam import Exam, ExamFilm, draw_exam
from kneeoa.teaching.films import TeachingFilm
from kneeoa.teaching.scoring import FEWEST
from kneeoa.wording import p_text

WHEN = {"never": "not shown", "before": "shown before", "after": "shown after"}
WRONG_SHARE = 0.4
"""Share of the films on which the network is wrong: enough to measure, not so many as to warn."""


@dataclass(frozen=True, slots=True)
class Round:
    """When the answer of the network to a film is shown, and which it is."""

    image_id: str
    when: str
    network_grade: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing measured: what, and how often with its interval; None: it never came up."""

    what: str
    share: Proportion | None


def draw_rounds(
    films: Collection[TeachingFilm],
    network_grades: Mapping[str, int],
    count: int,
    *,
    seed: int,
) -> tuple[Exam, tuple[Round, ...]]:
    """Return an exam of at most `count` films with the round of each.

    About `WRONG_SHARE` are films on which the network is wrong, as far as there are any. Each of
    right and wrong films is spread evenly over the three ways of showing. Raises `DataError` when
    the network has not graded any of the films.
    """
    known = [film for film in films if film.image_id in network_grades]
    if not known:
        raise DataError("Expected films that the network has graded. There are none.")
    wrong = [film for film in known if network_grades[film.image_id] != film.grade]
    right = [film for film in known if network_grades[film.image_id] == film.grade]
    wanted = min(len(wrong), round(count * WRONG_SHARE))
    wanted = max(wanted, min(len(wrong), count - len(right)))
    owners = {film.image_id: film.patient_id for film in known}
    parts: list[tuple[ExamFilm, ...]] = []
    for candidates, size in ((wrong, wanted), (right, count - wanted)):
        if candidates and size:
            taken = {owners[film.image_id] for part in parts for film in part}
            parts.append(draw_exam(candidates, size, seed=seed, taken=taken).films)
    draw = np.random.default_rng([seed, 1])
    planned = []
    for part in parts:
        ways = np.resize(draw.permutation(list(WHEN)), len(part))
        planned += [(film, str(way)) for film, way in zip(part, ways, strict=True)]
    order = draw.permutation(len(planned))
    shown = [planned[i] for i in order]
    exam = Exam("", seed, tuple(range(5)), tuple(film for film, _ in shown))
    rounds = tuple(
        Round(film.image_id, way, int(network_grades[film.image_id])) for film, way in shown
    )
    return exam, rounds


def pooled(sessions: Sequence[pd.DataFrame], network: str) -> pd.DataFrame:
    """Return a learner's answers beside `network` as one table for `findings`.

    `sessions` are all of hers, plain practice too, as from `kneeoa.store.answers.answers_of`. Of
    each film its first appearance counts and no other: later she has been told its grade.
    """
    first = first_seen(sessions)
    return first[first["network"] == network].reset_index(drop=True)


def findings(answers: pd.DataFrame) -> list[Finding]:
    """Return what the answer of the network did to the reader's.

    `answers` has ``reference, grade, first_grade`` (her answer before she saw the network's),
    ``shown_when`` and ``shown_grade`` (the network's, shown or not); films without a grade are
    left out.
    """
    graded = answers.dropna(subset=["grade", "shown_grade"])
    wrong = graded["shown_grade"] != graded["reference"]
    follows = graded["grade"] == graded["shown_grade"]
    is_right = graded["grade"] == graded["reference"]
    never, before = (graded["shown_when"] == way for way in ("never", "before"))
    after = (graded["shown_when"] == "after") & graded["first_grade"].notna()
    differed = after & (graded["first_grade"] != graded["shown_grade"])

    def share(what: str, among: np.ndarray, which: np.ndarray) -> Finding:
        return Finding(what, proportion(int((which & among).sum()), int(among.sum())))

    return [
        share("Right without the network", never, is_right),
        share("Right when it was shown before and right", before & ~wrong, is_right),
        share("Right when it was shown before and wrong", before & wrong, is_right),
        share("Gave the network's wrong grade without seeing it", never & wrong, follows),
        share("Gave the network's wrong grade after seeing it first", before & wrong, follows),
        share("Changed to the network's grade when it was right", differed & ~wrong, follows),
        share("Changed to the network's grade when it was wrong", differed & wrong, follows),
    ]


def in_words(answers: pd.DataFrame) -> str:
    """Return what stands out of `findings`, in a sentence that says no more than they do."""
    shares = {finding.what: finding.share for finding in findings(answers)}
    alone = shares["Gave the network's wrong grade without seeing it"]
    led = shares["Gave the network's wrong grade after seeing it first"]
    if alone is None or led is None:
        return "Too few rounds to say how the network swayed you: play more."
    sentence = (
        f"Where the network was wrong, you gave its grade in {led.count} of {led.total} films that "
        f"showed it first, and in {alone.count} of {alone.total} that did not show it."
    )
    table = [[share.count, share.total - share.count] for share in (led, alone)]
    p = stats.fisher_exact(table).pvalue
    if p < LEVEL and led.value > alone.value:
        return f"{sentence} Seeing it first led you astray ({p_text(p)}, Fisher's exact test)."
    if p < LEVEL:
        return f"{sentence} So it warned you, if anything ({p_text(p)}, Fisher's exact test)."
    few = min(led.total, alone.total) < FEWEST
    if led.value == alone.value:
        return f"{sentence} No difference was seen{', on too few films to tell' if few else ''}."
    if few:
        return f"{sentence} These are too few films to tell."
    return f"{sentence} That may be chance ({p_text(p)}, Fisher's exact test)."
