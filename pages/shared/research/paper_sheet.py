"""The button that gives a page's figures and tables for a paper, all in one ZIP."""

from collections.abc import Callable

import streamlit as st

from kneeoa.analysis.many import citation
from kneeoa.analysis.selection import Selection
from pages.shared import cached


def show_button(name: str, content: Callable[[], bytes]) -> None:
    """Show it; `content` makes the ZIP, when it is asked for."""
    st.download_button(
        "For a paper (ZIP)",
        content,
        file_name=f"{name}.zip",
        mime="application/zip",
        on_click="ignore",
        key=f"paper_{name}",
        width="stretch",
        help="Figures as SVG and PDF, tables as CSV, the Python behind them, and what to cite: the "
        "films' split and the weights by their hashes.",
    )


def cited(selection: Selection, *, published: bool = False, runs=None) -> str:
    """Return `citation.citation` of a selection, with the published models' hashes on request."""
    cards = cached.cards()
    hashes = {name: card["model_sha256"] for name, card in cards.items()} if published else {}
    if published and (together := cached.graders().together):
        hashes |= {
            f"with it, in Both together: {member.file.name}": member.weights_hash
            for member in together.members
            if member.weights_hash not in hashes.values()
        }
    data = next(iter(cards.values()))["data"]
    splits = sorted({card["split_hash"] for card in cards.values()})
    return citation.citation(
        selection,
        data=data,
        published=hashes,
        published_splits=splits if published else (),
        splits_of_data=splits,
        runs=runs,
    )
