"""What a browser asks of a page is acted on whole and in order, whatever it asks next.

Streamlit 1.67 looks for the next request wherever a script asks it for anything, and ends what it
is at: also a callback, which it takes for one that asked to run anew. Of an arrow and a grade that
came 30 ms after each other, the arrow was lost, about one time in ten on a busy machine. It runs
the next request in a thread of its own, while the one before is still at work: of two callbacks
that each read and then write, one was lost. And what waits for a page that is at work, such as a
click in a part that is drawn alone, it forgets where the next request ends that page.
"""

import functools
import threading
from typing import Any

from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequestType
from streamlit.runtime.state.safe_session_state import SafeSessionState


class _Line:
    """What one session asked, in this order, until a run acts on it."""

    def __init__(self) -> None:
        self.acting = threading.Lock()
        self._guard = threading.Lock()
        self._waiting: dict[int, tuple[RerunData, bool]] = {}
        self._acted_on: dict[int, Any] = {}

    def add(self, asked: RerunData, *, has_run: bool) -> None:
        """Put what was asked at the end, if it is not there; `has_run` is whether its run comes."""
        if asked.widget_states is not None:
            with self._guard:
                self._waiting[id(asked.widget_states)] = asked, has_run

    def has(self, told: Any) -> bool:
        """Return whether what a run is `told` waits here."""
        with self._guard:
            return id(told) in self._waiting

    def take(self) -> RerunData:
        """Take out what comes first."""
        with self._guard:
            place = next(iter(self._waiting))
            asked, has_run = self._waiting.pop(place)
            if has_run:
                # Held, so that nothing else has its place.
                self._acted_on[place] = asked.widget_states
            return asked

    def is_acted_on(self, told: Any) -> bool:
        """Return, once, whether it was acted on: by its run, or by a later one that was quicker."""
        with self._guard:
            return self._acted_on.pop(id(told), None) is not None


def _line(asker: Any) -> _Line:
    """Return the line of a session, or of one of its runs: both know where its parts are kept."""
    line: _Line = vars(asker._fragment_storage).setdefault("line", _Line())
    return line


def keep_whole() -> None:
    """Let no callback be cut off, in this process: the next request is heard once all have run.

    A script is still cut off, where it asks next. `st.rerun` ends a callback as ever; what follows
    `st.switch_page` and `st.stop` in one is run.
    """
    state: Any = SafeSessionState
    if hasattr(state.on_script_will_rerun, "__wrapped__"):
        return
    state.on_script_will_rerun = _whole(state.on_script_will_rerun)
    session: Any = AppSession
    session.request_rerun = _handed_over(session.request_rerun)
    session._create_scriptrunner = _in_line(session._create_scriptrunner)


def _whole(begin: Any) -> Any:
    @functools.wraps(begin)
    def whole(state: Any, told: Any, **more: Any) -> None:
        runner = state._yield_callback.__self__
        line = _line(runner)
        with line.acting:
            # Outside of a script, as which callbacks are run here, its runner hears of no request.
            runner._execing = False
            try:
                failed = _act_on(line, told, functools.partial(begin, state))
                if not line.is_acted_on(told):
                    begin(state, told, **more)
                if failed:
                    raise failed[0]
            finally:
                runner._execing = True

    return whole


def _act_on(line: _Line, told: Any, begin: Any) -> list[Exception]:
    """Act on what was asked up to what a run is `told`, whatever fails of it; return the failures.

    What comes after one would else be done at whatever is asked next, be it much later.
    """
    failed = []
    while line.has(told):
        asked = line.take()
        try:
            begin(asked.widget_states, is_history_navigation=asked.is_history_navigation)
        except Exception as error:
            failed.append(error)
    return failed


def _handed_over(ask: Any) -> Any:
    @functools.wraps(ask)
    def request_rerun(session: Any, client_state: Any) -> None:
        part = client_state.fragment_id if client_state is not None else ""
        requests = session._scriptrunner and session._scriptrunner._requests
        # One that was drawn anew has another name: all of the page knows its controls. And what is
        # asked of a part before its page is begun would be made one with what the page was asked.
        is_there = part and session.has_fragment(part)
        if _is_to_begin(requests) if is_there else part and not client_state.is_auto_rerun:
            client_state.fragment_id = part = ""
        if not part and requests:
            _take_over(requests, _line(session))
        ask(session, client_state)

    return request_rerun


def _is_to_begin(requests: Any) -> bool:
    """Return whether all of the page waits to be run."""
    is_asked: bool = requests is not None and requests._state == ScriptRequestType.RERUN
    return is_asked and not requests._rerun_data.fragment_id_queue


def _take_over(requests: Any, line: _Line) -> None:
    """Put what waits in `requests`, whose run is ended now, in the line for the next one."""
    with requests._lock:
        if requests._state == ScriptRequestType.RERUN:
            requests._state = ScriptRequestType.CONTINUE
            line.add(requests._rerun_data, has_run=False)


def _in_line(create: Any) -> Any:
    @functools.wraps(create)
    def create_scriptrunner(session: Any, initial_rerun_data: RerunData) -> None:
        _line(session).add(initial_rerun_data, has_run=True)
        create(session, initial_rerun_data)

    return create_scriptrunner
