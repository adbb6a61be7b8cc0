"""The robustness page: what changes of films cost; and what a search for settings found."""

from pathlib import Path

import streamlit as st

from kneeoa.analysis.selection import study_labels
from kneeoa.charts.comparing import robustness_figure
from kneeoa.charts.tuning import importance_figure, trials_figure
from kneeoa.records import robustness, tried, tuning
from pages.robustness import other_hospitals
from pages.shared import boundary, cached, kept, style, table_view
from pages.shared.research import cached_runs

CHANGES = {
    "change_in_accuracy": "Accuracy, change",
    "low": "Change, lower end (95%)",
    "high": "Change, upper end (95%)",
}


def show_robustness(folders) -> None:
    """Show the robustness table of each folder that has one."""
    st.subheader("Our own test films, changed by computer")
    files = _named(folders, robustness.FILE)
    for name, file in files.items():
        with boundary.refusals_shown():
            table = robustness.read(file)
            first = table.iloc[0]
            st.markdown(
                f"Change in accuracy of the published models on {first['knees']:.0f} test knees of "
                f"{first['patients']:.0f} patients, one change of the films at a time, at three "
                "strengths; 95% intervals by bootstrap over patients, paired. These are our own "
                "films, made brighter, noisier or turned: what other machines might do to them, "
                "and no other hospital's films."
            )
            if sentence := _part_of_the_test_films(first):
                st.caption(sentence)
            table_view.show_figure(robustness_figure(table), name)
            st.caption(
                "Across: how strong the change is, in the unit after its name. Up: points of "
                "accuracy gained or lost against the unchanged films."
            )
            table_view.show_table(
                table,
                name,
                "from pathlib import Path\nfrom kneeoa.records import robustness\n"
                f"print(robustness.read(Path({str(file)!r})))",
                columns={
                    name: st.column_config.NumberColumn(words, format="percent")
                    for name, words in CHANGES.items()
                },
            )
            st.caption(
                "The ends are those of the change in accuracy, which alone is judged here: "
                "accuracy, kappa and mean error beside it stand without an interval of their own."
            )
    if not files:
        st.caption(
            "No robustness table here. `python -m train robustness assets/models --data DIR --csv "
            f"RESULTS/{robustness.FILE}` makes one."
        )


def _part_of_the_test_films(first):
    """Say how the films that were changed belong to those that the page About counts."""
    card = next(iter(cached.cards().values()), None)
    measured = card and card["metrics"]["test"]
    if not measured or first["knees"] >= measured["knees"]:
        return ""
    return (
        f"The page About measures on all {measured['knees']} test knees of "
        f"{measured['patients']} patients. Here it is {first['knees']:.0f} of these knees, because "
        "every film is graded anew under every change: figures of unchanged films differ a little."
    )


def _named(folders, file_name):
    """Return the files of that name, each under a name of its own."""
    files = [file for folder in folders if (file := folder / file_name).exists()]
    stem = Path(file_name).stem
    return {stem if not n else f"{stem}_{n + 1}": file for n, file in enumerate(files)}


def show_tried(folders) -> None:
    """Show what each set of settings gave on the validation films."""
    files = _named(folders, tried.FILE)
    if not files:
        return
    st.subheader("What was tried")
    st.caption(
        "On the validation films alone; no test film had a say. Settings are named where they "
        "differ from the recipe. The cross-entropy is after calibration: it tells recipes apart "
        "more surely than the accuracy."
    )
    for name, file in files.items():
        with boundary.refusals_shown():
            table_view.show_table(
                tried.read(file),
                name,
                "from pathlib import Path\nfrom kneeoa.records import tried\n"
                f"print(tried.read(Path({str(file)!r})))",
                row_height=table_view.THREE_LINES,
                columns={
                    "changed": st.column_config.TextColumn(width="large"),
                    **{
                        name: st.column_config.NumberColumn(format="%.3f")
                        for name in ("quadratic_kappa", "mean_absolute_error", "cross_entropy")
                    },
                    "cross_entropy_sd": st.column_config.NumberColumn(format="%.3f"),
                    "minutes": st.column_config.NumberColumn(format="%.0f"),
                },
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
    name = kept.one(st.selectbox, "Tuning study", studies, "tuning")
    study = studies[name]
    folder = study.folder / "studies" / study.record.study_id
    with boundary.refusals_shown():
        search = tuning.read(folder)
        st.markdown(boundary.escaped(search.sentence()))
        left, right = st.columns([2, 1], gap="medium")
        with left:
            table_view.show_figure(trials_figure(search.trials), "trials")
        with right:
            if len(search.importance):
                table_view.show_figure(importance_figure(search.importance), "importance")
        table_view.show_table(
            search.trials,
            "trials",
            "from pathlib import Path\nfrom kneeoa.records import tuning\n"
            f"print(tuning.read(Path({str(folder)!r})).trials)",
        )


style.apply_style()
st.title("Robustness")
with boundary.refusals_shown():
    places = cached_runs.results_folders()
    other_hospitals.show_other_hospitals(cached.graders().localiser.card)
    other_hospitals.show_own()
    show_robustness(places)
    show_tried(places)
    show_tuning(cached_runs.read_archive(places))
