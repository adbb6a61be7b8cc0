"""Lists of films on the confusion page: those of a cell, those worth a second look, as pictures."""

from collections.abc import Callable

import streamlit as st

from kneeoa.analysis import confusions
from kneeoa.grades import GRADES
from kneeoa.networks import DISPLAY_NAME, pair_of
from kneeoa.wording import counted
from pages.shared import dataset_films, kept, table_view

Later = list[Callable[[], None]]
PUBLISHED = "published"
"""What stands for a run where the published models are shown."""
CELL = ("cell_network", "reference", "given")
REFERENCE, GIVEN = 1, 0
"""The cell that is shown first: doubtful knees that are called healthy."""
MOST_APART = 100
"""Of the films on which the networks disagree, as many are listed."""
ANSWERS = "answers = {name: confusions.mean_answers(of) for name, of in runs.items()}"
FILM_COLUMNS = {
    "image_id": "Film",
    "patient_id": "Patient",
    "true_grade": "Reference KL",
    "runs_here": "Runs in the cell",
    "runs": "Of runs",
}


def python(selection, lines, table: str) -> str:
    """Return the Python of a table of this page, from `lines` that give ``runs``."""
    needed = [
        name
        for name in ("confusions", "measuring", "operating", "results")
        if any(f"{name}." in line for line in (*lines, table))
    ]
    return selection.python(table, *needed, before=lines)


def chosen_cell(runs) -> tuple[str, int, int]:
    """Return the cell whose films are shown: network, reference and given grade."""
    values = [kept.chosen(key) for key in CELL]
    name = values[0] if values[0] in runs else next(iter(runs))
    grades = [
        int(value) if str(value) in map(str, map(int, GRADES)) else default
        for value, default in zip(values[1:], (REFERENCE, GIVEN), strict=True)
    ]
    return (name, *grades)


def show_cell(selection, runs, clicked, lines) -> Later:
    """Show the films behind a cell, the surest first; return what shows their pictures."""
    st.subheader("Films of a cell")
    # A click sets the choice below, which is in the URL, too.
    if not clicked:
        st.session_state.pop("clicked_before", None)
    elif clicked != st.session_state.get("clicked_before"):
        st.session_state["clicked_before"] = clicked
        for key, value in zip(CELL, clicked, strict=True):
            kept.choose(key, value)
        # The matrices above stand already, with the outline where it was.
        st.rerun()
    network, reference, given, _ = st.columns([2, 1.2, 1.2, 3])
    grades = [int(grade) for grade in GRADES]
    name = kept.one(
        network.selectbox, "Network", runs, "cell_network", format_func=DISPLAY_NAME.get
    )
    true = kept.one(reference.selectbox, "Reference KL", grades, "reference", default=REFERENCE)
    said = kept.one(given.selectbox, "Given KL", grades, "given", default=GIVEN)
    found = confusions.in_cell(runs[name], true, said)
    st.markdown(confusions.cell_sentence(runs[name], DISPLAY_NAME[name], true, said))
    st.caption(
        "All columns are of the published models, as the cards on the page Read are."
        if PUBLISHED in runs[name]
        else "All columns are of the runs above and their mean probabilities, not of the published "
        "models, which the page Read shows: their matrix is under Published models."
    )
    if found.empty:
        return []
    answers = {of: confusions.mean_answers(films) for of, films in runs.items()}
    pictures = _show_film_table(
        selection,
        confusions.with_answers(found, answers),
        f"cell_{name}_{true}_{said}",
        [*lines, ANSWERS, f"films = confusions.in_cell(runs[{name!r}], {true}, {said})"],
        {"confidence": f"Confidence in KL {said}"},
    )
    return [pictures]


def show_lists(selection, runs, answers, lines) -> Later:
    """Show the films that all get wrong, and those on which the networks disagree most.

    Return what shows the pictures of the list that is open.
    """
    st.subheader("Films worth a second look")
    names = ["All runs get them wrong", "The networks disagree most"]
    wrong, apart = st.tabs(names, key="film_lists", on_change="rerun")
    later = []
    with wrong:
        every = confusions.all_runs(runs)
        found = confusions.always_wrong(every)
        total = len(next(iter(every.values())))
        st.markdown(
            f"{len(found)} of {total} films get the reference grade from none of "
            f"{counted(len(every), 'run')}. Where all agree against the reference, look at the "
            "reference, too."
        )
        columns = ["image_id", "patient_id", "true_grade", "given", "confidence", "mean_error"]
        pictures = _show_film_table(
            selection,
            confusions.with_answers(found[columns], answers),
            "always_wrong",
            [
                *lines,
                "films = confusions.always_wrong(confusions.all_runs(runs))",
                f"films = films[{columns!r}]",
            ],
            {"given": "Given KL", "confidence": "Its mean p", "mean_error": "Mean error (grades)"},
        )
        if wrong.open:
            later.append(pictures)
    with apart:
        pair = pair_of(runs)
        if len(pair) < 2:
            st.caption("Needs runs of both networks.")
            return later
        found = confusions.most_apart(*(answers[name] for name in pair)).head(MOST_APART)
        pictures = _show_film_table(
            selection,
            confusions.with_answers(found, answers),
            "most_apart",
            [
                *lines,
                f"pair = [answers[name] for name in {pair!r}]",
                f"films = confusions.most_apart(*pair).head({MOST_APART})",
            ],
            {
                "first": f"{DISPLAY_NAME[pair[0]]}, expected KL",
                "second": f"{DISPLAY_NAME[pair[1]]}, expected KL",
                "apart": "Apart (grades)",
            },
        )
        if apart.open:
            later.append(pictures)
    return later


def _show_film_table(selection, table, name, lines, columns):
    """Show films as a table with both networks' mean probabilities.

    Return what shows the pictures of the marked ones below it: reading a film takes longer than all
    else on the page, which should not wait for it.
    """
    labels = FILM_COLUMNS | columns
    shown = {
        column: st.column_config.NumberColumn(labels.get(column, column), format="%.2f")
        for column in table.select_dtypes("float").columns
    }
    event = table_view.show_table(
        table,
        f"{name}_{selection.split}",
        python(selection, lines, "confusions.with_answers(films, answers)"),
        columns=labels | shown,
        on_select="rerun",
        selection_mode="multi-row",
        height=min(300, 38 + 35 * max(1, len(table))),
        key=f"films_{name}",
    )
    marked = [table["image_id"].iloc[row] for row in event.selection.rows]
    if not marked:
        st.caption("Mark rows to see only those films; here are the first ones.")
    place = st.container()

    def show_pictures():
        with place:
            dataset_films.show_films(marked or list(table["image_id"]), name)

    return show_pictures
