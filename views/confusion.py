"""The confusion page: which grades are taken for which, by whom, and on which films."""

import pandas as pd
import streamlit as st

from kneeoa import confusions
from kneeoa.charts import confusion as charts
from kneeoa.grades import GRADES
from kneeoa.networks import DISPLAY_NAME, difference_of, pair_of
from kneeoa.selection import counted
from views import _films_of, _kept, _selection, _shared, _tables, _trust

SOURCES = {"mean": "Mean over runs", "one": "One run each", "published": "Published models"}

PYTHON = """
from pathlib import Path
from kneeoa import confusions, results

predictions = results.read_predictions(Path("RESULTS/runs/RUN/predictions.csv"))
films = confusions.graded(predictions, {split!r})
{ask}
"""


def python_for(selection, ask: str) -> str:
    """Return the lines that reproduce a table of this page for one run."""
    return PYTHON.format(split=selection.split, ask=ask)


def choose_source(selection):
    """Show what the matrices are of; return graded films per network and run."""
    runs = _selection.graded_films(selection)
    source, by = st.columns([3, 3], vertical_alignment="bottom")
    chosen = _kept.one(
        source.segmented_control,
        "Matrices of",
        SOURCES,
        "source",
        required=True,
        format_func=SOURCES.get,
    )
    counted_by = _kept.one(
        by.segmented_control,
        "Cells in",
        confusions.SHARES,
        "by",
        default="row",
        required=True,
        format_func=confusions.SHARES.get,
    )
    if chosen == "published":
        runs = {
            name: {"published": confusions.graded(table, selection.split)}
            for name, table in _shared.published_predictions().items()
            if name in selection.networks
        }
    elif chosen == "one":
        columns = st.columns(2)
        runs = {
            name: {label: of[label]}
            for place, (name, of) in zip(columns, runs.items(), strict=False)
            for label in [_kept.one(place.selectbox, DISPLAY_NAME[name], of, f"run_{name}")]
        }
    runs = {
        name: {label: films for label, films in of.items() if len(films)}
        for name, of in runs.items()
    }
    return {name: of for name, of in runs.items() if of}, counted_by


def show_matrices(selection, runs, by: str) -> tuple[str, int, int] | None:
    """Show a matrix per network and their difference; return the cell that was clicked last."""
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
                f"**{DISPLAY_NAME[name]}**, {counted(len(runs[name]), 'run')}, {knees} knees"
            )
            figure = charts.confusion_figure(means[name], by=by, spread=spread)
            event = _tables.show_figure(
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
            _tables.show_figure(figure, f"confusion_difference_{selection.split}")
    unit = "" if by == "counts" else " percent"
    st.caption(
        f"Rows: reference grade. Columns: given grade. In{unit or ' knees'}; ± is one standard "
        "deviation over runs. Click a cell to see its films, or choose it below."
    )
    return clicked


def show_cell(selection, runs, clicked) -> None:
    """Show the films behind a cell, the surest first."""
    st.subheader("Films of a cell")
    # A click sets the choice below, which is in the URL, too.
    if clicked and clicked != st.session_state.get("clicked_before"):
        st.session_state["clicked_before"] = clicked
        for key, value in zip(("cell_network", "reference", "given"), clicked, strict=True):
            _kept.choose(key, value)
    network, reference, given, _ = st.columns([2, 1.2, 1.2, 3])
    grades = [int(grade) for grade in GRADES]
    name = _kept.one(
        network.selectbox, "Network", runs, "cell_network", format_func=DISPLAY_NAME.get
    )
    true = _kept.one(reference.selectbox, "Reference KL", grades, "reference", default=1)
    said = _kept.one(given.selectbox, "Given KL", grades, "given", default=0)
    found = confusions.in_cell(runs[name], true, said)
    st.markdown(
        f"{counted(len(found), 'film')} with reference KL {true} to which "
        f"{DISPLAY_NAME[name]} gives KL {said} in at least one of "
        f"{counted(len(runs[name]), 'run')}."
    )
    if found.empty:
        return
    _show_film_table(
        selection,
        found.rename(columns={"confidence": f"p{said}, {DISPLAY_NAME[name]}"}),
        runs,
        f"cell_{name}_{true}_{said}",
        f"print(films.query('true_grade == {true} and predicted == {said}'))",
    )


def compared(runs):
    """Return `runs` with the films that all of them have, after saying which; empty: none."""
    every = {(name, label): films for name, of in runs.items() for label, films in of.items()}
    common = confusions.in_common(every)
    left, most = len(next(iter(common.values()))), max(map(len, every.values()))
    if not left:
        st.warning(
            "These runs have no film in common with the same patient and reference grade, so they "
            "cannot be compared film by film. Choose one study above, or runs of one split."
        )
        return {}
    if left < most:
        st.caption(f"From here on: the {left} films that all runs have, of up to {most} in a run.")
    return {name: {label: common[name, label] for label in of} for name, of in runs.items()}


def show_lists(selection, runs) -> None:
    """Show the films that all get wrong, and those on which the networks disagree most."""
    st.subheader("Films worth a second look")
    wrong, apart = st.tabs(["All runs get them wrong", "The networks disagree most"])
    every = {f"{name} {label}": films for name, of in runs.items() for label, films in of.items()}
    with wrong:
        found = confusions.always_wrong(every)
        total = len(confusions.together(every))
        st.markdown(
            f"{len(found)} of {total} films get the reference grade from none of "
            f"{counted(len(every), 'run')}. Where all agree against the reference, look at the "
            "reference, too."
        )
        columns = ["image_id", "patient_id", "true_grade", "given", "confidence", "mean_error"]
        _show_film_table(
            selection,
            found[columns],
            runs,
            "always_wrong",
            "print(confusions.always_wrong({'one run': films}))",
        )
    with apart:
        pair = pair_of(runs)
        if len(pair) < 2:
            st.caption("Needs runs of both networks.")
            return
        first, second = (confusions.together(runs[name]) for name in pair)
        found = confusions.most_apart(first, second).head(100)
        names = {"first": f"expected, {DISPLAY_NAME[pair[0]]}"}
        names |= {"second": f"expected, {DISPLAY_NAME[pair[1]]}", "apart": "apart (grades)"}
        _show_film_table(
            selection,
            found.rename(columns=names),
            runs,
            "most_apart",
            "print(confusions.most_apart(confusions.together(FIRST), confusions.together(SECOND)))",
        )


def _show_film_table(selection, table, runs, name, ask):
    """Show films as a table with both networks' mean probabilities; below it the marked ones."""
    answers = {of: confusions.together(runs[of]).set_index("image_id") for of in pair_of(runs)}
    table = table.assign(
        **{
            f"{DISPLAY_NAME[of]}: p{grade}": of_films[f"p{grade}"]
            .reindex(table["image_id"])
            .to_numpy()
            for of, of_films in answers.items()
            for grade in range(5)
        }
    )
    numbers = table.select_dtypes("float").columns
    event = _tables.show_table(
        table,
        f"{name}_{selection.split}",
        python_for(selection, ask),
        columns={column: st.column_config.NumberColumn(format="%.2f") for column in numbers},
        on_select="rerun",
        selection_mode="multi-row",
        height=min(300, 38 + 35 * max(1, len(table))),
        key=f"films_{name}",
    )
    marked = [table["image_id"].iloc[row] for row in event.selection.rows]
    if not marked:
        st.caption("Mark rows to see only those films; here are the first ones.")
    _films_of.show_films(marked or list(table["image_id"]), name)


def show_grades(selection, runs) -> None:
    """Show precision, recall and F1 per grade, with intervals."""
    st.subheader("Grade by grade")
    means = {name: _selection.mean_answers(of) for name, of in runs.items()}
    tables = {name: confusions.per_grade(films) for name, films in means.items()}
    _tables.show_figure(charts.per_grade_figure(tables), f"grades_{selection.split}")
    st.caption("Of the runs' mean probabilities; 95% intervals: bootstrap over patients.")
    joined = pd.concat([of.assign(network=DISPLAY_NAME[name]) for name, of in tables.items()])
    _tables.show_table(
        joined[["network", *[c for c in joined if c != "network"]]],
        f"grades_{selection.split}",
        python_for(selection, "print(confusions.per_grade(films))"),
        height=250,
    )
    _trust.show_errors(selection, means)
    _trust.show_trust(selection, means, python_for)


_shared.apply_style()
with _shared.refusals_shown():
    selection = _selection.choose()
    if selection is not None:
        runs, by = choose_source(selection)
        if not runs:
            st.info(
                f"No graded {_selection.SPLITS[selection.split]} films in these runs: there is no "
                "reference to compare with."
            )
        else:
            clicked = show_matrices(selection, runs, by)
            show_cell(selection, runs, clicked)
            if runs := compared(runs):
                show_grades(selection, runs)
                show_lists(selection, runs)
