"""A button that sends reports to the archive: they are kept here until it says that it has them."""

from collections.abc import Callable, Sequence

import streamlit as st

from kneeoa.pacs.settings import Server
from kneeoa.wording import counted
from pages.shared import boundary, clients
from pages.shared.pacs.running import running


def servers() -> list[Server]:
    """Return the archives that take reports."""
    return [server for server in running().pacs.servers if server.sends]


def offer(make: Callable[[], Sequence[bytes]], key: str, *, about: str = "") -> None:
    """Show the button, where there is an archive that takes reports; else nothing.

    `make` gives the DICOM objects, and is called when they are asked for. `about` is what the list
    calls them, and holds nothing of a patient.
    """
    there = servers()
    if not there:
        return
    names = [server.name for server in there]
    name = names[0]
    if len(names) > 1:
        name = st.selectbox("Archive", names, key=f"archive_{key}")
    label = f"Send to {boundary.escaped(name)}"
    if not st.button(label, key=f"send_{key}", icon=":material/upload:", width="stretch"):
        return
    with boundary.refusals_shown():
        objects = make()
        put_in(objects, there[names.index(name)], about=about)
        st.success(
            f"{counted(len(objects), 'report')} on the way. Cases shows when the archive has it."
        )


def put_in(objects: Sequence[bytes], server: Server, *, about: str = "") -> list[int]:
    """Keep reports until the archive has them; return their numbers. Raises `KneeOAError`."""
    from kneeoa.pacs import outbox
    from kneeoa.pacs.sender import utc_now

    now = running()
    numbers = [
        outbox.put(now.store(), server, data, utc_now(), about=about, cipher=now.cipher)
        for data in objects
    ]
    clients.note("reports sent to an archive", server.name)
    now.wake()
    return numbers
