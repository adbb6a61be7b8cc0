"""The films of this browser session: in memory only, gone with the session."""

from dataclasses import dataclass, field, replace

import streamlit as st
from starlette.formparsers import MultiPartParser

from kneeoa.errors import KneeOAError
from kneeoa.films import display, phantom
from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph, read_radiograph
from kneeoa.graders.grading import Graders, Reading
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.found import Found, inverted, turned_right
from kneeoa.graders.together import TogetherReading
from pages.shared import boundary, cached
from pages.shared.profiles import in_use
from pages.shared.viewer.feed import FilmFeed, film_feed

# Starlette would spool an upload above 1 MB to a temporary file. Films must not touch the disk, and
# server.maxUploadSize bounds what a film can take of the memory.
MultiPartParser.spool_max_size = 2**30

CURRENT, NEXT = "current_film", "next_film"
THUMBNAIL = 180
"""Pixels of its longer side."""
_FILMS, _REFUSED, _ROUND, _REMOVED = "films", "refused", "upload_round", "removed_film"


@dataclass
class Film:
    """One film, what was found in it, and the readings made of frames so far.

    Attributes
    ----------
    radiograph : as it is read, perhaps turned or inverted
    original : as it came
    changes : in words, what the reader had done to it
    anyway : whether the reader wants a grade although the film was refused
    drawn : whether it is one of the synthetic demo films
    readings, together : by frame and by the digest of the profile, empty as published
    fed : what the viewer shows of it, once it has been shown
    thumbnail : a small picture of it as an address, once it has been shown
    """

    radiograph: Radiograph
    original: Radiograph
    found: Found
    changes: tuple[str, ...] = ()
    anyway: bool = False
    drawn: bool = False
    readings: dict[tuple[Frame, str], tuple[Reading, ...]] = field(default_factory=dict)
    together: dict[tuple[Frame, str], TogetherReading | None] = field(default_factory=dict)
    fed: FilmFeed | None = None
    thumbnail: str = ""

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames proposed for its knees."""
        return self.found.frames


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
    if radiograph.digest in films:
        # The same bytes under another name: it is the name just given that the reader looks for.
        known = films[radiograph.digest]
        changed = known.radiograph is not known.original
        renamed = replace(known.radiograph, name=radiograph.name)
        known.radiograph, known.original = renamed if changed else radiograph, radiograph
    else:
        films[radiograph.digest] = _looked_at(radiograph)
    return radiograph.digest


def _looked_at(radiograph):
    found = cached.graders().localiser.find(radiograph)
    # Shown as it is graded: a negative as its positive, which a warning says.
    return Film(found.to_grade(radiograph), radiograph, found)


def propose(digest: str, found: Frame, frame: Frame) -> None:
    """Propose `frame` for the knee of a film whose frame was `found`, as corrected elsewhere."""
    film = all_films()[digest]
    knees = tuple(
        replace(knee, frame=frame) if knee.frame == found else knee for knee in film.found.knees
    )
    film.found = replace(film.found, knees=knees)


def turn_right(film: Film) -> None:
    """Turn a film that stands wrong by what was found."""
    turned = turned_right(film.radiograph, film.found.quarters)
    _change(film, turned, f"turned by {90 * film.found.quarters} degrees")


def take_back(film: Film) -> None:
    """Read a film as it came, not turned."""
    _change(film, film.original, None)


def no_negative(film: Film) -> None:
    """Read a film that looks like a negative as it is: the reader knows better."""
    shown = inverted(film.radiograph)
    _change(film, shown, "said to be no negative")
    of_film = [one for one in film.found.of_film if one is not gate.NEGATIVE]
    film.found = replace(film.found, of_film=tuple(of_film))
    film.radiograph = shown


def _change(film, radiograph, what):
    film.found = cached.graders().localiser.find(radiograph)
    film.radiograph = film.found.to_grade(radiograph)
    film.changes = (*film.changes, what) if what else ()
    film.anyway = False
    film.readings.clear()
    film.together.clear()
    film.fed, film.thumbnail = None, ""
    forget_frame(radiograph.digest)


def remove(digest: str) -> None:
    """Take a film away, and where its frame was moved to; the last one can be brought back."""
    films = all_films()
    if digest not in films:
        return
    place = list(films).index(digest)
    st.session_state[_REMOVED] = place, films.pop(digest)
    forget_frame(digest)
    forget_refusals()


def removed() -> str | None:
    """Return the name of the film that `bring_back` would bring back, or None."""
    gone = st.session_state.get(_REMOVED)
    return gone and gone[1].radiograph.name


def bring_back() -> None:
    """Put the film that was taken away last where it was, and turn to it."""
    place, film = st.session_state.pop(_REMOVED)
    films = all_films()
    digest = film.radiograph.digest
    entries = [entry for entry in films.items() if entry[0] != digest]
    entries.insert(place, (digest, film))
    films.clear()
    films.update(entries)
    st.session_state[NEXT] = digest


def forget_frame(digest: str) -> None:
    """Bring the frame controls of a film back to the proposal."""
    for key in [key for key in st.session_state if digest[:12] in str(key)]:
        del st.session_state[key]


def forget_refusals() -> None:
    """Take the sentences about refused files off the page."""
    st.session_state[_REFUSED] = []


def labels() -> dict[str, str]:
    """Return a name for each film by digest, numbered where two films have the same file name."""
    names = {digest: film.radiograph.name for digest, film in all_films().items()}
    seen: dict[str, int] = {}
    unique = {}
    for digest, name in names.items():
        seen[name] = seen.get(name, 0) + 1
        unique[digest] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return unique


def show_uploader() -> str | None:
    """Show the upload field; take in what came; return the digest of the first film taken in."""
    uploads = st.file_uploader(
        "Knee X-rays: PNG, JPEG, TIFF or DICOM. They stay in memory for this session only.",
        accept_multiple_files=True,
        key=f"upload_{upload_round()}",
    )
    if not uploads:
        return None
    forget_refusals()
    digests = [add(upload.name, upload.getvalue()) for upload in uploads]
    # A new key empties the field, so that its copies of the films are let go.
    st.session_state[_ROUND] = upload_round() + 1
    return next((digest for digest in digests if digest), "")


def show_demo_picker() -> str | None:
    """Show the synthetic demo films; return the digest of one that was picked."""
    name = st.pills(
        "Or try a synthetic demo film",
        phantom.DEMO_NAMES,
        wrap=True,
        format_func=lambda name: name.removesuffix(".png"),
        key=f"demo_{upload_round()}",
    )
    if name is None:
        return None
    forget_refusals()
    st.session_state[_ROUND] = upload_round() + 1
    digest = add(name, phantom.demo_film(name))
    if digest:
        all_films()[digest].drawn = True
    return digest


def upload_round() -> int:
    """Return how many times films came in, which is new after each upload."""
    return st.session_state.get(_ROUND, 0)


def show_refusals() -> None:
    """Show why files of the last upload could not be read."""
    refused = st.session_state.get(_REFUSED, [])
    # Many in a line that unfolds: the films that were read must not be pushed down by them.
    many = len(refused) > 1
    place = (
        st.expander(f"{len(refused)} files were not read", icon=":material/error:") if many else st
    )
    for name, reason in refused:
        place.error(f"**{boundary.escaped(name)}** was not read. {boundary.escaped(reason)}")


def thumbnail(film: Film) -> str:
    """Return a small picture of a film as an address, made once."""
    if not film.thumbnail:
        small = display.fit_within(film.radiograph.pixels, THUMBNAIL)
        film.thumbnail = display.png_uri(display.windowed(small))
    return film.thumbnail


def feed(film: Film) -> FilmFeed:
    """Return what the viewer shows of a film, made once."""
    film.fed = film.fed or film_feed(film.radiograph)
    return film.fed


def read(film: Film, frame: Frame, graders: Graders | None = None) -> tuple[Reading, ...]:
    """Return both networks' readings of `frame`, made once per frame and profile.

    `graders` are by default those of this session: under its profile, or as published.
    """
    graders = graders or in_use.graders()
    key = _key(frame, graders)
    if key not in film.readings:
        film.readings[key] = graders.read(film.radiograph, frame)
    return film.readings[key]


def read_together(
    film: Film, frame: Frame, graders: Graders | None = None
) -> TogetherReading | None:
    """Return the reading of both networks together, as `read` does; None: not published."""
    graders = graders or in_use.graders()
    key = _key(frame, graders)
    if key not in film.together:
        film.together[key] = graders.read_together(film.radiograph, frame)
    return film.together[key]


def is_read(film: Film, frame: Frame) -> bool:
    """Return whether both readings of `frame` are made, as this session reads now."""
    key = _key(frame, in_use.graders())
    return key in film.readings and key in film.together


def _key(frame, graders):
    return frame, graders.profile.digest if graders.profile else ""
