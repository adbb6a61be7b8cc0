"""Marked runs: kept by their names and in the address, whichever study or network is shown."""

import hashlib

import streamlit as st

from kneeoa.analysis import selection as runs_of
from pages.shared import kept
from pages.shared.research import cached_runs

KEY = "marked"
_CHOSEN_BELOW = "marks chosen below the table"


def choose(selection) -> tuple[str, ...]:
    """Show which runs are marked, to be changed there; return their labels.

    Any finished run of the results may be marked: a mark stays when the study or a network is
    chosen anew, and never moves to the run that then stands in its row.
    """
    names = cached_runs.names(selection.archive)["name"]
    return kept.several(
        st.multiselect,
        "Marked runs",
        list(runs_of.finished_runs(selection.archive)["label"]),
        KEY,
        format_func=names.get,
        placeholder="Mark runs in the table or choose them here: their curves and settings alone",
        on_change=_changed_below,
    )


def of_rows(labels: list[str], marked: tuple[str, ...]) -> dict:
    """Return the options of the table whose rows are the runs `labels`, with `marked` selected."""
    # The table is another one when other runs stand in it, or marks were changed beside it.
    times = st.session_state.get(_CHOSEN_BELOW, 0)
    digest = hashlib.sha256("\n".join([str(times), *labels]).encode()).hexdigest()[:16]
    key = f"runs_table_{digest}"
    return {
        "key": key,
        "selection_mode": "multi-row",
        "selection_default": {
            "selection": {"rows": [row for row, label in enumerate(labels) if label in marked]}
        },
        "on_select": lambda: _mark(key, labels),
    }


def _mark(key, labels):
    rows = [labels[row] for row in st.session_state[key].selection.rows]
    before = list(st.session_state.get(KEY, ()))
    stay = [label for label in before if label not in labels or label in rows]
    kept.choose(KEY, stay + [label for label in rows if label not in stay])


def _changed_below():
    st.session_state[_CHOSEN_BELOW] = st.session_state.get(_CHOSEN_BELOW, 0) + 1
