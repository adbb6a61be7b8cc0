"""One network's column: grade, probabilities, Grad-CAM, and how far to trust it."""

import html
from typing import Any

import numpy as np
import streamlit as st

from kneeoa.films import display
from kneeoa.graders import gradcam, track_record, two_readings
from kneeoa.graders.grading import Reading
from kneeoa.grades import GRADES, KLGrade
from kneeoa.networks import DISPLAY_NAME
from pages.shared import cached


def show_answer(reading: Reading, grade: KLGrade | None = None) -> None:
    """Show the grade in big type, by default the one that is said, and the five probabilities."""
    grade = reading.said if grade is None else grade
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


def strength(reading: Reading, heatmap: np.ndarray) -> str:
    """Return how strong a map's evidence is: no, weak, moderate or strong."""
    return gradcam.strength(float(heatmap.max()), _usual(reading))


def strength_in_words(reading: Reading, grade: KLGrade) -> str:
    """Return how strong the evidence for `grade` is: in a word, or under a profile as a number."""
    peak = float(gradcam.grad_cam(reading.evidence, grade).max())
    return gradcam.in_words(peak, _usual(reading), as_published=reading.profile is None)


def own_scale(reading: Reading, heatmap: np.ndarray) -> float:
    """Return the evidence that gets a map's strongest colour where it has a scale of its own."""
    return gradcam.own_scale(float(heatmap.max()), _usual(reading))


def _usual(reading):
    return cached.cards()[reading.architecture]["evidence_scale"]


def evidence_note(reading: Reading, explained: KLGrade) -> str:
    """Return as HTML how strong the evidence for grade `explained` is that lies on the film."""
    if strength(reading, gradcam.grad_cam(reading.evidence, explained)) == "no":
        sentence = f"<b>No region speaks for {explained.label}</b> in this network."
    else:
        evidence = strength_in_words(reading, explained)
        sentence = f"Grad-CAM for {explained.label}: {evidence}."
    return f'<div class="kl-note">{sentence}</div>'


def show_track_record(reading: Reading, card: dict[str, Any], *, measured: bool = True) -> None:
    """Show how often the grade it said agreed with the reference on the test films.

    Where that was not `measured` on films like this one, say so once, beside both together.
    """
    text = _track_record(reading, card) if measured else ""
    undecided = two_readings.doubt(reading.probabilities)
    st.html(f'<div class="kl-note">{f"<b>{undecided}</b><br>" if undecided else ""}{text}</div>')


def _track_record(reading, card):
    profile = reading.profile
    if profile is None:
        sentence = track_record.sentence(reading.said, track_record.published_record(card))
    else:
        record = profile.record.track_record[reading.architecture]
        films = f"films of {profile.name}"
        sentence = track_record.sentence(reading.said, record, readers="its readers", films=films)
    return html.escape(sentence)


def show_scale(scale: float, *, as_published: bool) -> None:
    """Show the one colour scale of all Grad-CAMs, of which `scale` is strong `as_published`."""
    end = "strong" if as_published else "and more"
    bar = display.png_uri(display.colour_bar())
    st.html(
        f'<div class="kl-scale"><span>no evidence 0</span><img src="{bar}" alt="colour scale">'
        f"<span>{scale:.0f} {end} (logit units, same on every film)</span></div>"
    )
