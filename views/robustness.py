"""The robustness page: films as other hospitals send them; and what a search for settings found."""

import streamlit as st

from kneeoa import robustness_table, tuning
from kneeoa.charts.comparing import robustness_figure
from kneeoa.charts.tuning import importance_figure, trials_figure
from kneeoa.selection import study_labels
from views import _kept, _shared, _tables


def show_robustness(folders) -> None:
    """Show the robustness table of each folder that has one."""
    st.subheader("Films as other hospitals send them")
    shown = False
    for folder in folders:
        file = folder / robustness_table.FILE
        if not file.exists():
            continue
        shown = True
        with _shared.refusals_shown():
            table = robustness_table.read(file)
            first = table.iloc[0]
            st.markdown(
                f"Change in accuracy of the published models on {first['knees']} test knees of "
                f"{first['patients']} patients, one change of the films at a time, at three "
                "strengths; 95% intervals by bootstrap over patients, paired."
            )
            _tables.show_figure(robustness_figure(table), "robustness")
            _tables.show_table(
                table,
                "robustness",
                "from pathlib import Path\nfrom kneeoa import robustness_table\n"
                f"print(robustness_table.read(Path({str(file)!r})))",
            )
    if not shown:
        st.caption(
            "No robustness table here. `python -m train robustness assets/models --data DIR --csv "
            f"RESULTS/{robustness_table.FILE}` makes one."
        )


def show_tuning(archive) -> None:
    """Show the trials of a tuning study: what was tried, what mattered, what was best."""
    st.subheader("Search for settings")
    studies = {
        label: study
        for label, study in study_labels(archive).items()
        if study.record.kind == "tuning"
    }
    if not studies:
        st.caption("No tuning study here. `python -m train tune` makes one.")
        return
    name = _kept.one(st.selectbox, "Tuning study", studies, "tuning")
    study = studies[name]
    folder = study.folder / "studies" / study.record.study_id
    with _shared.refusals_shown():
        found = tuning.read(folder)
        st.markdown(_shared.escaped(found.said()))
        left, right = st.columns([2, 1], gap="medium")
        with left:
            _tables.show_figure(trials_figure(found.trials), "trials")
        with right:
            if len(found.importance):
                _tables.show_figure(importance_figure(found.importance), "importance")
        _tables.show_table(
            found.trials,
            "trials",
            "from pathlib import Path\nfrom kneeoa import tuning\n"
            f"print(tuning.read(Path({str(folder)!r})).trials)",
        )


_shared.apply_style()
with _shared.refusals_shown():
    places = _shared.results_folders()
    show_robustness(places)
    show_tuning(_shared.read_archive(places))
