"""What came of a practice session, and of all of a learner's."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from kneeoa import findings
from kneeoa.agreement import Proportion
from kneeoa.charts import confusion as confusion_charts
from kneeoa.charts import teaching as charts
from kneeoa.errors import KneeOAError
from kneeoa.grades import KLGrade
from kneeoa.networks import DISPLAY_NAME
from kneeoa.store import practice as store
from kneeoa.teaching import scoring, swayed
from views import _exams, _overlays, _shared, _tables

MISSED_SHOWN = 6


def show(learner, session) -> None:
    """Show the result of one session."""
    answers = store.answers_of(_shared.store(), session.session_id)
    films = _shared.teaching_set()
    patients = {name: film.patient_id for name, film in films.films.items()}
    mine = scoring.score(answers, patients)
    networks = {
        DISPLAY_NAME[name]: scoring.score(_answers_of_network(answers, name), patients)
        for name in _shared.cards()
    }
    title, again = st.columns([4, 1], vertical_alignment="bottom")
    title.title("Your result")
    if again.button(
        "Another session", type="primary", key="again", shortcut="Enter", width="stretch"
    ):
        del st.session_state["result"]
        st.rerun()
    if not mine.answered:
        st.info("No film was graded in this session: there is nothing to score.")
        return
    if films.is_synthetic:
        st.caption("On synthetic films: this says nothing of real ones.")
    show_scores(mine, networks, len(session.exam.films))
    if session.options.mode == "ai":
        show_sway(answers)
    show_confusion(mine, networks)
    show_missed(answers)
    show_ways_out(session, answers, mine, networks)


def _answers_of_network(answers, architecture):
    said = [_grade_by(name, architecture) for name in answers["image_id"]]
    return answers.assign(grade=pd.array(said, "Int64"), seconds=None)


def _grade_by(image_id, architecture):
    try:
        _, _, readings = _shared.teaching_film(image_id)
    except KneeOAError:  # said where the film itself is shown
        return None
    return next(int(one.grade) for one in readings if one.architecture == architecture)


def show_scores(mine, networks, films) -> None:
    """Show accuracy and kappa with intervals, the learner's beside the networks'."""
    accuracy, kappa, off, pace = st.columns(4)
    accuracy.metric("Accuracy", _share(mine.accuracy), help="95% interval: Wilson")
    accuracy.caption(_interval(mine.accuracy))
    kappa.metric("Quadratic weighted kappa", findings.value_text("quadratic_kappa", mine.kappa))
    low, high = mine.kappa_interval
    kappa.caption(
        f"95% interval {low:.2f} to {high:.2f} (bootstrap over patients)"
        if low == low
        else "too few films, or one grade alone: no interval"
    )
    off.metric("Mean error (grades)", f"{mine.mean_error:.2f}")
    off.caption(f"{_share(mine.within_one)} within one grade")
    pace.metric("Median time for a film", _time(mine.seconds))
    pace.caption(f"{mine.answered} of {films} films graded")
    said = "; ".join(
        f"{name} {_share(of.accuracy)}, kappa {findings.value_text('quadratic_kappa', of.kappa)}"
        for name, of in networks.items()
        if of.accuracy
    )
    if said:
        st.markdown(f"The networks on the same films: {said}.")


def _share(proportion: Proportion | None) -> str:
    return f"{proportion.value:.0%}" if proportion else "-"


def _kappa_text(score) -> str:
    low, high = score.kappa_interval
    interval = f" (95% interval {low:.2f} to {high:.2f})" if low == low else ""
    return findings.value_text("quadratic_kappa", score.kappa) + interval


def _time(seconds: float) -> str:
    return "-" if seconds != seconds else f"{seconds:.{0 if seconds >= 10 else 1}f} s"


def _interval(proportion: Proportion) -> str:
    return (
        f"{proportion.count} of {proportion.total}; 95% interval "
        f"{proportion.low:.0%} to {proportion.high:.0%}"
    )


def show_sway(answers) -> None:
    """Show what seeing the network's answer did."""
    st.subheader("How the network swayed you")
    st.markdown(swayed.in_words(answers))
    rows = [
        {
            "": found.what,
            "Share": _share(found.share),
            "Films": f"{found.share.count} of {found.share.total}" if found.share else "none",
            "95% interval": f"{found.share.low:.0%} to {found.share.high:.0%}"
            if found.share
            else "",
        }
        for found in swayed.findings(answers)
    ]
    st.table(rows, border="horizontal")


def show_confusion(mine, networks) -> None:
    """Show whose answers fell where."""
    st.subheader("Which grades were taken for which")
    columns = st.columns(1 + len(networks), gap="medium")
    for column, (name, of) in zip(columns, {"You": mine, **networks}.items(), strict=True):
        with column:
            st.markdown(f"**{name}**")
            figure = confusion_charts.confusion_figure(
                of.confusion.astype(float), by="counts", height=320
            )
            _tables.show_figure(figure, f"practice_{name}")


def show_missed(answers) -> None:
    """Show the films that were missed, with what the networks saw in them."""
    missed = scoring.missed(answers)
    if missed.empty:
        st.success("Every film got the reference grade.")
        return
    st.subheader("Missed films")
    pages = -(-len(missed) // MISSED_SHOWN)
    page = st.pagination(pages, key="missed_page") if pages > 1 else 1
    for row in missed.iloc[(page - 1) * MISSED_SHOWN : page * MISSED_SHOWN].itertuples():
        with st.container(border=True):
            _show_missed(row)


def _show_missed(row):
    given = "no answer" if pd.isna(row.grade) else f"you said KL {int(row.grade)}"
    film, both = st.columns([1, 2], gap="medium")
    with _shared.refusals_shown():
        radiograph, frame, readings = _shared.teaching_film(row.image_id)
        with film:
            st.image(_overlays.picture_of(radiograph, frame), width="stretch")
            reference = KLGrade(int(row.reference))
            st.markdown(
                f"Reference **{reference.label}, {reference.text}**; {given}. {reference.criteria}"
            )
        with both:
            _overlays.show(radiograph, frame, readings)


def show_ways_out(session, answers, mine, networks) -> None:
    """Show what can be taken along: a sheet to print, the answers, the exam."""
    st.subheader("To take along")
    sheet, table, exam, _ = st.columns([1, 1, 1, 2])
    sheet.download_button(
        "Result sheet (PDF)",
        lambda: _sheet(session, answers, mine, networks),
        file_name="practice.pdf",
        mime="application/pdf",
        on_click="ignore",
        width="stretch",
    )
    table.download_button(
        "Answers (CSV)",
        answers.to_csv(index=False),
        file_name="practice.csv",
        mime="text/csv",
        on_click="ignore",
        width="stretch",
    )
    with exam:
        _exams.show_file(session.exam)


def _sheet(session, answers, mine, networks):
    from kneeoa.teaching import sheet

    missed = scoring.missed(answers)
    table = pd.DataFrame(
        {
            "film": missed["image_id"],
            "reference": [f"KL {g}" for g in missed["reference"]],
            "given": ["none" if pd.isna(g) else f"KL {int(g)}" for g in missed["grade"]],
        }
    )
    parts = [("Confusion (row: reference)", sheet.confusion_table(mine.confusion))]
    if session.options.mode == "ai":
        parts.append(("How the network swayed the reader", swayed.in_words(answers)))
    return sheet.sheet(
        "Practice in KL grading",
        {
            "Films": f"{mine.answered} of {len(session.exam.films)} graded",
            "Seed": str(session.exam.seed),
            "Accuracy": f"{_share(mine.accuracy)} ({_interval(mine.accuracy)})",
            "Quadratic weighted kappa": _kappa_text(mine),
            "Within one grade": _share(mine.within_one),
            "Median time for a film": _time(mine.seconds),
            **{
                f"{name} on these films": f"{_share(of.accuracy)}, kappa {of.kappa:.2f}"
                for name, of in networks.items()
            },
        },
        [*parts, ("Missed films", table)],
        made_at=datetime.now(UTC),
    )


def show_progress(learner) -> None:
    """Show a learner's scores session by session."""
    if learner is None:
        return
    database = _shared.store()
    sessions = {
        # Numbered: two may begin in one minute.
        f"{number}: {one.started_at:%Y-%m-%d %H:%M}, {len(one.exam.films)} films": store.answers_of(
            database, one.session_id
        )
        for number, one in enumerate(store.sessions_of(database, learner), start=1)
    }
    progress = scoring.progress(sessions)
    if progress.empty:
        return
    st.subheader("Your sessions")
    measure = st.segmented_control(
        "Progress in",
        ["accuracy", "kappa"],
        default="accuracy",
        required=True,
        key="progress_measure",
        label_visibility="collapsed",
    )
    _tables.show_figure(charts.progress_figure(progress, measure), "progress")
