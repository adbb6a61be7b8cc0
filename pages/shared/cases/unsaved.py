"""What a reader did to films of saved cases is kept at the start of the next run, on any page.

The page that she did it on keeps it, too, but last; what she does meanwhile, such as turning to the
next case, ends that run before. And she signs out here: then all of it is kept or said not to be.
"""

import contextlib
from dataclasses import dataclass, replace

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.grades import KLGrade
from kneeoa.store.cases.case import NO_GRADE, OwnGrade
from kneeoa.wording import counted
from pages.shared import boundary, cached, session_films
from pages.shared.access import sign_in
from pages.shared.cases import (
    arrivals,
    being_saved,
    book,
    own_grades,
    reopening,
    same_films,
    saved,
)
from pages.shared.session_films import Film

_TOLD, _UNNAMED = "not_kept_said", "named_no_more"


def keep_up(*, on_read: bool = False) -> None:
    """Act on her keys, and keep what is not kept of films of saved cases.

    `on_read`: of the film that Read goes on to show, only what she said of it; Read sees to the
    rest, and says what stands against it.
    """
    own_grades.act()
    if saved.LEAVING in st.session_state:
        _leave()
    elif saved.is_open():
        _keep(_staying() if on_read else None)


def show() -> None:
    """Show what could not be kept."""
    for sentence in st.session_state.get(_TOLD, {}).values():
        st.error(boundary.escaped(sentence))
    if count := st.session_state.get(_UNNAMED):
        them = "its patient is" if count == 1 else "their patients are"
        st.info(
            f"{counted(count, 'DICOM film')} that {_is(count)} not saved stayed on *Read* when you "
            f"signed out: {them} named there no more. Remove films that are not for the next "
            "reader."
        )


def has_been_said() -> None:
    """Forget what could not be kept: a run came to its end, so that it could be read."""
    st.session_state.pop(_TOLD, None)
    st.session_state.pop(_UNNAMED, None)


@dataclass(frozen=True, slots=True)
class Going:
    """A film of this session that is not kept, and what of its reader's goes when she signs out.

    Attributes
    ----------
    what : her grades of it, and whether she measured on it or set its box or side, in words
    case_id : the case that it is, where that is to be opened to keep this; None where it can be
        saved
    is_here : False of a film that was removed, and can be brought back
    is_alike : False where the case counts its knees otherwise, so that no grade goes over to it
    """

    digest: str
    name: str
    what: str
    case_id: int | None
    is_here: bool = True
    is_alike: bool = True


def going() -> list[Going]:
    """Return what a reader said of films, or did to them, that goes when she signs out."""
    known, labels = book.opened(), session_films.labels()
    removed = [film for film in [session_films.removed()] if film is not None]
    films = (_going(known, film) for film in (*known.films.values(), *removed))
    return [replace(film, name=labels.get(film.digest, film.name)) for film in films if film]


def _going(known, film):
    digest, is_here = film.digest, film.digest in known.films
    if (entry := known.entry_of(digest)) is not None:
        words = [
            f"{KLGrade(grade).label}, not chosen" for _, grade in known.hers.put_aside_of(digest)
        ]
        case = entry.case
        return Going(digest, film.name, ", ".join(words), case.case_id) if words else None
    seen = book.seen_of(film)
    given, has_measured = known.hers.given_to(digest), bool(seen and seen.measured)
    has_set = is_here and book.is_set(film)
    kept: dict[int, OwnGrade] | None = {}
    case_id = None
    with contextlib.suppress(KneeOAError):  # then it is taken for not kept
        case_id = saved.known(film) if given or has_measured or has_set else None
        if case_id is not None:
            kept = same_films.hers_of(film, case_id, known.reader)
    is_alike = kept is not None
    kept = kept or {}
    words = [
        KLGrade(grade).label for knee, grade in given if grade != kept.get(knee, NO_GRADE).grade
    ]
    # What was measured on a film that was saved and removed is kept with its case.
    words += ["what you measured"] * (has_measured and (is_here or case_id is None))
    words += ["the box or side that you set"] * has_set
    if not words:
        return None
    return Going(digest, film.name, ", ".join(words), case_id, is_here, is_alike)


def sign_out() -> None:
    """Close the list for this session, and take away what only its key showed.

    Films of saved cases, and those of an archive, go; what was uploaded here and not saved stays,
    without the name of its patient.
    The next reader's grades are not those of this one: what `going` names goes.
    """
    # Closed by this: where something cuts off the rest, the next run does it.
    st.session_state[saved.LEAVING] = True
    own_grades.act()
    _leave()


def _staying() -> str | None:
    """Return the film that Read goes on to show, None where it turns to another one."""
    if session_films.NEXT in st.session_state or reopening.wanted() is not None:
        return None
    return st.session_state.get(session_films.CURRENT)


def _keep(staying: str | None = None) -> None:
    known, told = book.opened(), st.session_state.setdefault(_TOLD, {})
    if not known.entries:
        return
    from kneeoa.store.cases import windows  # late, as the store itself

    for digest in list(known.entries):
        film = known.films.get(digest)
        try:
            if known.has_grades(digest):
                known.keep_grades(cached.store(), digest)
            if film is not None and known.entry_of(digest) is not None and digest != staying:
                _keep_state(known, film)
            told.pop(digest, None)
        except KneeOAError as problem:
            if digest != staying:
                told[digest] = f"Not saved: {known.entries[digest].case.name}. {problem}"
                if str(problem) == windows.GONE:
                    del known.entries[digest]
                    known.known.pop(digest, None)
            if not isinstance(problem, windows.OvertakenError):
                return  # the others would fail as well, each after a while


def _keep_state(known: book.Book, film: Film) -> None:
    from kneeoa.store.cases import windows

    stands, entry = book.stands_as(film), known.entries[film.digest]
    if stands == entry.stands:
        return
    try:
        saved.save(film)
    except windows.OvertakenError:
        # Said once: it does not come right by itself. Where she turns to it, it is said again.
        known.note(film, entry.case, stands, is_overtaken=True)
        raise


def _leave() -> None:
    _keep()
    state = st.session_state
    known, told = book.opened(), state.setdefault(_TOLD, {})
    for digest, entry in known.entries.items():
        if book.lacks(known, digest):
            why = told.get(digest, f"Not saved: {entry.case.name}.")
            told[digest] = f"{why} It was closed with the list: what you did to it last is lost."
    if waiting := being_saved.waiting():
        told[being_saved.__name__] = (
            f"{counted(waiting, 'film')} that waited to be saved {_is(waiting)} not: you signed "
            "out before."
        )
    if lost := going():
        # Neither which nor what: the next reader may read this.
        told["going"] = (
            f"What you graded, measured or set on {counted(len(lost), 'film')} was not kept: it "
            "went with your sign-out."
        )
    being_saved.forget()
    sign_in.leave(saved.DOOR)
    own_grades.forget()
    of_archive = state.get(saved.BEHIND_KEY, set())
    arrivals.leave(of_archive)
    gone = {*state.get(book.CASES, {}), *state.get(saved.OF_LIST, ()), *of_archive}
    session_films.forget_removed(gone)
    for digest in gone:
        session_films.remove(digest, for_good=True)
    left = [*session_films.all_films().values(), *filter(None, [session_films.removed()])]
    for film in left:
        session_films.forget_frame(film.digest)
        # Whether a refused film is graded, and how one stands, is for each reader to say.
        film.anyway = False
        if film.changes:
            with contextlib.suppress(KneeOAError):  # then the page goes on to say what was done
                session_films.take_back(film)
    of_patients = [film for film in left if film.source == "DICOM" and not film.is_unnamed]
    state[_UNNAMED] = state.get(_UNNAMED, 0) + len(of_patients)
    # Nothing comes between the count and this, nor is one counted again where the rest is cut off.
    for film in of_patients:
        film.is_unnamed, film.named = True, None
    state[book.SIGN_OUTS] = book.sign_outs() + 1
    lists = state.get(saved.LISTS, ())
    names = (book.CASES, book.KNOWN, book.VIEWS, saved.BEHIND_KEY, saved.OF_LIST, book.READER)
    for key in (*names, *lists, saved.LISTS, saved.LEAVING):
        state.pop(key, None)


def _is(count):
    return "was" if count == 1 else "were"
