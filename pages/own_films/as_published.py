"""How the networks do on these films as published: measured before anything is learnt."""

from datetime import UTC, datetime

import streamlit as st

from kneeoa.adaptation.adapting import as_published
from kneeoa.analysis import confusions, operating
from kneeoa.analysis.published import on_own_films
from kneeoa.charts import confusion, trust
from kneeoa.charts.paper import sheet
from kneeoa.networks import DISPLAY_NAME
from kneeoa.wording import counted
from pages.own_films.work import Work
from pages.shared import boundary, cached, table_view
from pages.shared.research import own_measured
from pages.shared.research.own_measured import CARDS, PYTHON, Kept


def show(work: Work) -> None:
    """Show the button that measures, and what was measured."""
    button, explanation = st.columns([1.4, 5], vertical_alignment="center")
    asked = button.button(
        "Measure the networks", key="own_measure", disabled=bool(work.lacking), width="stretch"
    )
    explanation.caption(
        "This is how the networks do on yours, with intervals over your patients. They learn "
        "nothing from the films."
    )
    if asked:
        with boundary.refusals_shown():
            _measure(work)
    if work.measured is None:
        return
    _show(work.measured)


def _measure(work):
    films = work.gathered
    bar = st.progress(0.0, text="The networks look at the films")
    films, answers = as_published(films, cached.graders(), told=bar.progress)
    own_measured.keep(on_own_films.measured(work.source, films, answers))
    work.measured = own_measured.current()
    bar.empty()


def _show(kept: Kept):
    evaluation, tables = kept.evaluation, kept.tables
    films = next(iter(evaluation.answers.values()))
    left, right = st.columns([5, 1.4], vertical_alignment="bottom")
    left.markdown(
        f"**{counted(len(films), 'film')}** of "
        f"{counted(films['patient_id'].nunique(), 'patient')}, "
        f"{counted(evaluation.left_out, 'film')} could not be used, "
        f"{evaluation.by_reader} left out by you."
    )
    right.download_button(
        "Keep it (ZIP)",
        lambda: content(kept),
        file_name="own_films.zip",
        mime="application/zip",
        on_click="ignore",
        key="own_keep",
        width="stretch",
        help="All tables (CSV), figures (SVG, PDF) and answers, with what they are of. No pixels, "
        "no names of patients or films.",
    )
    for note in evaluation.notes:
        st.caption(boundary.escaped(note))
    own_measured.show_figures(kept)
    names = list(evaluation.answers)
    for column, name in zip(st.columns(max(2, len(names)), gap="medium"), names, strict=False):
        with column:
            st.markdown(f"**{DISPLAY_NAME.get(name, name)}**, in percent of your readers' grade")
            table_view.show_figure(_matrix(evaluation.answers[name]), f"own_matrix_{name}")
    with st.expander("Grade by grade, and telling apart"):
        table_view.show_figure(_by_grade(evaluation), "own_grades")
        for title in ("grade by grade", "telling apart"):
            table_view.show_table(
                tables[title],
                f"own_{sheet.slug(title)}",
                f"{PYTHON}{CARDS}print(on_own_films.tables(own, cards)[{title!r}])",
                height=250,
            )


def _matrix(films):
    counts = confusions.matrix(films)
    return confusion.confusion_figure(
        confusions.share(counts, "row"),
        by="row",
        counts=counts,
        axes=confusion.OWN,
        height=360,
    )


def _by_grade(evaluation):
    return confusion.per_grade_figure(
        {name: confusions.per_grade(films) for name, films in evaluation.answers.items()}
    )


def content(kept: Kept) -> bytes:
    """Return the file that is kept: every table and figure, and what they are of."""
    evaluation = kept.evaluation
    figures = {
        f"matrix {DISPLAY_NAME.get(name, name)}": _matrix(films)
        for name, films in evaluation.answers.items()
    }
    figures["grade by grade"] = _by_grade(evaluation)
    figures["reliability"] = trust.reliability_figure(
        {name: operating.reliability(films) for name, films in evaluation.answers.items()}
    )
    tables = {
        title: (table, f"{PYTHON}{CARDS}print(on_own_films.tables(own, cards)[{title!r}])")
        for title, table in kept.tables.items()
    }
    hashes = {
        model.file.parent.name: model.weights_hash for model in cached.graders().published.values()
    }
    if together := cached.graders().together:
        hashes |= {member.file.stem: member.weights_hash for member in together.members}
    about = on_own_films.about(evaluation, hashes, made_at=datetime.now(UTC))
    return sheet.packed(sheet.Sheet(figures, tables, about), "own_films")
