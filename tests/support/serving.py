"""Run the app as a user does, and a Chromium to look at it: for the tests and the benchmark."""

import contextlib
import functools
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.support import warm
from tests.support.install_chromium import find_chromium
from tests.support.places import ROOT
from tests.support.ports import free_port

CAN_FORK = sys.platform == "linux"
START_SECONDS = 60
STOP_SECONDS = 10
VIEWPORT = {"width": 1440, "height": 900}
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class AppFailedError(Exception):
    """The app did not start, or ended by itself; the message holds its log."""


@dataclass(frozen=True)
class App:
    """The app as a user runs it: its address, what it wrote to its log, its process."""

    url: str
    log_file: Path
    process: int

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def running_app(folder: Path, **settings: str) -> Iterator[App]:
    """Start the app on a free port with an empty home in `folder`; stop it at the end.

    `settings` are environment variables, such as ``KNEEOA_RESULTS``.
    """
    with served(folder, ROOT / "app.py", **settings) as app:
        yield app


@contextlib.contextmanager
def forked_app(folder: Path, *, asks_once: bool = True, **settings: str) -> Iterator[App]:
    """As `running_app`, without loading the app first where that can be: see `warm`."""
    begin = functools.partial(warm.begin, asks_once=asks_once) if CAN_FORK else None
    with served(folder, ROOT / "app.py", begin, **settings) as app:
        yield app


class Restarted:
    """The app, in folders that `new_folder` makes, with `settings` as `forked_app` takes them.

    To start it, and to draw its first page, takes seconds of computing: tests that need one of
    their own share it.
    """

    def __init__(self, new_folder: Callable[[], Path], **settings: str) -> None:
        self._begin = lambda: forked_app(new_folder(), **settings)
        self._running = contextlib.ExitStack()
        self.restart()

    def restart(self) -> None:
        """Stop it, and start a new one, at another address: `url`."""
        self.stop()
        self.url = self._running.enter_context(self._begin()).url

    def stop(self) -> None:
        """Stop it; it must not have ended by itself."""
        self._running.close()


@contextlib.contextmanager
def served(
    folder: Path, script: Path, begin: Callable | None = None, **settings: str
) -> Iterator[App]:
    """Serve any page of Streamlit's, as `running_app` does ours; by `begin`, or as users do."""
    home = folder / "home"
    home.mkdir()
    port = free_port()
    log_file = folder / "app.log"
    words = ["run", str(script), "--server.port", str(port), "--server.headless", "true"]
    env = {**os.environ, "HOME": str(home), **settings}
    server = (begin or _begun_by_a_user)(words, script.parent, env, log_file)
    app = App(f"http://127.0.0.1:{port}", log_file, server.pid)
    try:
        _wait_until_healthy(server, app)
        yield app
        if server.poll() is not None:
            raise AppFailedError(f"The app ended by itself ({server.returncode}).\n{app.log()}")
    finally:
        _stop(server)


@contextlib.contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Start a Chromium, with more `arguments`; `install_chromium.NoChromiumError` without one."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*CHROMIUM_ARGUMENTS, *arguments], chromium_sandbox=False
        )
        yield browser
        browser.close()


def _begun_by_a_user(words, folder, env, log_file):
    with log_file.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "streamlit", *words],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _wait_until_healthy(server, app):
    # A proxy that is set for the outside world has no say on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise AppFailedError(f"The app ended at its start ({server.returncode}).\n{app.log()}")
        try:
            with opener.open(f"{app.url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AppFailedError(f"The app was not healthy after {START_SECONDS} s.\n{app.log()}")


def _stop(server):
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
