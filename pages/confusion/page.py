"""The confusion page: which grades are taken for which, by whom, and on which films."""

import streamlit as st

from kneeoa.analysis import confusions
from kneeoa.charts import confusion as charts
from kneeoa.networks import DISPLAY_NAME, difference_of, pair_of
from kneeoa.wording import counted
from pages.confusion import film_lists, trust
from pages.shared import boundary, cached, kept, style, table_view
from pages.shared.research import run_selection

SOURCES = {"mean": "Mean over runs", "one": "One run each", "published": "Published models"}


def choose_source(selection):
    """Show what the matrices are of; return graded films per network and run.

    And how cells are counted, and the lines of Python that give the films.
    """
    runs = run_selection.graded_films(selection)
    lines = ["runs = measuring.graded_films(chosen)"]
    source, by = st.columns([3, 3], vertical_alignment="bottom")
    chosen = kept.one(
        source.segmented_control,
        "Matrices of",
        SOURCES,
        "source",
        required=True,
        format_func=SOURCES.get,
    )
    counted_by = kept.one(
        by.segmented_control,
        "Cells in",
        confusions.SHARES,
        "by",
        default="row",
        required=True,
        format_func=confusions.SHARES.get,
    )
    if chosen == "published":
        runs, lines = _published(selection)
    elif chosen == "one":
        columns = st.columns(2)
        one = {
            name: kept.one(place.selectbox, DISPLAY_NAME[name], of, f"run_{name}")
            for place, (name, of) in zip(columns, runs.items(), strict=False)
        }
        runs = {name: {label: runs[name][label]} for name, label in one.items()}
        lines.append(f"one = {one!r}")
        lines.append("runs = {name: {label: runs[name][label]} for name, label in one.items()}")
    return runs, counted_by, lines


def _published(selection):
    files = {
        name: file for name, file in cached.published_files().items() if name in selection.networks
    }
    films = {
        name: confusions.graded(cached.predictions(file), selection.split)
        for name, file in files.items()
    }
    lines = [
        "runs = {",
        *(
            f"    {name!r}: {{{film_lists.PUBLISHED!r}: confusions.graded("
            f"results.read_predictions(Path({str(files[name])!r})), {selection.split!r})}},"
            for name, of in films.items()
            if len(of)
        ),
        "}",
    ]
    return {name: {film_lists.PUBLISHED: of} for name, of in films.items() if len(of)}, lines


def show_matrices(selection, runs, by: str) -> tuple[str, int, int] | None:
    """Show a matrix per network and their difference; return the cell that was clicked last.

    The cell whose films are shown below is outlined.
    """
    matrices = {
        name: [confusions.matrix(films) for films in of.values()] for name, of in runs.items()
    }
    pair = pair_of(runs)
    columns = st.columns(max(2, len(pair) + (len(pair) == 2)), gap="medium")
    means, clicked = {}, None
    for place, name in zip(columns, pair, strict=False):
        means[name], spread = confusions.mean_and_spread(matrices[name], by)
        with place:
            knees = int(matrices[name][0].sum())
            st.markdown(
                f"**{DISPLAY_NAME[name]}**, "
                + ("published" if _is_published(runs) else counted(len(runs[name]), "run"))
                + f", {knees} knees"
            )
            cell = film_lists.chosen_cell(runs)
            outlined = cell[1:] if cell and cell[0] == name else None
            figure = charts.confusion_figure(means[name], by=by, spread=spread, outlined=outlined)
            event = table_view.show_figure(
                figure,
                f"confusion_{name}_{selection.split}",
                on_select="rerun",
                selection_mode="points",
            )
            for point in event.selection.points:
                true, given, _ = point["customdata"]
                clicked = (name, int(true), int(given))
    if len(pair) == 2:
        with columns[2]:
            st.markdown(f"**{difference_of(pair)}**")
            change = means[pair[1]] - means[pair[0]]
            figure = charts.difference_figure(change, by=by)
            table_view.show_figure(figure, f"confusion_difference_{selection.split}")
    unit = "" if by == "counts" else " percent"
    st.caption(
        f"Rows: reference grade. Columns: given grade. In{unit or ' knees'}; ± is one standard "
        "deviation over runs. Given is the most probable grade. Click a cell to see its films, or "
        "choose it below: it is outlined."
    )
    return clicked


def _is_published(runs):
    return all(list(of) == [film_lists.PUBLISHED] for of in runs.values())


def compared(runs):
    """Return `runs` with the films that all of them have, after saying which; empty: none."""
    common = confusions.shared_films(runs)
    left = len(next(iter(confusions.all_runs(common).values())))
    most = max(map(len, confusions.all_runs(runs).values()))
    if not left:
        st.warning(
            "These runs have no film in common with the same patient and reference grade, so they "
            "cannot be compared film by film. Choose one study above, or runs of one split."
        )
        return {}
    if left < most:
        st.caption(f"From here on: the {left} films that all runs have, of up to {most} in a run.")
    return common


def show_grades(selection, answers, lines) -> None:
    """Show precision, recall and F1 per grade, with intervals."""
    st.subheader("Grade by grade")
    tables = {name: cached.of_films(confusions.per_grade, films) for name, films in answers.items()}
    table_view.show_figure(charts.per_grade_figure(tables), f"grades_{selection.split}")
    st.caption("Of the runs' mean probabilities; 95% intervals: bootstrap over patients.")
    table = "{name: confusions.per_grade(of) for name, of in answers.items()}"
    table_view.show_table(
        confusions.of_networks(tables),
        f"grades_{selection.split}",
        film_lists.python(selection, lines, f"confusions.of_networks({table})"),
        columns={
            name: st.column_config.NumberColumn(format="%.3f") for name in ("value", "low", "high")
        },
        height=250,
    )
    trust.show_errors(selection, answers)
    trust.show_trust(selection, answers, lambda table: film_lists.python(selection, lines, table))


style.apply_style()
st.title("Confusion")
with boundary.refusals_shown():
    selection = run_selection.choose()
    if selection is not None:
        runs, by, lines = choose_source(selection)
        if not runs:
            st.info(
                f"No graded {run_selection.SPLITS[selection.split]} films in these runs: there is "
                "no reference to compare with."
            )
        else:
            clicked = show_matrices(selection, runs, by)
            pictures = film_lists.show_cell(selection, runs, clicked, lines)
            if runs := compared(runs):
                answers = {name: confusions.mean_answers(of) for name, of in runs.items()}
                lines = [*lines, "runs = confusions.shared_films(runs)", film_lists.ANSWERS]
                show_grades(selection, answers, lines)
                pictures += film_lists.show_lists(selection, runs, answers, lines)
            for show in pictures:
                show()
