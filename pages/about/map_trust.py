"""How far the maps can be trusted, measured on test films and published whatever it is."""

from pathlib import Path

import streamlit as st

from kneeoa.analysis.published import map_trust
from kneeoa.records import maps
from pages.shared import boundary
from pages.shared.research import cached_runs


def show_map_trust() -> None:
    """Show the checks of Grad-CAM, of the first results folder that has them."""
    files = [
        file for folder in cached_runs.results_folders() if (file := folder / maps.FILE).exists()
    ]
    if not files:
        return
    st.subheader("How far the maps can be trusted")
    with boundary.refusals_shown():
        _show(files[0])


def _show(file: Path):
    table = maps.read(file)
    first = table.iloc[0]
    st.markdown(
        f"Grad-CAM of the published networks on {first['films']:.0f} test films of "
        f"{first['patients']:.0f} patients, spread evenly over the grades as the test films have "
        "them; for the grade that each network says. In brackets: 95% bootstrap interval over "
        "patients.\n"
        "- **Deletion** (Petsiuk et al. 2018): the film is made grey bit by bit, first where the "
        "map is strongest. The sooner the network leaves its grade, the smaller the area under "
        "the curve of its probability, and the better the map.\n"
        "- **Insertion**: a blurred film becomes sharp bit by bit, in the same order. A larger "
        "area is better.\n"
        "- **Shuffled layers** (Adebayo et al. 2018): what the network learned is shuffled, layer "
        "by layer from the last. A map that shows this learning must become another one: 1 is the "
        "same map, 0 has nothing to do with it."
    )
    st.markdown("\n".join(f"- {sentence}" for sentence in map_trust.sentences(table)))
    st.table(map_trust.rows(table), border="horizontal", width="content")
    st.caption(f"Made by `python -m train maps assets/models --data DIR --csv RESULTS/{maps.FILE}`")
