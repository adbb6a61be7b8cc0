"""A page behind a key: asked for once a browser session, and not to be guessed."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from kneeoa.errors import ConfigError
from kneeoa.teaching import keys
from kneeoa.wording import counted, within_sentence
from pages.shared import clients


@dataclass(frozen=True, slots=True)
class Door:
    """What a key opens.

    Attributes
    ----------
    name : where the session remembers that it is open
    setting : the environment variable of the key
    what : how the key is called, as a label
    check : raises `ConfigError` where the setting is no good key
    opened, refused : the log's words
    """

    name: str
    setting: str
    what: str
    check: Callable[[str | None], object]
    opened: str
    refused: str


def refusal(door: Door) -> str:
    """Return why no key opens it, as the owner set it up; empty where one does."""
    try:
        door.check(os.environ.get(door.setting))
    except ConfigError as error:
        return str(error)
    return ""


def is_open(door: Door) -> bool:
    """Return whether this session has given the key, and it still is one."""
    return bool(st.session_state.get(door.name)) and not refusal(door)


def show_form(door: Door, more: Callable[[], bool] = lambda: True) -> None:
    """Ask for the key; open the door and run the page again once it is right.

    `more` shows further fields, and returns whether what was typed there will do.
    """
    with st.form(f"sign_in_{door.name}", width=420):
        given = st.text_input(door.what, type="password", key="key")
        fields = st.container()
        sent = st.form_submit_button("Sign in", type="primary")
        with fields:
            will_do = more()
        if sent and will_do and _opens(door, given):
            st.session_state[door.name] = True
            st.rerun()


def leave(door: Door) -> None:
    """Close it for this session."""
    st.session_state.pop(door.name, None)


def _opens(door, given):
    # Before it is compared, and for the right one, too: how long it takes must tell nothing.
    if wait := clients.seconds_to_wait():
        st.error(
            f"Too many tries from here. Wait {counted(math.ceil(wait), 'second')}, then try again."
        )
        return False
    right = keys.is_right(given, os.environ[door.setting])
    clients.note(door.opened if right else door.refused)
    if not right:
        what = within_sentence(door.what)
        st.error(f"This is not the {what}. It is the one that the dashboard runs with.")
    return right
