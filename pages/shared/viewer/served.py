"""Pictures that a page shows by an address of this server's, for the session that shows them."""

import secrets

import streamlit as st
from streamlit.runtime import get_instance

_TOKEN = "viewer_token"


def token() -> str:
    """Return what makes this session's addresses its own.

    Whoever has a session's films cannot guess from their content where they are served.
    """
    return st.session_state.setdefault(_TOKEN, secrets.token_hex(16))


def address_of(data: bytes, kind: str, place: str, name: str) -> str:
    """Return the address of a file that this session shows, good while it does.

    `name` is part of the address's hash, for which Streamlit 1.67 takes only parts of a large file:
    two films with the same border must not be taken for one.
    """
    return get_instance().media_file_mgr.add(data, kind, f"film-viewer {place}", file_name=name)
