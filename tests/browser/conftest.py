"""The running app and a Chromium that looks at it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
from install_chromium import NoChromiumError, find_chromium
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent.parent
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


def pytest_collection_modifyitems(items):
    """Mark every test of this folder, so that ``-m "not browser"`` leaves them out."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class App:
    """The app as a user runs it: its address, and what it wrote to its log."""

    url: str
    log_file: Path

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """Start the app on a free port with an empty home folder; stop it at the end."""
    folder = tmp_path_factory.mktemp("app")
    home = folder / "home"
    home.mkdir()
    port = _free_port()
    running = App(f"http://127.0.0.1:{port}", folder / "app.log")
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with running.log_file.open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(server, running)
        yield running
        if server.poll() is not None:
            pytest.fail(f"The app ended by itself ({server.returncode}).\n{running.log()}")
    finally:
        _stop(server)


@pytest.fixture(scope="session")
def app_url(app):
    """Return the address of the running app."""
    return app.url


# Not of session scope: while Playwright runs, no other test can run an event loop.
@pytest.fixture(scope="module")
def browser():
    """Start a Chromium; its absence is a failure, not a reason to skip."""
    try:
        path = find_chromium()
    except NoChromiumError as error:
        pytest.fail(f"{error} `make test` does so by itself where it can.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=[*CHROMIUM_ARGUMENTS], chromium_sandbox=False
        )
        yield chromium
        chromium.close()


@pytest.fixture
def requested_urls():
    """Return the list that `page` adds each address to that it asks for, web sockets included."""
    return []


@pytest.fixture
def page(browser, requested_urls):
    """Open an empty page in a context of its own."""
    with browser.new_context(viewport=VIEWPORT) as context:
        context.on("request", lambda request: requested_urls.append(request.url))
        opened = context.new_page()
        opened.on("websocket", lambda websocket: requested_urls.append(websocket.url))
        yield opened


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_healthy(server, running):
    # A proxy that is set for the outside world has no say on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"The app ended at its start ({server.returncode}).\n{running.log()}")
        try:
            with opener.open(f"{running.url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"The app was not healthy after {START_SECONDS} s.\n{running.log()}")


def _stop(server):
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
