"""A browser's session of a page, without a browser: what is asked comes while the page is busy."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import MagicMock

from streamlit import config
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.script_data import ScriptData
from streamlit.runtime.scriptrunner.script_cache import ScriptCache

SECONDS = 120


class Asking:
    """What a browser asks of the page in `script`; `state` is what the session keeps."""

    def __init__(self, script: Path) -> None:
        # Nothing of this process is to be watched.
        config.set_option("server.fileWatcherType", "none")
        files = MagicMock()
        self.session = AppSession(
            ScriptData(str(script), is_hello=False), files, ScriptCache(), None, {}
        )
        self.state = self.session._session_state

    def press(self, key: str, *, part: str = "") -> None:
        """Press the button of that key, in a part of the page that is drawn alone."""
        asked = ClientState(fragment_id=part)
        widget = asked.widget_states.widgets.add()
        widget.id = self.state._key_id_mapper.get_id_from_key(key)
        widget.trigger_value = True
        self.session.request_rerun(asked)

    async def drawn(self) -> None:
        """Wait until all that was asked is done."""
        async with asyncio.timeout(SECONDS):
            while _running():
                await asyncio.sleep(0.005)

    def parts(self) -> list[str]:
        """Return the names of the parts of the page that are drawn alone."""
        return list(self.session._fragment_storage._fragments)


def _running():
    return [thread for thread in threading.enumerate() if "scriptThread" in thread.name]


@contextlib.asynccontextmanager
async def asking(script: Path, **state: object) -> AsyncIterator[Asking]:
    """Open the page, with `state` known to its session."""
    before, Runtime._instance = Runtime._instance, MagicMock()
    browser = Asking(script)
    try:
        for name, value in state.items():
            browser.state[name] = value
        browser.session.request_rerun(ClientState())
        await browser.drawn()
        yield browser
        await browser.drawn()
    finally:
        browser.session.shutdown()
        Runtime._instance = before
