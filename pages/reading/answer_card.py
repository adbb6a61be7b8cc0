"""The answer that leads: a range of grades, its probabilities, and how far to trust it."""

import contextlib
import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.graders import track_record, two_readings
from kneeoa.graders.answer import RULE_IN_WORDS, is_wide, rule_of, why_another
from kneeoa.graders.grading import Reading
from kneeoa.graders.together import FOLDER, TogetherReading, made_of
from kneeoa.grades import GRADES
from kneeoa.networks import TOGETHER
from kneeoa.records.results import probabilities_of
from pages.shared import cached

_BEYOND = 0.05
"""How far outside of both networks' a probability of both together is explained."""


def show_answer_card(
    reading: TogetherReading,
    card: dict[str, Any],
    readings: Sequence[Reading],
    *,
    measured: bool,
    drawn: bool = False,
) -> None:
    """Show what both networks together say.

    Without `measured` the film is unlike those of the track record, which is then not given. Under
    a profile the track record is that of the profile's films.
    """
    answer = reading.answer
    grade = reading.said
    cells = "".join(
        f'<div class="{_cell(g, grade, answer)}" style="--share:{share:.0%}">'
        f"{g.label}<br>{share:.0%}</div>"
        for g, share in zip(GRADES, reading.probabilities, strict=True)
    )
    record = track_record.of_answer(grade, card, reading.profile, measured=measured, drawn=drawn)
    st.html(
        f'<div class="kl-lead">'
        f'<div><span class="kl-quiet">{TOGETHER}</span> {badge(readings, reading)}</div>'
        f'<div class="kl-grade">{headline(reading)}</div>'
        f"<div>{one_grade(reading)}</div>"
        f'<div class="kl-cells">{cells}</div>'
        f'<div class="kl-note"><b>{grade.label}:</b> {grade.criteria}</div>'
        f"{_note(why_not_the_likeliest(reading))}"
        f"{_note(why_not_what_both_say(readings, reading))}"
        f"{_note(why_not_their_mean(readings, reading, card))}"
        f'<div class="kl-note">{html.escape(record)}</div></div>'
    )
    if answer:
        with st.popover("How this answer comes about", type="tertiary"):
            st.markdown(_meaning(reading, card, measured))


def headline(reading: TogetherReading) -> str:
    """Return the range of grades, or the one grade where there is no range."""
    return reading.answer.headline if reading.answer else reading.said.label


def one_grade(reading: TogetherReading) -> str:
    """Return the one grade in words, which a range needs beside it."""
    answer = reading.answer
    if answer is None or answer.low == answer.high:
        return reading.said.text
    grade_line = f"as one grade: <b>{answer.grade.label}</b>, {answer.grade.text}"
    return (
        f'<span class="kl-apart-1">uncertain</span>; {grade_line}'
        if is_wide(answer.low, answer.high)
        else grade_line
    )


def why_not_the_likeliest(reading: Reading | TogetherReading) -> str:
    """Return why the grade that is said is not the most probable one, where it is not."""
    if reading.answer is None or reading.said == reading.grade:
        return ""
    return why_another(reading.grade, reading.said, reading.answer.rule)


def why_not_what_both_say(readings: Sequence[Reading], together: TogetherReading) -> str:
    """Return that both together give a grade that neither network gives; mostly nothing."""
    agreement = two_readings.compare(readings, together.said)
    return agreement.verdict if agreement.alone is not None else ""


def why_not_their_mean(
    readings: Sequence[Reading], together: TogetherReading, card: dict[str, Any]
) -> str:
    """Return what else is in the answer where it lies well outside what both networks say."""
    shown = np.stack([reading.probabilities for reading in readings])
    beyond = np.maximum(
        together.probabilities - shown.max(0), shown.min(0) - together.probabilities
    )
    if beyond.max() <= _BEYOND:
        return ""
    return f"Not the mean of the answers below, but {made_of(card, cached.cards().values())}."


def badge(readings: Sequence[Reading], together: TogetherReading | None) -> str:
    """Return in a few words of HTML whether both networks give one grade.

    Where that is not the one that both together give, which stands beside it, it is named.
    """
    agreement = two_readings.compare(readings, together.said if together else None)
    apart = agreement.grades_apart
    words = {0: "networks agree", 1: "networks 1 grade apart"}.get(
        apart, f"networks {apart} grades apart"
    )
    if together is not None and agreement.alone is not None:
        words += f" on {agreement.alone.label}"
        apart = abs(together.said - agreement.alone)
    title = html.escape(f"{agreement.verdict} {agreement.difference}")
    return f'<span class="kl-badge kl-apart-{min(apart, 2)}" title="{title}">{words}</span>'


def _note(text):
    return f'<div class="kl-note">{text}</div>' if text else ""


def _cell(grade, answered, answer):
    in_range = answer and answer.low <= grade <= answer.high
    return " ".join(
        name for name, holds in (("most", grade == answered), ("in-range", in_range)) if holds
    )


def _meaning(reading, card, measured):
    answer, profile = reading.answer, reading.profile
    whose = "its readers'" if profile else "the reference's"
    if profile:
        covered = profile.record.figures[FOLDER].get("coverage", {}).get("after", (None,))[0]
        held = "" if covered is None else f". There the answers held it in {covered:.0%}"
        if not measured:
            held = "; on films unlike them answers hold it less often"
        held = f"Calibrated on the {profile.record.of.films} films of the profile{held}."
    elif measured:
        covered = card["answer"]["coverage"]["test"]["covered"]["value"]
        held = f"On test knees of the OAI the answers held it in {covered:.0%}. "
        held += _held(answer, card)
    else:
        held = "Calibrated on films of the OAI; on films unlike them answers hold it less often."
    return (
        f"**{answer.text}**: of all answers, single grades and ranges, {answer.level:.0%} are to "
        f"hold {whose} grade (conformal prediction). {held.strip()}\n\nThe one grade is "
        f"{RULE_IN_WORDS[answer.rule]}, chosen on validation films as off by the fewest grades; "
        f"those of the networks below are found in the same way. {TOGETHER} means "
        f"{made_of(card, cached.cards().values())}."
    )


def _held(answer, card):
    """Return how often this very range held the reference's grade, as far as that is published."""
    table, rule = None, rule_of(card)
    with contextlib.suppress(KneeOAError):  # the answer stands without it
        table = cached.together_predictions()
    if table is None or rule is None:
        return ""
    test = table[(table["split"] == "test") & table["true_grade"].notna()]
    ranges = rule.sets(probabilities_of(test))
    return track_record.of_range(answer, ranges, test["true_grade"].to_numpy(int))
