"""The question before something goes for good: what goes is what the question named."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import streamlit as st

Thing = TypeVar("Thing", int, str)


def ask(
    place: Any,
    label: str,
    things: Sequence[Thing],
    *,
    key: str,
    words: Callable[[list[Thing]], str],
    sure: str,
    on_sure: Callable[[list[Thing]], None],
    width: Literal["content", "stretch"] = "stretch",
) -> None:
    """Show the button that asks, where there are `things`, and the question that it opens.

    `words` make the question of those things that were chosen when it was opened; `on_sure` is
    called with the same ones, whatever has come to be chosen meanwhile, and the question closes.
    A second click finds nothing that it could take. The session keeps `things` meanwhile, also past
    a sign-out: so they are numbers and digests, no names. The button in the question has `key`.
    """
    rounds, kept = f"{key}_round", f"{key}_of"
    times = st.session_state.setdefault(rounds, 0)
    question = place.popover(
        label, key=f"{key}_asked_{times}", on_change="rerun", disabled=not things, width=width
    )
    if not question.open:
        st.session_state.pop(kept, None)
    those = st.session_state.setdefault(kept, list(things)) if question.open else list(things)

    def take():
        on_sure(those)
        # A question of its own each time: that this one is open may be said once more by a browser
        # that has not heard of the answer yet.
        st.session_state[rounds] = times + 1

    # Also while it is closed: opened empty, it would find a place for itself that is too small.
    with question:
        st.markdown(words(those))
        st.button(
            f":red[{sure}]",  # not in the colour of what opens things
            key=key,
            disabled=not question.open,
            on_click=take if question.open else None,
        )
