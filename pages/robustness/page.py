"""The robustness page: what other hospitals' films and changes of films cost."""

from pathlib import Path

import streamlit as st

from kneeoa.charts.robustness import robustness_figure
from kneeoa.records import robustness
from pages.robustness import other_hospitals
from pages.shared import boundary, cached, style, table_view
from pages.shared.research import cached_runs

COLUMNS = {
    "model": "Network",
    "change": "Change of the films",
    "strength": st.column_config.NumberColumn("Strength", format="%.4g"),
    "unit": "Unit",
    "accuracy": st.column_config.NumberColumn("Accuracy", format="percent"),
    "change_in_accuracy": st.column_config.NumberColumn("Change", format="percent"),
    "low": st.column_config.NumberColumn("from (95%)", format="percent"),
    "high": st.column_config.NumberColumn("to (95%)", format="percent"),
    "same_grade": st.column_config.NumberColumn("Same grade as before", format="percent"),
    "quadratic_kappa": st.column_config.NumberColumn("Kappa (quadratic)", format="%.3f"),
    "mean_absolute_error": st.column_config.NumberColumn("Mean error (grades)", format="%.3f"),
}
"""The columns in the order in which they stand; how many knees there are is said above them."""


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
                columns=COLUMNS,
                column_order=list(COLUMNS),
            )
            st.caption(
                "From and to: the change in accuracy. Accuracy, kappa and mean error "
                "beside it have no interval of their own: only the change was resampled when these "
                "films were graded, and the answers film by film were not kept."
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


style.apply_style()
# Searches stood here before: whoever comes by an address of then is taken to where they stand.
if search := st.query_params.get("tuning"):
    st.switch_page("results/page.py", query_params={"part": "tried", "tuning": search})
st.title("Robustness")
with boundary.refusals_shown():
    places = cached_runs.results_folders()
    other_hospitals.show_other_hospitals(cached.graders().localiser.card)
    other_hospitals.show_own()
    show_robustness(places)
    st.page_link(
        "results/page.py",
        icon=":material/arrow_forward:",
        label="What was tried in training, and searches for settings: Results",
        query_params={"part": "tried"},
    )
