"""Find a Chromium that starts, or get one by the means that this machine has.

In this order: KNEEOA_CHROMIUM, a Chromium or Chrome that is installed, Playwright's own; then the
one without windows through apt, Playwright's download, the whole one through apt. As a script it
prints the browser's path.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

from tests.support.installing import apt_commands, succeeds

WITHOUT_WINDOWS = "chromium-headless-shell"
"""Debian's Chromium that has no windows: it computes half of what the whole one does for a page."""

NAMES = (
    *(WITHOUT_WINDOWS, "chromium", "chromium-browser"),
    *("google-chrome", "google-chrome-stable"),
)
MAC_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
HELP = (
    "The browser tests need Chromium, and none could be found or installed. Install Chromium or "
    "Chrome, or set KNEEOA_CHROMIUM to the path of one."
)


class NoChromiumError(Exception):
    """No Chromium that starts; the message says what to do."""


def find_chromium() -> str:
    """Return the path of a Chromium that starts."""
    chosen = os.environ.get("KNEEOA_CHROMIUM")
    if chosen:
        if starts(chosen):
            return chosen
        raise NoChromiumError(f"Expected KNEEOA_CHROMIUM to start. Received: {chosen}.")
    for path in candidates():
        if starts(path):
            return path
    raise NoChromiumError(HELP)


def candidates() -> Iterator[str]:
    """Yield the places where a Chromium may be."""
    yield from filter(None, map(shutil.which, NAMES))
    yield from MAC_APPLICATIONS
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    yield own


def starts(path: str) -> bool:
    """Return whether `path` is a browser that runs here; a name on the PATH can be a stub."""
    if shutil.which(path) is None:
        return False
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def install_chromium() -> str:
    """Try the system's packages and Playwright's download; return the path of what starts."""
    for commands in (
        apt_commands(WITHOUT_WINDOWS),
        playwright_commands(),
        apt_commands("chromium"),
    ):
        if commands and all(map(succeeds, commands)):
            with contextlib.suppress(NoChromiumError):
                return find_chromium()
    raise NoChromiumError(HELP)


def playwright_commands() -> list[list[str]]:
    """Return the commands that download Playwright's own Chromium."""
    return [[sys.executable, "-m", "playwright", "install", "chromium"]]


def main() -> None:
    """Print the path of a Chromium, after installing one where none was there."""
    try:
        path = find_chromium()
    except NoChromiumError as error:
        if os.environ.get("KNEEOA_CHROMIUM"):
            sys.exit(str(error))
        try:
            path = install_chromium()
        except NoChromiumError as error:
            sys.exit(str(error))
    print("Chromium for the browser tests:", path)


if __name__ == "__main__":
    main()
