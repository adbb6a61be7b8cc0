"""What a learner's answers are, row by row: given, thought over, out of time, never asked.

A table of answers is as from `kneeoa.store.answers.answers_of`. A row without a grade is one of
three: of a film that could not be shown (nothing else in it), of one whose time was up (it has a
time), or of one that she thinks over after she saw the network's answer (it has a first grade).
"""

from collections.abc import Sequence

import pandas as pd

_READ = (
    "image_id",
    "reference",
    "grade",
    "first_grade",
    "shown_when",
    "shown_grade",
    "network",
    "number",
)


def thought_over(answers: pd.DataFrame) -> pd.Series:
    """Return which rows hold a first grade alone: the film is still to be graded."""
    return answers["grade"].isna() & answers["first_grade"].notna()


def never_shown(answers: pd.DataFrame) -> pd.Series:
    """Return which rows are of films that could not be shown."""
    return answers[["grade", "first_grade", "seconds"]].isna().all(axis=1)


def settled(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of films that are done with, however."""
    return answers[~thought_over(answers)].reset_index(drop=True)


def first_seen(sessions: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the first appearance of each film over all `sessions`, as they came.

    A film that could not be shown did not appear.
    """
    filled = [session for session in sessions if len(session)]
    if not filled:
        return pd.DataFrame(columns=list(_READ))
    answers = pd.concat(filled)
    seen = answers[~never_shown(answers)].sort_values("number", kind="stable")
    return seen.drop_duplicates("image_id", ignore_index=True)


def have_seen_films(sessions: Sequence[pd.DataFrame]) -> list[bool]:
    """Return of each of `sessions` whether any of its films had appeared in another one before.

    Of such a film the reference was told; what was missed is drawn again the more readily.
    """
    seen = first_seen(sessions)
    first = dict(zip(seen["image_id"], seen["number"], strict=True))
    shown = [answers[~never_shown(answers)] for answers in sessions]
    return [
        any(first[name] < nth for name, nth in zip(rows["image_id"], rows["number"], strict=True))
        for rows in shown
    ]
