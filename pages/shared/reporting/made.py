"""What the page knows of a knee that was read -> its report and exports."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders.locating.gate import Finding
from kneeoa.graders.track_record import LEARNT_FROM_IT
from kneeoa.reports.content import Comparison, Measurement, ReaderGrade, side_named
from kneeoa.reports.dicom.pseudonyms import Pseudonyms, pseudonyms_from
from kneeoa.reports.exports import Exports
from kneeoa.reports.making import Read, side_from
from pages.shared import cached, session_films
from pages.shared.cases import identities, knees, saved
from pages.shared.memory.film import Film
from pages.shared.profiles import in_use

_PSEUDONYMS = "pseudonyms"


def exports_of(
    film: Film,
    frame: Frame,
    *,
    findings: Sequence[Finding],
    side: str,
    graded: bool = True,
    measured: bool = False,
    with_patient: bool = False,
    reader: ReaderGrade | None = None,
    measurements: Sequence[Measurement] = (),
    comparison: Comparison | None = None,
) -> Exports:
    """Return what the reading of `frame` can be exported as.

    Parameters
    ----------
    findings : what stands against grading the frame
    side : as the reader left it: ``"L"``, ``"R"`` or ``"unknown"``
    graded : whether the networks' answer is shown; a report says no more than the page
    measured, with_patient, reader, measurements, comparison : as of `Read` and `Exports`
    """
    radiograph, profile = film.radiograph, in_use.current()
    knee = knees.index_of(film, frame)
    read = Read(
        radiograph=replace(radiograph, name=film.name),
        frame=frame,
        box=knees.box_of(film, knee, frame),
        findings=tuple(findings),
        readings=session_films.read(film, frame) if graded else (),
        together=session_films.read_together(film, frame) if graded else None,
        side=side_named(side),
        side_from=side_from(side, film.localised, knee),
        quarters=film.quarters,
        changes=film.changes,
        drawn=film.drawn,
        box_from="found" if frame == knees.proposal(film, knee, profile) else "reader",
        measured=measured,
        notes=(LEARNT_FROM_IT,) if saved.learnt_from(film) and graded else (),
    )
    return Exports(
        read=read,
        data=film.data,
        graders=in_use.graders(),
        signature=cached.signature(),
        now=datetime.now(UTC),
        pseudonyms=identities.pseudonyms_of(film) or _pseudonyms(),
        with_patient=with_patient,
        reader=reader,
        measurements=tuple(measurements),
        comparison=comparison,
        known_text=film.text_warning(),
    )


def _pseudonyms() -> Pseudonyms:
    """Return what ties this session's exports together: without a key of the owner, one a session.

    So a film, its report and its capture, exported one after the other, name each other.
    """
    if _PSEUDONYMS not in st.session_state:
        st.session_state[_PSEUDONYMS] = pseudonyms_from()
    return st.session_state[_PSEUDONYMS]
