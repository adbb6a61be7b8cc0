"""One network's column: grade, probabilities, Grad-CAM, and how far to trust it."""

import html
from typing import Any

import streamlit as st

from kneeoa.films import display
from kneeoa.graders import gradcam, track_record, two_readings
from kneeoa.graders.grading import Reading
from kneeoa.graders.together import TogetherReading
from kneeoa.grades import GRADES, KLGrade
from kneeoa.networks import DISPLAY_NAME, TOGETHER

UNLIKE = (
    "it was measured on crops of one study (OAI) and its readers, and this film is unlike them. "
    "Fifty graded films of your own tell (python -m kneeoa adapt)."
)
RULES = {
    "most probable": "the most probable grade",
    "median": "the median of the probabilities",
    "mean": "the mean of the probabilities, rounded",
}


def show_answer(reading: Reading) -> None:
    """Show the grade in big type and the five probabilities."""
    grade = reading.grade
    bars = "".join(
        f'<div class="{"most" if g == grade else ""}">{g.label}</div>'
        f'<div class="track"><div class="fill" style="width:{share:.1%}"></div></div>'
        f'<div class="share {"most" if g == grade else ""}">{share:.0%}</div>'
        for g, share in zip(GRADES, reading.probabilities, strict=True)
    )
    st.html(
        f'<div class="kl-network">{DISPLAY_NAME[reading.architecture]}</div>'
        f'<div class="kl-grade">{grade.label}'
        f"<span>{grade.text}</span></div>"
        f'<div class="kl-bars">{bars}</div>'
    )


def show_together(reading: TogetherReading, card: dict[str, Any], *, measured: bool = True) -> None:
    """Show what both networks together say: grade, set, probabilities, how that came, and record.

    Without `measured` the film is unlike those of the track record, which is then not given.
    """
    answer = reading.answer
    grade = answer.grade if answer else reading.grade
    cells = "".join(
        f'<div class="{"most" if g == grade else ""}" style="--share:{share:.0%}">'
        f"{g.label}<br>{share:.0%}</div>"
        for g, share in zip(GRADES, reading.probabilities, strict=True)
    )
    record = track_record.sentence(
        grade, track_record.published_record(card), unlike="" if measured else UNLIKE
    )
    members = len(card["members"])
    st.html(
        '<div class="kl-together"><div>'
        f'<span class="kl-network">{TOGETHER} ({members} models)</span><br>'
        f"<b>{grade.label}</b> {grade.text}</div>"
        f'<div class="kl-cells">{cells}</div>'
        f'<div class="kl-note">{_how(answer, card, measured)}{html.escape(record)}</div></div>'
    )


def _how(answer, card, measured):
    if answer is None:
        return ""
    covered = card["answer"]["coverage"]["test"]["covered"]
    held = (
        f"held the reference's grade in {covered['value']:.0%} of test knees"
        if measured
        else "calibrated on films of the OAI; on films unlike them it holds the grade less often"
    )
    return (
        f"<b>{answer.level:.0%} set: {answer.text}</b> ({held}). The grade is "
        f"{RULES[answer.rule]}; the networks below give their most probable one.<br>"
    )


def show_evidence(reading: Reading, explained: KLGrade, *, scale: float) -> None:
    """Say how strong the evidence for grade `explained` is that lies on the film as a map."""
    heatmap = gradcam.grad_cam(reading.evidence, explained)
    st.html(f'<div class="kl-note">{_evidence(reading, explained, heatmap, scale)}</div>')


def _evidence(reading, explained, heatmap, scale):
    if gradcam.has_positive_evidence(reading.evidence, explained, scale=scale):
        said = f"Grad-CAM for {explained.label}; strongest evidence {heatmap.max():.1f}."
    else:
        said = f"<b>No region speaks for {explained.label}</b> in this network."
    return f"{said} Weights {reading.weights_hash[:8]}."


def show_track_record(reading: Reading, card: dict[str, Any], *, measured: bool = True) -> None:
    """Show how often this network's answer agreed with the reference on the test films.

    Where that was not `measured` on films like this one, say so once, beside both together.
    """
    text = _track_record(reading.grade, card) if measured else ""
    undecided = two_readings.doubt(reading)
    st.html(f'<div class="kl-note">{f"<b>{undecided}</b><br>" if undecided else ""}{text}</div>')


def _track_record(grade, card):
    measured = card["metrics"]["test"]
    value = measured["predictive_values"][int(grade)]
    if value is None:
        return f"On {measured['knees']} test knees it never said {grade.label}."
    return (
        f"When it said {grade.label} on test knees, the reference agreed in "
        f"<b>{value['value']:.0%}</b> (95% interval by knee {value['low']:.0%} to "
        f"{value['high']:.0%}; {value['count']} of {value['total']})."
    )


def show_scale(scale: float) -> None:
    """Show the one colour scale of all Grad-CAMs."""
    bar = display.png_uri(display.colour_bar())
    st.html(
        f'<div class="kl-scale"><span>no evidence 0</span><img src="{bar}" alt="colour scale">'
        f"<span>{scale:.0f} strong (logit units, same on every film)</span></div>"
    )
