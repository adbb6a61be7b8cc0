"""The one way to choose among the places on this server that its owner offers."""

from collections.abc import Mapping

import streamlit as st


def choose(
    label: str, places: Mapping[str, object], *, key: str, kind: str = "folder", help: str = ""
) -> str | None:
    """Ask for one of `places` by its name; return it, or None while none is chosen or offered."""
    return st.selectbox(
        label,
        list(places),
        index=None,
        placeholder=f"Choose a {kind}" if places else "None is offered",
        disabled=not places,
        key=key,
        help=help or None,
    )
