"""The matrices: the one whose cells are chosen, and both networks' beside each other."""

import streamlit as st

from kneeoa.analysis import confusions
from kneeoa.charts import confusion as charts
from kneeoa.grades import GRADES
from kneeoa.networks import difference_of, pair_of
from pages.confusion.sources import Shown, named
from pages.shared import kept, table_view

CELL = ("cell_network", "reference", "given")
REFERENCE, GIVEN = 1, 0
"""The cell that is shown first: doubtful knees that are called healthy."""
_CLICKED = "clicked_before"


def choose_cell(selection, shown: Shown, by: str) -> tuple[str, int, int]:
    """Show a network's matrix with the chosen cell outlined; return network, reference, given.

    A click on a cell chooses it, and so do the fields below.
    """
    names = list(shown.films)
    name = kept.one(
        st.segmented_control,
        "Network",
        names,
        CELL[0],
        format_func=named,
        required=True,
        label_visibility="collapsed",
    )
    matrices = [confusions.matrix(films) for films in shown.films[name].values()]
    values, spread = confusions.mean_and_spread(matrices, by)
    knees = int(matrices[0].sum())
    st.markdown(f"**{named(name)}**, {shown.basis(name)}, {knees} knees")
    figure = charts.confusion_figure(
        values,
        by=by,
        spread=spread,
        counts=matrices[0] if len(matrices) == 1 and by != "counts" else None,
        outlined=_outlined(),
        height=430,
    )
    event = table_view.show_figure(
        figure,
        f"confusion_{name}_{selection.split}",
        on_select="rerun",
        selection_mode="points",
    )
    _turn_to_clicked(name, event)
    true_field, given_field = st.columns(2)
    grades = [int(grade) for grade in GRADES]
    true = kept.one(true_field.selectbox, "Reference KL", grades, CELL[1], default=REFERENCE)
    given = kept.one(given_field.selectbox, "Given KL", grades, CELL[2], default=GIVEN)
    several = len(matrices) > 1
    unit = "In knees" if by == "counts" else "In percent"
    below = "" if by == "counts" else "; below: knees"
    st.caption(
        f"Rows: reference grade. Columns: given grade, the most probable one. {unit}"
        f"{'; ± is one standard deviation over runs' if several else below}. Click a cell to see "
        f"its films.{_left_out(matrices, by)}"
    )
    return name, true, given


def _left_out(matrices, by):
    """Say which grades some of the runs never give; nothing where that changes no cell."""
    if by != "column":
        return ""
    given = sum(counts.sum(axis=0) > 0 for counts in matrices)
    return "".join(
        f" {grade.label} is given by {given[grade]} of {len(matrices)} runs: its column is theirs."
        for grade in GRADES
        if 0 < given[grade] < len(matrices)
    )


def _outlined():
    grades = []
    for key, default in zip(CELL[1:], (REFERENCE, GIVEN), strict=True):
        value = str(kept.chosen(key))
        grades.append(int(value) if value in map(str, map(int, GRADES)) else default)
    return tuple(grades)


def _turn_to_clicked(name, event):
    """Choose the cell that was clicked last, once: the fields may have been changed since."""
    clicked = [(name, *map(int, point["customdata"][:2])) for point in event.selection.points]
    if not clicked:
        st.session_state.pop(_CLICKED, None)
    elif clicked[-1] != st.session_state.get(_CLICKED):
        st.session_state[_CLICKED] = clicked[-1]
        for key, value in zip(CELL[1:], clicked[-1][1:], strict=True):
            kept.choose(key, value)
        # The matrix above stands already, with the outline where it was.
        st.rerun()


def figures(shown: Shown, by: str) -> dict:
    """Return the matrix of each network, and their difference where there are two, as figures."""
    means, drawn = {}, {}
    for name, by_run in shown.films.items():
        matrices = [confusions.matrix(films) for films in by_run.values()]
        means[name], spread = confusions.mean_and_spread(matrices, by)
        drawn[named(name)] = charts.confusion_figure(means[name], by=by, spread=spread)
    pair = pair_of(shown.films)
    if len(pair) == 2:
        change = means[pair[1]] - means[pair[0]]
        drawn[difference_of(pair)] = charts.difference_figure(change, by=by)
    return drawn


def show_beside(selection, shown: Shown, by: str) -> None:
    """Show the matrices of all networks and their difference."""
    drawn = figures(shown, by)
    for place, (name, figure) in zip(
        st.columns(max(2, len(drawn)), gap="medium"), drawn.items(), strict=False
    ):
        with place:
            st.markdown(f"**{name}**")
            # Not the keys of the matrix above, whose cells are clicked.
            table_view.show_figure(figure, f"beside_{name}_{selection.split}")
    st.caption(
        "Difference: in the colour of the network that has more there."
        if len(pair_of(shown.films)) == 2
        else "A difference needs runs of both networks."
    )
    for name, by_run in shown.films.items():
        matrices = [confusions.matrix(films) for films in by_run.values()]
        if sentence := _left_out(matrices, by):
            st.caption(f"{named(name)}:{sentence}")
