"""What can be taken along from a practice session: a sheet to print, the answers, the exam."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from kneeoa.networks import DISPLAY_NAME
from kneeoa.spreadsheet import csv_text
from kneeoa.teaching import answers as answered
from kneeoa.teaching import swayed
from kneeoa.teaching.exam import grades_text
from kneeoa.teaching.films import are_drawn
from kneeoa.teaching.wording import (
    DRAWN,
    interval_text,
    kappa_text,
    left_out_text,
    share_text,
    time_text,
    what_counts,
)
from pages.shared import exam_choice

FEEDBACK = {"each": "told after each film", "end": "told at the end"}


def show(session, answers, mine, networks) -> None:
    """Show the three downloads."""
    sheet, table, exam, _ = st.columns([1, 1, 1, 2])
    sheet.download_button(
        "Result sheet (PDF)",
        lambda: made_of(session, answers, mine, networks),
        file_name="practice.pdf",
        mime="application/pdf",
        on_click="ignore",
        width="stretch",
    )
    table.download_button(
        "Answers (CSV)",
        csv_text(_numbered(answers)),
        file_name="practice.csv",
        mime="text/csv",
        on_click="ignore",
        width="stretch",
    )
    with exam:
        exam_choice.show_file(session.exam)


def made_of(session, answers, mine, networks) -> bytes:
    """Return the sheet as a PDF."""
    from kneeoa.teaching import sheet

    parts = [("Confusion (row: reference)", sheet.confusion_table(mine.confusion))]
    if session.options.mode == "ai":
        parts.append(("How the network swayed the reader", swayed.in_words(answers)))
    drawn = are_drawn(session.exam.image_ids)
    over, left_out = "films" if drawn else "patients", session.options.left_out
    facts = {
        "Name": "_" * 32,
        "Session": _how(session),
        "Films": f"{mine.answered} of {len(session.exam.films)} graded; seed {session.exam.seed}"
        + (f"; of the exam's file {left_out_text(left_out)}" if left_out else ""),
        "Accuracy": f"{share_text(mine.accuracy)} ({interval_text(mine.accuracy)})",
        "Quadratic weighted kappa": kappa_text(mine, over=over),
        "Within one grade": f"{share_text(mine.within_one)} ({interval_text(mine.within_one)})",
        "Median time for a film": time_text(mine.seconds),
        **{
            f"{name} on the films graded": f"{share_text(score.accuracy)} "
            f"({interval_text(score.accuracy)}), kappa {kappa_text(score, over=over)}"
            for name, score in networks.items()
            if score.accuracy
        },
    }
    if networks:
        facts["Counted"] = what_counts(networks.values(), mine.answered)
    if drawn:
        facts["Note"] = DRAWN
    return sheet.sheet(
        session.exam.title or "Practice in KL grading",
        facts,
        [*parts, ("Each film", _film_by_film(answers))],
        made_at=datetime.now(UTC),
    )


def _how(session):
    options = session.options
    parts = [
        f"{session.started_at:%Y-%m-%d %H:%M} UTC",
        grades_text(session.exam.grades),
        FEEDBACK[options.feedback],
    ]
    if options.seconds_per_film:
        parts.append(f"{options.seconds_per_film:.0f} s a film")
    if options.mode == "ai":
        parts.append(f"AI or not, {DISPLAY_NAME[options.network]}")
    return ", ".join(parts)


def _numbered(answers):
    """Return the answers with films counted from 1, as on the page and the sheet."""
    return answers.assign(position=answers["position"] + 1).rename(columns={"position": "film"})


def _film_by_film(answers):
    unseen = answered.never_shown(answers)
    off = (answers["grade"] - answers["reference"]).tolist()
    return pd.DataFrame(
        {
            "film": answers["position"] + 1,
            "id": answers["image_id"],
            "reference": [f"KL {grade}" for grade in answers["reference"]],
            "given": [
                f"KL {grade}" if pd.notna(grade) else "not shown" if not_shown else "time was up"
                for grade, not_shown in zip(answers["grade"], unseen, strict=True)
            ],
            "off by": ["" if pd.isna(by) or by == 0 else f"{by:+d}" for by in off],
            "time": [time_text(seconds) for seconds in answers["seconds"]],
        }
    )
