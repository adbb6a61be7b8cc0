"""The report of the knee that is read: to copy, to keep, to hand on; made when it is asked for."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame
from kneeoa.graders.locating.gate import Finding
from kneeoa.reports import exports
from kneeoa.reports.as_json import as_json
from kneeoa.reports.content import SIDES, ReaderGrade
from kneeoa.reports.exports import Exports, Kind
from pages.reading import beside, frame_control, joint_space
from pages.shared import boundary, clients, live, reporting
from pages.shared.cases import own_grades, saved
from pages.shared.memory.film import Film
from pages.shared.pacs import sending

LABEL = "Report"
BUTTONS: dict[Kind, tuple[str, str]] = {
    "pdf": ("PDF", "One page of A4: film, maps, answer, doubts, models."),
    "json": ("JSON", "The same for programs."),
    "sr": ("DICOM SR", "Structured Report (TID 1500): grades and probabilities as codes."),
    "sc": ("DICOM SC", "Secondary Capture: a picture that every viewer shows."),
}
PATIENT = "With the patient's name, number, birth and study date"
FILE_NAME = "With the name of the file"
NAMED = "Files are often called by their patient's name."
WITHOUT = (
    "Without the patient: names, dates and numbers are taken out (DICOM basic profile), and SR and "
    "SC refer to the de-identified film."
)
KEPT = (
    "The film was saved without its patient (DICOM basic profile): SR and SC refer to it as it is "
    "kept, and not to the study that it came from."
)
WITH = "SR and SC then belong to the film's own study, for the archive that it came from."
LOOK_SECONDS = 0.7
"""After which the open report looks how far a file is."""
_SHORT = 6
"""Letters of a film's content that name it, as in the list of cases."""
ALONE = "This film does not say of which study it is: SC stands alone, without the patient."


def show_closed(why: str) -> None:
    """Show in its place that there is no report yet, and why."""
    st.popover(LABEL, key="report_closed", disabled=True, help=why, width="stretch")


@st.fragment
def show_report(
    film: Film, frame: Frame, findings: Sequence[Finding], *, graded: bool, measured: bool
) -> None:
    """Show what opens the report of a knee; nothing is made of it before."""
    panel = st.popover(LABEL, key="report", on_change="rerun", width="stretch")
    if not panel.open:
        sending.tell(elsewhere=True)
        return
    with panel, boundary.refusals_shown():
        is_dicom = film.source == "DICOM"
        is_kept = saved.is_kept_film(film)
        with_patient = not (is_kept or film.is_unnamed) and st.checkbox(
            PATIENT if is_dicom else FILE_NAME,
            key="report_with_patient",
            help=None if is_dicom else NAMED,
        )
        caption = st.container()
        made = reporting.exports_of(
            film,
            frame,
            findings=findings,
            side=frame_control.side_of(film, frame),
            graded=graded,
            measured=measured,
            with_patient=with_patient,
            reader=_reader(film, frame),
            # No more than the page shows: of a refused film it measures nothing.
            measurements=(
                *(joint_space.measurements(film, frame) if graded else ()),
                *joint_space.by_reader(film, frame),
            ),
            comparison=beside.comparison(film, frame_control.index_of(film, frame), frame),
        )
        # Before the page says what its buttons give: they are there already.
        latest = _Latest.updated(film, frame, made)
        if is_dicom:
            known = WITH if source_is_known(made) else ALONE
            caption.caption(known if with_patient else KEPT if is_kept else WITHOUT)
        if made.text_warning:
            st.warning(boundary.escaped(made.text_warning))
        if latest.failed:
            st.error(boundary.escaped(latest.failed))
        _show_buttons(latest)
        _show_text(made)
        # To the film's own study, by who may see patients.
        if not (source_is_known(made) and saved.is_open()):
            return
        if made.with_patient:
            sending.offer(
                lambda: [made.content("sr"), made.content("sc")],
                about=_of_which(film, made),
                content=_content(made),
            )
        elif not (is_kept or film.is_unnamed) and sending.servers():
            st.caption("A report with the patient can be sent to the archive: choose so above.")


def _of_which(film: Film, made: Exports) -> str:
    """Return of which knee a report is, for who waits for many to be sent; nothing of a patient."""
    case = saved.case_of(film.digest)
    which = f"case {case.case_id}" if case else f"film {film.digest[:_SHORT].upper()}"
    return f"{which}, {SIDES[made.read.side]}"


def _content(made: Exports) -> str:
    """Return what tells a report from others: all of it but when it was made."""
    content = as_json(replace(made.report, made_at=""))
    return hashlib.sha256(content.encode()).hexdigest()


def source_is_known(made: Exports) -> bool:
    """Return whether the film says which instance it is, so that DICOM objects can refer to it."""
    return made.source is not None and made.source.can_be_referred_to


def _reader(film: Film, frame: Frame) -> ReaderGrade | None:
    own = own_grades.of(film.digest, frame_control.index_of(film, frame))
    if own.grade is None:
        return None
    seen = own.seen_at is not None
    return ReaderGrade(own.grade, not seen or own.committed == own.grade, seen)


@dataclass
class _Latest:
    """What the buttons of a knee give: as the page has it when one is pressed.

    A button stays in the browser until its successor arrives: pressed in between, it must not give
    the patient's name after that was unticked.
    """

    knee: tuple[str, Frame]
    made: Exports
    failed: str = ""
    """Why the last file could not be made: the browser says no more than that it was not."""
    step: str = ""
    """What is being done for a file that takes long; empty while nothing is."""

    def content(self, made: Exports, kind: Kind) -> bytes:
        """Return a file; keep why it cannot be made, for the next run of the page to say."""
        self.failed = ""
        try:
            return made.content(kind, self._tell)
        except KneeOAError as error:
            self.failed = str(error)
            raise
        finally:
            self.step = ""

    def _tell(self, step: str) -> None:
        self.step = step

    @classmethod
    def updated(cls, film: Film, frame: Frame, made: Exports) -> "_Latest":
        latest = st.session_state.get("report_latest")
        if latest is None or latest.knee != (film.digest, frame):
            latest = st.session_state["report_latest"] = cls((film.digest, frame), made)
        latest.made = made
        return latest


def _show_buttons(latest: _Latest) -> None:
    made = latest.made
    lacking = set() if source_is_known(made) else {"sr"}
    columns = st.columns(2, gap="small")
    for place, (kind, (label, help_)) in enumerate(BUTTONS.items()):
        if kind in lacking:
            help_ = "Only for a DICOM film that says which instance it is."
        place_of_it = columns[place % 2]
        _show_button(
            place_of_it, latest, lambda: latest.made, kind, label, help_, disabled=kind in lacking
        )
    if made.is_dicom and not made.with_patient:
        # As it was made: with the patient it would be another thing than its name says.
        _show_button(
            st,
            latest,
            lambda: made,
            "film",
            "De-identified film",
            "The film that the others then refer to.",
        )
        live.every(LOOK_SECONDS, _show_how_far, latest)


def _show_how_far(latest: _Latest) -> None:
    """Show what is being done for a file: its button, pressed, is busy without a word."""
    if latest.step:
        st.progress(0.0, latest.step)


def _show_button(place, latest, made, kind, label, help_, *, disabled=False):
    place.download_button(
        label,
        clients.noted(
            _event(kind),
            lambda: latest.content(made(), kind),
            lambda: _about(made(), kind),
        ),
        file_name=made().name(kind),
        mime=exports.MIME[kind],
        on_click="ignore",
        key=f"report_{kind}",
        disabled=disabled,
        help=help_,
        width="stretch",
    )


def _show_text(made: Exports) -> None:
    """Show the text to copy, where it is asked for; that, too, is in the audit log."""
    asked = st.toggle("Text to copy", key="report_text")
    if not asked:
        return
    once = "report_text_noted"
    shown = made.name("text"), made.with_patient
    if st.session_state.get(once) != shown:
        clients.note(_event("text"), _about(made, "text"))
        st.session_state[once] = shown
    st.code(made.content("text").decode(), language=None, height=320, wrap_lines=True)


def _event(kind):
    return "film exported" if kind == "film" else "report exported"


def _about(made, kind):
    if not made.with_patient:
        return kind
    return f"{kind}, with the {'patient' if made.is_dicom else 'file'}'s name"
