"""Keys that come faster than the page runs."""

from typing import Literal

import streamlit as st

Key = int | Literal["lower", "higher", "confirm"]
PRESSED = "pressed"


def note(place: tuple, key: Key) -> None:
    """Keep that `key`, or its button, was pressed at `place`; to be the ``on_click`` of it."""
    st.session_state.setdefault(PRESSED, []).append((place, key))


def pressed(place: tuple) -> set[Key]:
    """Return the keys that were pressed at `place` and that no run has acted on yet.

    Mostly one. Streamlit 1.67 gives keys that come while it is busy to one run, in an order that
    says nothing, and one that came twice once: "2" and Enter could confirm before anything is
    marked. So whoever acts on several must not depend on their order. `place` is the session and
    the film: a key counts for what was on the screen.
    """
    return {key for at, key in st.session_state.pop(PRESSED, []) if at == place}
