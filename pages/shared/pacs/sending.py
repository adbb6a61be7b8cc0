"""A button that sends reports to the archive: they are kept here until it says that it has them."""

import time
from collections.abc import Callable, Sequence

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.pacs.settings import Taker
from kneeoa.wording import counted
from pages.shared import boundary, cached, clients, keyboard
from pages.shared.pacs.running import running

_SENT, _ASKED = "reports_sent", "report_to_send"
_AT_ONCE = 10
"""Seconds within which a report is sent that was asked for, or not at all: what is sent later is a
surprise."""


def servers() -> Sequence[Taker]:
    """Return the archives that take reports."""
    return running().pacs.takers


def offer(make: Callable[[], Sequence[bytes]], *, about: str = "", content: str = "") -> None:
    """Show the button, where there is an archive that takes reports; else nothing.

    `make` gives the DICOM objects, and is called when they are asked for. `about` is what the list
    calls them, and holds nothing of a patient. `content` tells one report from another: what a
    second press of the button sends would be one more of the same, so it has to be another button.
    """
    there = servers()
    if not there:
        return
    names = [server.name for server in there]
    name = names[0]
    if len(names) > 1:
        name = st.selectbox("Archive", names, key="send_to")
    sent: dict[tuple[str, str], int] = st.session_state.setdefault(_SENT, {})
    times = sent.get((name, content), 0) if content else 0
    label = f"Send {'again ' if times else ''}to {boundary.escaped(name)}"
    if times:
        st.caption(
            "This report, as it stands here, was given to be sent. Cases shows when the archive "
            "has it."
        )
    # Of another report it is another one, and a press that comes late sends nothing.
    key = keyboard.key_for(f"send_{times}", content)
    st.button(label, key=key, icon=":material/upload:", on_click=_ask, args=[key], width="stretch")
    # Not from the button: a run that is cut off before it would lose the press.
    asked, asked_at = st.session_state.get(_ASKED, ("", 0.0))
    if asked != key or time.monotonic() - asked_at > _AT_ONCE:
        return
    with boundary.refusals_shown():
        objects = _made(make)
        put_in(objects, there[names.index(name)], about=about)
        sent[name, content] = times + 1
        them = "it" if len(objects) == 1 else "them"
        st.success(
            f"{counted(len(objects), 'report')} on the way. *Cases*, *Archive* shows when the "
            f"archive has {them}."
        )


def _ask(key):
    st.session_state[_ASKED] = key, time.monotonic()


def _made(make):
    """Return what was asked for, which is done with then, be it that it cannot be made."""
    try:
        objects = make()
    except KneeOAError:
        del st.session_state[_ASKED]
        raise
    del st.session_state[_ASKED]
    return objects


def put_in(objects: Sequence[bytes], server: Taker, *, about: str = "") -> list[int]:
    """Keep reports until the archive has them; return their numbers. Raises `KneeOAError`."""
    from kneeoa.pacs import outbox
    from kneeoa.pacs.sender import utc_now

    now, db = running(), cached.store()
    numbers = [
        outbox.put(db, server, data, utc_now(), about=about, cipher=now.cipher) for data in objects
    ]
    clients.note("reports sent to an archive", server.name)
    now.wake()
    return numbers
