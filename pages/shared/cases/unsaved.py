"""What a reader did to films of saved cases is kept at the start of the next run, on any page.

The page that she did it on keeps it, too, but last; what she does meanwhile, such as turning to the
next case, ends that run before. And she signs out here: then all of it is kept or said not to be.
"""

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.wording import counted
from pages.shared import boundary, cached, session_films
from pages.shared.access import sign_in
from pages.shared.cases import arrivals, being_saved, book, own_grades, reopening, saved
from pages.shared.session_films import Film

_TOLD = "not_kept_said"


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


def has_been_said() -> None:
    """Forget what could not be kept: a run came to its end, so that it could be read."""
    st.session_state.pop(_TOLD, None)


def sign_out() -> None:
    """Close the list for this session, and take away what only its key showed.

    Films of saved cases, and those of an archive, go; what was uploaded here and not saved stays.
    The next reader's grades are not those of this one.
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
        known.note(film, entry.case, stands)
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
    being_saved.forget()
    sign_in.leave(saved.DOOR)
    own_grades.forget()
    of_archive = state.get(saved.BEHIND_KEY, set())
    arrivals.leave(of_archive)
    gone = {*state.get(book.CASES, {}), *state.get(saved.OF_LIST, ()), *of_archive}
    session_films.forget_removed(gone)
    for digest in gone:
        session_films.remove(digest, for_good=True)
    lists = state.get(saved.LISTS, ())
    names = (book.CASES, book.KNOWN, book.VIEWS, saved.BEHIND_KEY, saved.OF_LIST, book.READER)
    for key in (*names, *lists, saved.LISTS, saved.LEAVING):
        state.pop(key, None)


def _is(count):
    return "was" if count == 1 else "were"
