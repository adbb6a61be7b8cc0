"""How a reader's own grades agree with the networks' and with a reference, before and after. Pure.

A grade that was given with the networks' answer in sight says little of how far she and they agree
by themselves, so the two are never put together. Nor are answers of the networks as published and
under a profile, which grade as different readers do: each case keeps who answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from kneeoa.teaching import scoring
from kneeoa.teaching.scoring import Score

LEAST = 10
"""Knees below which no figure is given."""
BLOCK = 20
"""Knees of one point in time."""
COLUMNS = ("knee", "patient", "given_at", "grade", "committed", "networks", "reference", "profile")
Against = Literal["networks", "reference"]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One comparison: `what` in words, of how many `knees`, and a score where there are enough."""

    what: str
    knees: int
    score: Score | None

    @property
    def sentence(self) -> str:
        """Why there is no figure, or no interval; empty where there are both."""
        if self.score is None:
            return f"{self.knees} of at least {LEAST} knees so far."
        if why := self.score.why_no_kappa:
            return f"Kappa is not defined: {why}."
        why = self.score.why_no_interval
        return f"{why[:1].upper()}{why[1:]}." if why else ""


def comparisons(graded: pd.DataFrame) -> list[Compared]:
    """Return her grades against the networks' and the reference, and theirs against it.

    Parameters
    ----------
    graded : a row a knee in `COLUMNS`: ``knee`` names it, ``patient`` whose it is (of a film that
        does not say, the film itself: its knees are of one patient); ``grade`` is her last one,
        ``committed`` that from before she saw the networks' (empty: none); 0 to 4 or empty;
        ``profile`` is the name of the one that the networks answered under, empty as published

    Returns
    -------
    list
        Comparisons with at least one knee.
    """
    compared = []
    others: dict[Against, str] = {"networks": "The networks", "reference": "The reference"}
    for against, whom in others.items():
        for profile in profiles_of(graded) if against == "networks" else [None]:
            for before, when in ((True, "before theirs was seen"), (False, "with theirs in sight")):
                answers = answers_of(graded, against, before=before, profile=profile)
                compared.append(_compared(f"{whom}{under(profile)}, {when}", answers, graded))
    known = graded.dropna(subset=["networks", "reference"])
    theirs = known.assign(grade=known["networks"]).rename(columns={"knee": "image_id"})
    for profile in profiles_of(known):
        answers = theirs.loc[theirs["profile"] == profile, ["image_id", "reference", "grade"]]
        what = f"The networks{under(profile)} against the reference"
        compared.append(_compared(what, answers, graded))
    return [comparison for comparison in compared if comparison.knees]


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
        blocks[f"knees {start + 1} to {start + BLOCK}, until {until:%Y-%m-%d}"] = block
    return scoring.progress(blocks, _patients(graded))


def _compared(what: str, answers: pd.DataFrame, graded: pd.DataFrame) -> Compared:
    enough = len(answers) >= LEAST
    score = scoring.score(answers, _patients(graded)) if enough else None
    return Compared(what, len(answers), score)


def _patients(graded: pd.DataFrame) -> Mapping[str, str]:
    return dict(zip(graded["knee"], graded["patient"], strict=True))
