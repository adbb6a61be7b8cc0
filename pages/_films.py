"""The films of this browser session: in memory only, gone with the session."""

from dataclasses import dataclass, field

import streamlit as st
from starlette.formparsers import MultiPartParser

from kneeoa import phantom
from kneeoa.errors import KneeOAError
from kneeoa.grading import Reading
from kneeoa.joints import Frame, propose_frames
from kneeoa.radiograph import Radiograph, read_radiograph
from pages import _shared

# Starlette would spool an upload above 1 MB to a temporary file. Films must not touch the disk, and
# server.maxUploadSize bounds what a film can take of the memory.
MultiPartParser.spool_max_size = 2**30

_FILMS, _REFUSED, _ROUND = "films", "refused", "upload_round"


@dataclass
class Film:
    """One film with the frames its reader may have moved, and the readings made of them."""

    radiograph: Radiograph
    frames: list[Frame]
    readings: dict[Frame, tuple[Reading, ...]] = field(default_factory=dict)


def all_films() -> dict[str, Film]:
    """Return this session's films by the digest of their bytes, in order of arrival."""
    return st.session_state.setdefault(_FILMS, {})


def add(name: str, data: bytes) -> str | None:
    """Take in a film; return its digest, or None after noting why it was refused."""
    try:
        radiograph = read_radiograph(data, name)
    except KneeOAError as error:
        st.session_state.setdefault(_REFUSED, []).append((name, str(error)))
        return None
    films = all_films()
    if radiograph.digest not in films:
        films[radiograph.digest] = Film(radiograph, list(propose_frames(radiograph)))
    return radiograph.digest


def remove(digest: str) -> None:
    """Forget a film."""
    all_films().pop(digest, None)


def show_uploader() -> str | None:
    """Show the upload field; take in what came; return the digest of the last film taken in."""
    upload_round = st.session_state.setdefault(_ROUND, 0)
    uploads = st.file_uploader(
        "Knee X-rays: PNG, JPEG, TIFF or DICOM. They stay in memory for this session only.",
        accept_multiple_files=True,
        key=f"upload_{upload_round}",
    )
    if not uploads:
        return None
    st.session_state[_REFUSED] = []
    digests = [add(upload.name, upload.getvalue()) for upload in uploads]
    # A new key empties the field, so that its copies of the films are let go.
    st.session_state[_ROUND] = upload_round + 1
    return next((digest for digest in reversed(digests) if digest), "")


def show_demo_picker() -> str | None:
    """Show the synthetic demo films; return the digest of one that was picked."""
    name = st.pills(
        "Or try a synthetic demo film",
        phantom.DEMO_NAMES,
        format_func=lambda name: name.removesuffix(".png"),
        key=f"demo_{st.session_state.get(_ROUND, 0)}",
    )
    if name is None:
        return None
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    return add(name, phantom.demo_film(name))


def show_refusals() -> None:
    """Show why files of the last upload could not be read."""
    for name, reason in st.session_state.get(_REFUSED, []):
        st.error(f"**{escaped(name)}** was not read. {reason}")


def read(film: Film, frame: Frame) -> tuple[Reading, ...]:
    """Return both networks' readings of `frame`, made once per frame."""
    if frame not in film.readings:
        film.readings[frame] = _shared.graders().read(film.radiograph, frame)
    return film.readings[frame]


def escaped(text: str) -> str:
    """Return `text` so that Markdown shows it as it is."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$:~" else c for c in text)
