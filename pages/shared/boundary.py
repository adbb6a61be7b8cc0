"""What a page says when something cannot be done, and text that is shown as it is."""

import contextlib
from collections.abc import Iterator

import streamlit as st

from kneeoa.errors import KneeOAError


@contextlib.contextmanager
def refusals_shown() -> Iterator[None]:
    """Show what a user can act on as a sentence; let bugs surface in the log."""
    try:
        yield
    except KneeOAError as error:
        st.error(escaped(str(error)))


def escaped(text: str) -> str:
    """Return `text` so that Markdown shows it as it is: no link or image comes from a file."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$:~" else c for c in text)
