"""How a reader's own grades agree with the networks' and with a reference, before and after. Pure.

A grade that was given with the networks' answer in sight says little of how far she and they agree
by themselves, so the two are never put together. Nor are answers of the networks as published and
under a profile, which grade as different readers do: each case keeps who answered.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from kneeoa.metrics.agreement import Proportion, proportion, wilson
from kneeoa.teaching import scoring
from kneeoa.teaching.scoring import Score
from kneeoa.wording import capitalised

LEAST = 10
"""Knees below which no figure is given."""
BLOCK = 20
"""Knees of one point in time."""
COLUMNS = (
    *("knee", "patient", "given_at", "grade", "committed"),
    *("networks", "low", "high", "reference", "profile"),
)
Against = Literal["networks", "reference"]
WHOM: dict[Against, str] = {"networks": "networks' one grade", "reference": "reference"}


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One comparison: `what` in words, of how many `knees`, and a score where there are enough.

    `in_range` is how many of the knees got a grade within the range that the networks left open,
    where they are compared with.
    """

    what: str
    knees: int
    score: Score | None
    in_range: Proportion | None = None

    @property
    def sentence(self) -> str:
        """Why there is no figure, or no interval; empty where there are both."""
        if self.score is None:
            return f"{self.knees} of at least {LEAST} knees so far."
        if why := self.score.why_no_kappa:
            return f"Kappa is not defined: {why}."
        why = self.score.why_no_interval
        return f"{capitalised(why)}." if why else ""

    def interval_of(self, share: Proportion) -> tuple[float, float]:
        """Return Wilson's 95% interval (1927) of a share of the knees, both ends in [0, 1].

        The knees of a patient count as one: two of them may agree for one reason. So it is rather
        too wide than too narrow.
        """
        patients = self.score.patients if self.score else share.total
        return wilson(share.value * patients, patients)


def comparisons(graded: pd.DataFrame) -> list[Compared]:
    """Return her grades against the networks' and the reference, and theirs against it.

    Parameters
    ----------
    graded : a row a knee in `COLUMNS`: ``knee`` names it, ``patient`` whose it is (of a film that
        does not say, the film itself: its knees are of one patient); ``grade`` is her last one,
        ``committed`` that from before she saw the networks' (empty: none); 0 to 4 or empty;
        ``networks`` is their one grade, ``low`` to ``high`` the range that they left open;
        ``profile`` is the name of the one that they answered under, empty as published

    Returns
    -------
    list
        Comparisons with at least one knee.
    """
    compared = []
    for against, whom in WHOM.items():
        for profile in profiles_of(graded) if against == "networks" else [None]:
            for before, when in ((True, "before theirs was seen"), (False, "with theirs in sight")):
                answers = answers_of(graded, against, before=before, profile=profile)
                hers = "grade" if against == "networks" else ""
                what = f"The {whom}{under(profile)}, {when}"
                compared.append(_compared(what, answers, graded, ranged=hers))
    known = graded.dropna(subset=["networks", "reference"])
    theirs = known.assign(grade=known["networks"]).rename(columns={"knee": "image_id"})
    for profile in profiles_of(known):
        answers = theirs[theirs["profile"] == profile].drop(columns=["given_at", "committed"])
        what = f"The {WHOM['networks']}{under(profile)} against the reference"
        compared.append(_compared(what, answers, graded, ranged="reference"))
    return [comparison for comparison in compared if comparison.knees]


def owners(marks: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return whose films are, to draw patients anew: number, day of birth and film of each given.

    Numbers and days may be hidden, and are empty where they are not known: then the film stands for
    its patient. Two patients may have one number, which two days of birth tell.
    """
    births = Counter(number for number, _ in {mark[:2] for mark in marks if mark[1]})
    return [
        f"{number}.{born}" if number and born and births[number] > 1 else number or film
        for number, born, film in marks
    ]


def profiles_of(graded: pd.DataFrame) -> list[str]:
    """Return under which profiles the networks answered, as published (an empty name) first."""
    return sorted(set(graded["profile"]))


def under(profile: str | None) -> str:
    """Return how a profile is named behind the networks; nothing of those as published."""
    return f" under {profile}" if profile else ""


def answers_of(
    graded: pd.DataFrame, against: Against, *, before: bool, profile: str | None = None
) -> pd.DataFrame:
    """Return her grades against another's as `scoring.score` takes them, in order of time.

    Where a `profile` is named, of knees that were answered under it (empty: as published). With
    `before`, those from before she saw the networks' answer; else only knees that she graded with
    it in sight from the first.
    """
    if profile is not None:
        graded = graded[graded["profile"] == profile]
    mine = graded["committed"] if before else graded["grade"].where(graded["committed"].isna())
    table = pd.DataFrame(
        {
            "image_id": graded["knee"],
            "reference": graded[against],
            "grade": mine,
            "given_at": graded["given_at"],
            "low": graded["low"],
            "high": graded["high"],
        }
    )
    table = table.dropna(subset=["reference", "grade"])
    return table.sort_values("given_at", kind="stable", ignore_index=True)


def over_time(
    graded: pd.DataFrame, against: Against, *, before: bool, profile: str | None = None
) -> pd.DataFrame:
    """Return `scoring.progress` over blocks of `BLOCK` knees in order of time, whole ones alone."""
    answers = answers_of(graded, against, before=before, profile=profile)
    blocks = {}
    for start in range(0, len(answers) - BLOCK + 1, BLOCK):
        block = answers.iloc[start : start + BLOCK]
        until = block["given_at"].iloc[-1]
        blocks[f"knees {start + 1} to {start + BLOCK}, until {until:%Y-%m-%d} UTC"] = block
    return scoring.progress(blocks, _patients(graded))


def differing(graded: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in which her grade is not the networks' one grade, the furthest apart first.

    With ``mine``, her grade as it is compared: from before she saw theirs, where there is one; and
    ``apart``, by how many grades it is above theirs, -4 to 4.
    """
    mine = graded["committed"].fillna(graded["grade"])
    apart = mine - graded["networks"]
    differs = graded.assign(mine=mine, apart=apart)[(apart != 0).fillna(False)]
    order = differs["apart"].abs().sort_values(ascending=False, kind="stable")
    return differs.loc[order.index].reset_index(drop=True)


def _compared(what: str, answers: pd.DataFrame, graded: pd.DataFrame, *, ranged: str) -> Compared:
    """Compare; `ranged` is the column of grades to look for in the networks' range, or nothing."""
    enough = len(answers) >= LEAST
    score = scoring.score(answers, _patients(graded)) if enough else None
    in_range = None
    if enough and ranged:
        holds = answers[ranged].between(answers["low"], answers["high"])
        in_range = proportion(int(holds.fillna(False).sum()), len(answers))
    return Compared(what, len(answers), score, in_range)


def _patients(graded: pd.DataFrame) -> Mapping[str, str]:
    return dict(zip(graded["knee"], graded["patient"], strict=True))
