"""A button that sends reports to the archive: they are kept here until it says that it has them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.pacs.settings import Taker
from kneeoa.wording import counted
from pages.shared import boundary, cached, clients, keyboard
from pages.shared.cases import saved
from pages.shared.pacs.running import running

_SENT, _OFFERED, _TOLD = "reports_sent", "report_offered", "sending_told"


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a button gives to be sent: to whom, and how often it was before."""

    key: str
    make: Callable[[], Sequence[bytes]]
    server: Taker
    about: str
    content: str
    times: int


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
    offered = _Offer(key, make, there[names.index(name)], about, content, times)
    saved.keep_until_sign_out(_OFFERED, offered)
    st.button(label, key=key, icon=":material/upload:", on_click=_send, args=[key], width="stretch")
    tell()


def _send(key):
    """Send what stands at a button, at once: who has pressed it goes on to the next film."""
    state = st.session_state
    offered: _Offer | None = state.get(_OFFERED)
    sent: dict[tuple[str, str], int] = state.setdefault(_SENT, {})
    if offered is None or offered.key != key:
        return
    report = offered.server.name, offered.content
    if sent.get(report, 0) != offered.times and offered.content:
        return
    try:
        objects = offered.make()
        put_in(objects, offered.server, about=offered.about)
    except KneeOAError as error:
        about = f" ({offered.about})" if offered.about else ""
        state[_TOLD] = False, f"Nothing was sent{about}. {error}"
        return
    sent[report] = offered.times + 1
    them = "it" if len(objects) == 1 else "them"
    state[_TOLD] = (
        True,
        f"{counted(len(objects), 'report')} on the way. *Cases*, *Archive* shows when the archive "
        f"has {them}.",
    )


def tell(*, elsewhere: bool = False) -> None:
    """Say what became of a press of the button, `elsewhere` for who is not at it any more."""
    if (told := st.session_state.get(_TOLD)) is None:
        return
    is_sent, sentence = told
    sentence = sentence if is_sent else boundary.escaped(sentence)
    if elsewhere:
        st.toast(sentence, duration="long")
    elif is_sent:
        st.success(sentence)
    else:
        st.error(sentence)
    st.session_state.pop(_TOLD, None)


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
