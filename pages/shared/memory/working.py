"""How many films are worked on at once: decoded, searched for knees, made into what is shown.

What is done with one takes several times its pixels for a moment, 300 MB of the largest. So many
readers at once would fill the server with what `holding` never sees.
"""

import contextlib
import threading
from collections.abc import Iterator

from kneeoa.films.apart.pool import workers
from pages.shared.memory.limits import FullError

AT_ONCE = 2
_places = threading.Semaphore(AT_ONCE)
_mine = threading.local()


@contextlib.contextmanager
def at_work() -> Iterator[None]:
    """Wait for a place and keep it meanwhile; a thread that has one already needs no other.

    Raises `FullError` where none gets free for as long as a film waits for a decoder.
    """
    if getattr(_mine, "is_at_work", False):
        yield
        return
    if not _places.acquire(timeout=workers().settings.patience):
        raise FullError(
            "The server is at work on other readers' films. Nothing is lost: try again in a minute."
        )
    _mine.is_at_work = True
    try:
        yield
    finally:
        _mine.is_at_work = False
        _places.release()
