"""Parts of a page that look again by themselves.

Streamlit 1.67 may drop the end of a run, unseen buttons with it, where a part asks to be run again
just as that run ends: what it had not yet handed over then counts as of a run that is gone. So no
part may ask before the page stands; inside a fragment, which begins it, it is a little sooner. It
asks a while after the browser was told to, so parts begin last (`begun_last`); and those of the run
before are ignored, because each run names its own anew.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

_Begin = Callable[[], object]
_WAITING: ContextVar[list[_Begin] | None] = ContextVar("looks that wait for the page", default=None)


def every(seconds: float, look: Callable[..., None], *args) -> None:
    """Show what ``look(*args)`` shows, again every so often, without running the rest of the page.

    It stands here, and is there once the rest of the page is (`begun_last`).
    """

    def part():
        look(*args)

    part.__qualname__ = f"{look.__qualname__} {secrets.token_hex(8)}"
    begin = st.fragment(part, run_every=seconds)
    waiting, context, here = _WAITING.get(), get_script_run_ctx(), ThreadState.get()
    # What is shown inside a fragment goes with it, and cannot begin outside.
    if waiting is None or context is None or here.fragment_id is not None:
        begin()
        return
    place, page = st.container(), here.active_script_hash

    def begin_there():
        # As part of its page: what stays from page to page is the main script's.
        with context.run_with_active_hash(page), place:
            begin()

    waiting.append(begin_there)


@contextmanager
def begun_last() -> Iterator[None]:
    """Have what looks again by itself, of the page shown inside, begin once all else is drawn."""
    waiting: list[_Begin] = []
    before = _WAITING.set(waiting)
    failed = None
    try:
        yield
    except Exception as problem:
        # They look all the same: what was in the way may be gone next time.
        failed = problem
    finally:
        _WAITING.reset(before)
    for begin in waiting:
        begin()
    if failed is not None:
        raise failed
