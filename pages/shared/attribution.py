"""Where the films came from and under which licence, for the pages that say so."""

import re

import streamlit as st

from pages.shared import boundary

_DOI = re.compile(r"10\.\d{4,9}/[\w.-]+")
_LICENCE = re.compile(r"https://creativecommons\.org/[\w./-]+")


def show(cards) -> None:
    """Show author, title, licence and origin of the data of the published models."""
    card = next(iter(cards.values()))
    data = card["data"]
    st.subheader("Data and attribution")
    said = {name: boundary.escaped(text) for name, text in data.items()}
    doi, licence = f"doi {said['doi']}", said["licence"]
    # No other link comes from a file.
    if _DOI.fullmatch(str(data["doi"])):
        doi = f"[{doi}](https://doi.org/{data['doi']})"
    if _LICENCE.fullmatch(str(data["licence_url"])):
        licence = f"[{licence}]({data['licence_url']})"
    st.markdown(
        f"{said['author']} ({said['year']}): *{said['name']}*, {doi}, {licence}. "
        f"{said['origin']} {said['split']}"
    )
