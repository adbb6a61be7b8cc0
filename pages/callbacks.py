"""What a browser asks of a page is acted on whole, whatever it asks next.

Streamlit 1.67 looks for the next request wherever a script asks it for anything, and ends what it
is at: also a callback, which it takes for one that asked to run anew. Of an arrow and a grade that
came 30 ms after each other, the arrow was lost, about one time in ten on a busy machine.
"""

import functools
from typing import Any

from streamlit.runtime.state.safe_session_state import SafeSessionState


def keep_whole() -> None:
    """Let no callback be cut off, in this process: the next request is heard once all have run.

    A script is still cut off, where it asks next.
    """
    patched: Any = SafeSessionState
    begun = patched.on_script_will_rerun
    if hasattr(begun, "__wrapped__"):
        return

    @functools.wraps(begun)
    def whole(state: Any, *args: Any, **more: Any) -> None:
        # Outside of a script, as which callbacks are run here, its runner hears of no request.
        runner = state._yield_callback.__self__
        runner._execing = False
        try:
            begun(state, *args, **more)
        finally:
            runner._execing = True

    patched.on_script_will_rerun = whole
