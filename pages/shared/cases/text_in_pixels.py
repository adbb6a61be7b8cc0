"""Whether text stands in films of this session: looked for behind the pages, for nobody waits."""

import time
from collections.abc import Collection
from concurrent.futures import Future

from streamlit.delta_generator import DeltaGenerator

from kneeoa.wording import counted
from pages.shared import cached
from pages.shared.memory.limits import FullError
from pages.shared.session_films import Film

PATIENCE = 2.0
"""Seconds that a page waits for it at its end; what is found later, its next run says."""
_LOOK_AGAIN, _AT_ONCE = 0.05, 0.4
"""Seconds, and those after which the page says that it waits for more films than one."""


def look(film: Film) -> Future[str]:
    """Have text looked for in a film after all that somebody waits for; anew where that failed."""
    looked_for = film.text_looked_for
    if looked_for is None or (looked_for.done() and looked_for.exception()):
        looked_for = cached.in_the_background().submit(film.text_warning)
        film.text_looked_for = looked_for
    return looked_for


def warnings(films: Collection[Film], place: DeltaGenerator) -> dict[str, str]:
    """Return what must be known of text in `films`, by digest; wait for it at the end of a page.

    `place` says how far it is. Whatever the reader does meanwhile ends that run of the page, and
    the search goes on behind it. What is not known in time is missing.
    """
    searches = [look(film) for film in films if film.text is None]
    began = time.monotonic()
    patience = PATIENCE * max(1, len(searches))
    while not all(search.done() for search in searches) and time.monotonic() - began < patience:
        done = sum(search.done() for search in searches)
        if len(searches) > 1 and time.monotonic() - began > _AT_ONCE:
            words = f"Looking for text in {counted(len(searches), 'film')}: {done} done"
            place.progress(done / len(searches), words)
        else:
            place.empty()  # where a page ends that is to be run anew
        time.sleep(_LOOK_AGAIN)
    place.empty()
    for search in searches:
        failed = search.exception() if search.done() else None
        if failed is not None and not isinstance(failed, FullError):
            raise failed
    return {film.digest: film.text for film in films if film.text}
