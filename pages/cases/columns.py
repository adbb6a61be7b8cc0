"""How the cells of the lists of knees are worded, saved or of this session."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd
from streamlit.delta_generator import DeltaGenerator

from kneeoa.grades import KLGrade
from pages.cases.batch import Item
from pages.shared import boundary, session_films
from pages.shared.rows import component as rows

SIDES = {"R": "right", "L": "left", "unknown": ""}
NOT_GRADED, GRADED_ANYWAY = "not graded", "refused, graded all the same"
NOT_READ, AFTER_YOURS = "not read yet", "after yours"
MOST_NAMED = 5
"""Films that are named before they are deleted."""


def cells_of(knee: dict[str, Any]) -> dict[str, str]:
    """Return the text of the cells that both lists have; `knee` as of `listing.COLUMNS`."""
    refusal, answer = knee["refused"], knee["networks"]
    doubt, warning = knee["doubt"], knee["warning"]
    if refusal:
        doubt = ", ".join(filter(None, [doubt, GRADED_ANYWAY])) if answer else refusal
    elif warning:
        doubt = f"{doubt}: {warning}"
    return {
        "film": knee["film"],
        "side": SIDES[knee["side"]],
        "answer": answer or (NOT_GRADED if refusal else NOT_READ),
        "doubt": doubt,
        "own_grade": "" if pd.isna(knee["own_grade"]) else KLGrade(int(knee["own_grade"])).label,
    }


def row(key: str, knee: dict[str, Any], cells: dict[str, str]) -> rows.Row:
    """Return a knee as the table takes it; `key` is what it is of, a dot and its place."""
    tones = {
        "doubt": "doubt",
        "case": "quiet",
        "saved_at": "quiet",
        "study_date": "quiet",
    }
    if knee["patient"]:
        tones["patient"] = "quiet"  # a mark, and no name
    told = {"film": knee["film"], "doubt": cells["doubt"]}
    if knee["refused"]:
        told["doubt"] = knee["warning"] or knee["refused"]
        tones["doubt"] = "refused"
    if pd.isna(knee["answer"]):
        tones["answer"] = "quiet"
    order: dict[str, float | str] = {"answer": "" if pd.isna(knee["answer"]) else _middle(knee)}
    if knee["own_before"] is not None and not pd.isna(knee["own_before"]):
        told["own_grade"] = "Given before the networks' answer was in sight"
        if knee["own_before"] != knee["own_grade"]:
            told["own_grade"] += f": KL {int(knee['own_before'])}, changed since"
    return rows.Row(
        key,
        knee["film"],
        cells,
        order,
        told,
        tones,
        "unread" if knee["unread"] else "",
        whole=key.partition(".")[0],
    )


def waiting_rows(items: Iterable[Item]) -> Iterator[rows.Row]:
    """Return the rows of files that were not read, or not yet."""
    for number, item in enumerate(items):
        if item.state == "read":
            continue
        cells = {"film": item.name, "answer": item.state, "doubt": item.why}
        if item.state == "refused":
            cells["answer"] = "not read"
        yield rows.Row(
            f"file.{number}",
            item.name,
            cells,
            {"answer": ""},
            {"film": item.name, "doubt": item.why},
            {"doubt": "refused", "answer": "quiet"},
        )


def under_all_names(knees: pd.DataFrame) -> pd.DataFrame:
    """Return the knees of this session, those of a film that came as several files under each."""
    labels = session_films.labels()
    again = [
        knees[knees["film"] == labels[digest]].assign(film=name)
        for digest, film in session_films.all_films().items()
        for name in film.other_names
    ]
    return pd.concat([knees, *again], ignore_index=True) if again else knees


def few(names: Sequence[str]) -> str:
    """Return what a few of `names` are, so that it is seen which are meant, as Markdown."""
    more = [f"and {len(names) - MOST_NAMED} more"] * (len(names) > MOST_NAMED)
    return ", ".join([*(boundary.escaped(name) for name in names[:MOST_NAMED]), *more])


def show_clear(place: DeltaGenerator, table: str, *, disabled: bool) -> None:
    """Show what takes all marks of a table away, on all of its pages."""
    place.button(
        "Clear marks",
        key=f"{table}_clear",
        on_click=rows.clear_marks,
        args=[table],
        disabled=disabled,
        width="stretch",
    )


def _middle(knee):
    ends = [knee["low"], knee["high"]]
    return float(knee["answer"]) if any(map(pd.isna, ends)) else (ends[0] + ends[1]) / 2
