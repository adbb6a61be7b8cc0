"""How long a reader waits, beside an empty Streamlit page and beside bare ONNX Runtime.

Run with ``make bench``. A real server and a real Chromium on this machine; a minute or two. What is
waited for is looked for at every picture that the browser draws.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from kneeoa.films.phantom import draw_knee
from tests.benchmarks.reading import bare_onnx, bare_sessions, film_bytes, median_ms
from tests.support.serving import VIEWPORT, chromium, running_app, served

REPEATS = 6
TIMEOUT = 120_000
EMPTY = 'import streamlit as st\n\nst.title("Empty")\n'
ANSWERED = """([name, notFrame]) => {
  if (!document.querySelector(".kl-lead:not(.kl-quiet)")) return false;
  const line = document.querySelector(".st-key-case")?.textContent ?? "being read";
  if (!line.includes(name) || line.includes("being read")) return false;
  // The viewer stands in a tree of its own, which a selector does not look into.
  const host = [...document.querySelectorAll("[data-testid=stMain] *")]
    .find(one => one.shadowRoot?.querySelector(".viewer"));
  const viewer = host?.shadowRoot.querySelector(".viewer");
  if (viewer?.dataset.ready !== "true" || viewer.classList.contains("awaiting")) return false;
  const shown = viewer.querySelector(".pane").getAttribute("aria-label");
  if (viewer.dataset.frame === notFrame || !shown.includes(name)) return false;
  const maps = [...viewer.querySelectorAll(".layer:not([hidden])")];
  return maps.length > 0 && maps.every(one => one.complete && !one.classList.contains("coming"));
}"""
"""Whether the answer to the film of that name is there, with its picture and maps, and another box
than the one named."""
HEADED = """text =>
  [...document.querySelectorAll("h1, h2, h3, [role=tab]")]
    .some(one => one.textContent.includes(text))
  && document.querySelector("[data-testid=stStatusWidget]") === null
"""
"""Whether a heading is there and the page's run has ended."""


def seconds_until(page: Page, action: Callable[[], object], condition: str, value: object) -> float:
    """Return the seconds from `action` until ``condition(value)`` holds in the browser."""
    started = time.perf_counter()
    action()
    page.wait_for_function(condition, arg=value, polling="raf", timeout=TIMEOUT)
    return time.perf_counter() - started


def open_empty(page: Page, folder: Path) -> float:
    """Return the median seconds to open a page of Streamlit's with a title and nothing else."""
    script = folder / "empty.py"
    script.write_text(EMPTY, encoding="utf-8")
    quiet = {"STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    quiet["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] = "false"
    with served(folder, script, **quiet) as app:
        opened = [
            seconds_until(page, lambda: page.goto(app.url), HEADED, "Empty") for _ in range(REPEATS)
        ]
    return statistics.median(opened[1:])


def upload(page: Page, film: Path) -> float:
    """Upload a film; return the seconds until answer and maps are there."""
    field, adder = (
        page.locator("input[type=file]").first,
        page.get_by_role("button", name="Add films"),
    )
    expect(field.or_(adder).first).to_be_attached(timeout=TIMEOUT)
    if field.count() == 0:
        adder.click()
        expect(field).to_be_attached(timeout=TIMEOUT)
    return seconds_until(page, lambda: field.set_input_files(film), ANSWERED, [film.name, ""])


def turn(page: Page, name: str) -> float:
    """Turn to the film before, which is read already; return the seconds until it is there."""
    page.locator(".pane").first.focus()
    return seconds_until(page, lambda: page.keyboard.press("ArrowLeft"), ANSWERED, [name, ""])


def move_box(page: Page, name: str) -> float:
    """Move the graded box by a key; return the seconds until its answer is there."""
    page.locator(".pane").first.focus()
    page.keyboard.press("b")
    frame = page.locator(".viewer").get_attribute("data-frame")
    moved = [name, frame]
    seconds = seconds_until(page, lambda: page.keyboard.press("Shift+ArrowUp"), ANSWERED, moved)
    page.keyboard.press("Escape")
    return seconds


def open_by_menu(page: Page, room: str, name: str, heading: str) -> float:
    """Open a page by the menu; return the seconds from the click until its last part is there."""
    if room:
        page.get_by_role("button", name=room).click(timeout=TIMEOUT)
    kind = "menuitem" if room else "link"
    item = page.get_by_role(kind, name=name, exact=True)
    return seconds_until(page, item.click, HEADED, heading)


def say(what: str, seconds: float, *, empty: float, bare: float) -> None:
    """Print one row."""
    print(f"{what:44} {seconds:6.2f} s  {seconds / empty:5.2f}  {seconds / bare:6.1f}")


def main() -> None:
    """Print the table: seconds, and as multiples of the empty page and of both networks bare."""
    film = draw_knee(2)[None, ..., None].astype(np.float32)
    sessions = bare_sessions()
    bare = median_ms(lambda: bare_onnx(sessions, film), 50) / 1000
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        folder = Path(scratch)
        page = browser.new_page(viewport=VIEWPORT)
        (folder / "apart").mkdir()
        empty = open_empty(page, folder / "apart")

        def row(what, seconds):
            say(what, seconds, empty=empty, bare=bare)

        print(f"{'':44} {'':8}  /empty   /bare")
        row("bare ONNX Runtime, both networks", bare)
        row("opening an empty Streamlit page", empty)
        started = time.perf_counter()
        with running_app(folder) as app:
            page.goto(app.url)
            page.wait_for_function(HEADED, arg="Grade a knee X-ray", timeout=TIMEOUT)
            row("streamlit run to a usable page", time.perf_counter() - started)
            again = [
                seconds_until(page, lambda: page.goto(app.url), HEADED, "Grade a knee X-ray")
                for _ in range(REPEATS)
            ]
            row("opening the first page again", statistics.median(again))
            # Films of their own each time, so that no reading can be remembered.
            films = [folder / f"film-{number}.png" for number in range(REPEATS)]
            for number, file in enumerate(films):
                file.write_bytes(film_bytes(seed=number))
            uploads = [upload(page, file) for file in films]
            row("first upload to answer and maps", uploads[0])
            row("a later upload", statistics.median(uploads[1:]))
            page.wait_for_timeout(3000)
            turns = [turn(page, file.name) for file in reversed(films[:-1])]
            row("another film, answer and maps", statistics.median(turns))
            moves = [move_box(page, films[0].name) for _ in range(REPEATS)]
            row("the box moved, answer and maps", statistics.median(moves))
            for room, name, heading in PAGES:
                row(f"opening {name}, the first time", open_by_menu(page, room, name, heading))
            page.reload()
            for room, name, heading in PAGES:
                row(f"opening {name} again", open_by_menu(page, room, name, heading))


PAGES = (
    ("Research", "Runs", "Learning curves"),
    ("Research", "Results", "Cycle by cycle"),
    ("Research", "Confusion", "Films worth a second look"),
    ("Research", "Robustness", "changed by computer"),
    ("Learn", "Atlas", "Atlas of the grades"),
    ("", "About", "Intended use and limits"),
)
"""Room, name in the menu, and a heading at the end of the page."""


if __name__ == "__main__":
    main()
