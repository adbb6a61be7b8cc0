"""A header that could not be read is not asked for at every turn: that may take long each time."""

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from kneeoa.errors import KneeOAError

SECONDS = 20.0
"""Within which what was not to be had is not asked for again."""
_FAILED = "headers_not_read"


def once(digest: str, what: str, ask: Callable[[], Any]) -> Any:
    """Return what `ask` returns; where it failed a moment ago, raise that `KneeOAError` again."""
    failed = st.session_state.setdefault(_FAILED, {})
    at, problem = failed.get((digest, what), (0.0, None))
    if problem is not None and time.monotonic() - at < SECONDS:
        raise problem
    try:
        answer = ask()
    except KneeOAError as error:
        failed[digest, what] = time.monotonic(), error.with_traceback(None)
        raise
    failed.pop((digest, what), None)
    return answer
