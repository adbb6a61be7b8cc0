"""Servers that need not load the app first: each is forked off a process that has (Linux alone).

To load the app takes longer than most of what a browser asks of one in a test. Films are drawn
once, and with `asks_once` the networks asked once, as in tests of pages.
"""

import atexit
import functools
import gc
import importlib
import json
import logging
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.support import forking

SCRIPTS = ("page", "navigation")
"""Modules below ``pages`` that are none: Streamlit runs them."""
LATE = ("streamlit.web.cli", "uvicorn", "tests.support.asked_once")


class Server:
    """One that was forked off, as a `subprocess.Popen` of it would be."""

    def __init__(self, asked: Mapping) -> None:
        self.pid = _loaded().ask(asked)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended; None while it has not."""
        if self.returncode is None:
            self.returncode = _loaded().ask({"ended": self.pid})
        return self.returncode

    def wait(self, seconds: float | None = None) -> int:
        """Wait until it has ended."""
        end = None if seconds is None else time.monotonic() + seconds
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("a server", seconds)
            time.sleep(0.02)
        return code

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, which):
        if self.poll() is None:
            os.kill(self.pid, which)


@functools.cache
def _loaded():
    """Return the process that servers are forked off; it ends with this one."""
    loaded = forking.Loaded("tests.support.warm")
    atexit.register(loaded.end)
    return loaded


def begin(
    words: list[str], folder: Path, env: Mapping[str, str], log: Path, *, asks_once: bool
) -> Server:
    """Start ``python -m streamlit`` with `words` in a folder, which writes to a log."""
    asked = {"words": words, "folder": str(folder), "env": dict(env), "log": str(log)}
    return Server(asked | {"asks_once": asks_once})


def _serve() -> None:
    import pages

    # That no server runs here, which pages warn of, is as it should be.
    logging.disable(logging.WARNING)
    for module in pkgutil.walk_packages(pages.__path__, "pages."):
        if module.name.rpartition(".")[2] not in SCRIPTS:
            importlib.import_module(module.name)
    for name in LATE:
        importlib.import_module(name)
    logging.disable(logging.NOTSET)
    gc.collect()
    gc.freeze()
    begun = []
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        if "ended" in asked:
            pid, status = os.waitpid(asked["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                _become(asked)
                return
            begun.append(answer)
        print(json.dumps(answer), flush=True)
    for pid in begun:  # those are left whose test did not stop them
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _become(asked) -> None:
    """Be the server that was asked for, and end as one would."""
    forking.stand_alone(asked["log"], asked["env"])
    os.chdir(asked["folder"])
    from streamlit.web import cli

    from tests.support import asked_once, drawn_once, measured_once

    drawn_once.use()
    if asked["asks_once"]:
        asked_once.use()
        measured_once.use()
    sys.argv = ["streamlit", *asked["words"]]
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    _serve()
