"""How far the proposed joint space widths can be trusted, measured on test films."""

from pathlib import Path

import streamlit as st

from kneeoa.analysis.published import joint_space
from kneeoa.records import joint_space as records
from pages.shared import boundary
from pages.shared.research import cached_runs


def show_joint_space() -> None:
    """Show what was measured, of the first results folder that has it."""
    folders = cached_runs.results_folders()
    files = [file for folder in folders if (file := folder / records.FILE).exists()]
    if not files:
        return
    st.subheader("How far the joint space width can be trusted")
    with boundary.refusals_shown():
        _show(files[0])


def _show(file: Path):
    table = records.read(file)
    knees = table[table["what"] == "knees without any width"].iloc[0]
    st.markdown(
        f"On {knees['films']:.0f} test knees of {knees['patients']:.0f} patients. In brackets: 95% "
        "bootstrap interval over patients. Widths in percent of the tibia's width: these films do "
        "not say how large their pixels are. No reader's measurement was at hand: how near the "
        "widths are to hers is not known."
    )
    st.markdown("\n".join(f"- {sentence}" for sentence in joint_space.sentences(table)))
    st.markdown(joint_space.verdict(table))
    st.caption(f"Made by `python -m train jointspace --data DIR --csv RESULTS/{records.FILE}`")
