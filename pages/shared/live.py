"""Parts of a page that look again by themselves."""

import secrets
from collections.abc import Callable

import streamlit as st


def every(seconds: float, look: Callable[..., None], *args) -> None:
    """Show what ``look(*args)`` shows, again every so often, without running the rest of the page.

    Each run of the page names its part anew. Under one name, a look that comes while the end of a
    run is still on its way to the browser makes Streamlit 1.67 drop that end, with the request to
    look again: the page stands still and does not show what was clicked. A look under a name that
    is gone is ignored.
    """

    def part(*args):
        look(*args)

    part.__qualname__ = f"{look.__qualname__} {secrets.token_hex(8)}"
    st.fragment(part, run_every=seconds)(*args)
