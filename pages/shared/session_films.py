"""The films of this browser session: in memory only, gone with the session."""

import secrets
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import replace
from functools import partial

import streamlit as st
from starlette.formparsers import MultiPartParser

from kneeoa.errors import KneeOAError
from kneeoa.films import phantom
from kneeoa.films.apart.pool import workers
from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.grading import Graders, Reading
from kneeoa.graders.locating.found import Knee
from kneeoa.graders.locating.gate import Finding
from kneeoa.graders.together import TogetherReading
from kneeoa.wording import counted
from pages.shared import boundary, cached
from pages.shared.memory import shown_as
from pages.shared.memory.film import Film
from pages.shared.memory.holding import holding
from pages.shared.memory.uploads import bytes_of
from pages.shared.memory.working import at_work
from pages.shared.profiles import in_use

# Starlette would spool an upload above 1 MB to a temporary file. Films must not touch the disk, and
# server.maxUploadSize and `pages.shared.memory` bound what they can take of the memory.
MultiPartParser.spool_max_size = 2**30

CURRENT, NEXT = "current_film", "film_to_turn_to"
_FILMS, _REFUSED, _ROUND, _REMOVED = "films", "refused", "upload_round", "removed_film"
_HOLDER, _UPLOAD, _DEMO, _FOLDED = "held_for", "upload", "demo", "refused_and_folded"


def all_films() -> dict[str, Film]:
    """Return this session's films by the digest of their bytes, in order of arrival."""
    return st.session_state.setdefault(_FILMS, {})


def add(name: str, data: bytes) -> str | None:
    """Take in a film; return its digest, or None after noting why it was refused."""
    try:
        return take_in(name, data)
    except KneeOAError as error:
        refusals().append((name, str(error)))
        return None


def take_in(name: str, data: bytes) -> str:
    """Take in a film; return its digest, or raise `KneeOAError` with the reason against it."""
    films, localiser = all_films(), cached.graders().localiser
    with at_work():
        radiograph = read_radiograph(data, name)
        known = films.get(radiograph.digest)
        if known is None:
            holding().expect_room(holder(), len(data))
            localised = localiser.find(radiograph)
            films[radiograph.digest] = Film.received(data, radiograph, localised, holder())
        else:
            # The same bytes under another name: it is the name just given that is looked for.
            known.rename(radiograph.name)
    return radiograph.digest


def holder() -> str:
    """Return under which name the server's memory counts this session's films."""
    return st.session_state.setdefault(_HOLDER, secrets.token_hex(8))


def refusals() -> list[tuple[str, str]]:
    """Return the names of films that were not taken in, with why, for the page to say."""
    return st.session_state.setdefault(_REFUSED, [])


def propose(film: Film, knee: int, frame: Frame, findings: tuple[Finding, ...]) -> None:
    """Propose `frame` for one knee of a film as it came, with what stands against it.

    That was settled elsewhere; it takes the place of what was found, or moved to, here. A film that
    shows another number of knees stays as it is.
    """
    if film.changes:
        take_back(film)
    knees = list(film.localised.knees)
    if knee < len(knees):
        knees[knee] = replace(knees[knee], frame=frame, findings=findings)
        have_knees(film, knees)


def have_knees(film: Film, knees: Iterable[Knee]) -> None:
    """Have a film show these knees instead of those that were found in it."""
    film.localised = replace(film.localised, knees=tuple(knees))
    film.framings = {}
    forget_frame(film.digest)


def turn_right(film: Film) -> None:
    """Turn a film that stands wrong by what was found."""
    knees = len(film.frames)
    shown_as.turn_right(film, cached.graders().localiser)
    _forget_where_it_stood(film, knees)


def take_back(film: Film) -> None:
    """Read a film as it came, not turned."""
    knees = len(film.frames)
    shown_as.take_back(film, cached.graders().localiser)
    _forget_where_it_stood(film, knees)


def _forget_where_it_stood(film, knees):
    """Forget the boxes of a film that showed some `knees`; which knee one alone is stays known."""
    forget_frame(film.digest, sides=not knees == len(film.frames) == 1)


def no_negative(film: Film) -> None:
    """Read a film that looks like a negative as it is: the reader knows better."""
    knees = len(film.frames)
    shown_as.no_negative(film, cached.graders().localiser)
    # It lies as it did: boxes and sides stay those of its knees.
    if len(film.frames) != knees:
        forget_frame(film.digest)


def restore(film: Film, quarters: int, changes: tuple[str, ...]) -> None:
    """Show a film as it was when `changes` had been made to it, which end in `quarters` turns."""
    shown_as.restore(film, cached.graders().localiser, quarters, changes)
    forget_frame(film.digest)


def remove(digest: str, *, for_good: bool = False) -> None:
    """Take a film away, and where its frame was moved to; else the last one can be brought back."""
    films = all_films()
    if digest not in films:
        return
    place = list(films).index(digest)
    gone = place, films.pop(digest), _frame_of(digest)
    forget_frame(digest)
    st.session_state[_REMOVED] = None if for_good else gone
    forget_refusals()


def let_go(digest: str) -> None:
    """Hold a film no more that is kept elsewhere, to which this session can come back there."""
    all_films().pop(digest, None)
    forget_frame(digest)


def removed() -> Film | None:
    """Return the film that `bring_back` would bring back, or None."""
    gone = st.session_state.get(_REMOVED)
    return gone and gone[1]


def bring_back(digest: str) -> None:
    """Put a film where it was, if it was taken away last, and turn to it; once."""
    if (gone := removed()) is None or gone.digest != digest:
        return
    place, film, frame = st.session_state.pop(_REMOVED)
    films = all_films()
    entries = [entry for entry in films.items() if entry[0] != digest]
    entries.insert(place, (digest, film))
    films.clear()
    films.update(entries)
    st.session_state.update(frame)
    st.session_state[NEXT] = digest


def forget_removed(digests: Container[str]) -> None:
    """Have nothing to bring back where the film that was taken away last is one of `digests`."""
    gone = st.session_state.get(_REMOVED)
    if gone is not None and gone[1].digest in digests:
        del st.session_state[_REMOVED]


def forget_frame(digest: str, *, sides: bool = True) -> None:
    """Bring the frame controls of a film back to the proposal, without `sides` all but those."""
    for key in _frame_of(digest, ("frame", "knee", "side") if sides else ("frame", "knee")):
        del st.session_state[key]
    if sides and (gone := st.session_state.get(_REMOVED)) and gone[1].digest == digest:
        gone[2].clear()  # nor do they come back with the film


def _frame_of(digest, controls=("frame", "knee", "side")):
    names = tuple(f"{what}_{digest[:12]}" for what in controls)
    return {key: value for key, value in st.session_state.items() if str(key).startswith(names)}


def forget_refusals(*, folded: bool = False) -> None:
    """Take the sentences about refused files off the page; `folded`, into a line that unfolds."""
    st.session_state[_FOLDED] = refusals()[:]
    if not folded:
        st.session_state[_REFUSED] = []


def labels() -> dict[str, str]:
    """Return a name for each film by digest, numbered where two films have the same file name."""
    seen, unique = Counter[str](), {}
    for digest, film in all_films().items():
        seen[film.name] += 1
        again = f" ({seen[film.name]})" if seen[film.name] > 1 else ""
        unique[digest] = film.name + again
    return unique


def show_uploader() -> None:
    """Show the upload field; `take_in_uploads` has what came."""
    workers().warm()
    st.file_uploader(
        "Knee X-rays: PNG, JPEG, TIFF or DICOM. They stay in memory for this session only.",
        accept_multiple_files=True,
        key=f"{_UPLOAD}_{upload_round()}",
    )


def show_demo_picker() -> None:
    """Show the synthetic demo films; `take_in_uploads` has the one that was picked."""
    st.pills(
        "Or try a synthetic demo film. It is drawn: the networks, which learnt from real films, "
        "may say another grade than its name",
        phantom.DEMO_NAMES,
        wrap=True,
        format_func=lambda name: name.removesuffix(".png"),
        key=f"{_DEMO}_{upload_round()}",
    )


def take_in_uploads() -> None:
    """Take in what was uploaded or picked and turn to it, before the page is drawn: it is once."""
    uploads = st.session_state.get(f"{_UPLOAD}_{upload_round()}") or ()
    demo = st.session_state.get(f"{_DEMO}_{upload_round()}")
    came = [(upload.name, partial(bytes_of, upload)) for upload in uploads]
    if demo is not None:
        came.append((demo, partial(phantom.demo_film, demo)))
    if not came:
        return
    forget_refusals()
    for name, data in came:
        try:
            digest = take_in(name, data())
        except KneeOAError as error:
            refusals().append((name, str(error)))
            continue
        st.session_state.setdefault(NEXT, digest)
    # A new key empties the field, so that its copies of the films are let go.
    st.session_state[_ROUND] = upload_round() + 1


def upload_round() -> int:
    """Return how many times films came in, which is new after each upload."""
    return st.session_state.get(_ROUND, 0)


def show_refusals() -> None:
    """Show why files of the last upload could not be read."""
    refused = refusals()
    # Many, and what she has gone on from, in a line: the films must not be pushed down by them.
    folds = len(refused) > 1 or (refused and st.session_state.get(_FOLDED) == refused)
    label = f"{counted(len(refused), 'file')} {'was' if len(refused) == 1 else 'were'} not read"
    place = st.expander(label, icon=":material/error:") if folds else st
    for name, reason in refused:
        place.error(f"**{boundary.escaped(name)}** was not read. {boundary.escaped(reason)}")


def read(film: Film, frame: Frame, graders: Graders | None = None) -> tuple[Reading, ...]:
    """Return both networks' readings of `frame`, made once per frame and profile.

    `graders` are by default those of this session: under its profile, or as published.
    """
    return _both(film, frame, graders)[0]


def read_together(
    film: Film, frame: Frame, graders: Graders | None = None
) -> TogetherReading | None:
    """Return the reading of both networks together, as `read` does; None: not published."""
    return _both(film, frame, graders)[1]


def _both(film, frame, graders):
    graders = graders or in_use.graders()
    key = _key(frame, graders.profile)
    # Looked up first: shown otherwise meanwhile, the film has others, and these are not among them.
    readings = film.readings
    if key not in readings:
        readings[key] = graders.read_both(film.radiograph, frame)
    return readings[key]


def is_read(film: Film, frame: Frame) -> bool:
    """Return whether the readings of `frame` are made, as this session reads now."""
    return _key(frame, in_use.current()) in film.readings


def _key(frame, profile):
    return frame, profile.digest if profile else ""
