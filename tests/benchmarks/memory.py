"""How much memory the server takes: twenty sessions with a large film each, then 300 films in one.

Run with ``make bench-memory``. A real server, twenty pages of a real Chromium; some minutes. What
is counted is the server and its decoders: memory of their own, their part of what they share.
"""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from kneeoa.films.phantom import draw_knee
from tests.support.serving import App, chromium, running_app

SESSIONS, UPLOADS, AT_ONCE = 20, 300, 30
LARGE, SMALL = (3000, 2500), (900, 750)
TIMEOUT = 180_000


def write_film(file: Path, shape: tuple[int, int], seed: int) -> None:
    """Write a drawn film of 16 bits; no two are the same."""
    height, width = shape
    drawn = Image.fromarray(draw_knee(seed % 5, side=600, seed=seed)).resize((width, height))
    noise = np.random.default_rng(seed).integers(0, 64, shape, np.uint16)
    Image.fromarray(np.asarray(drawn, np.uint16) * 13 + 700 + noise).save(file)


def megabytes(app: App) -> float:
    """Return the memory of the server and its decoders, in MB (Linux only)."""
    return sum(_proportional(process) for process in _with_children(app.process)) / 1e6


def _with_children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").iterdir()
    children = [int(one) for task in tasks for one in (task / "children").read_text().split()]
    return [process, *(below for child in children for below in _with_children(child))]


def _proportional(process):
    lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def upload(page: Page, files: list[Path]) -> None:
    """Add films on the reading page; wait until they were taken in and the last one is answered."""
    if page.locator("input[type=file]").count() == 0:
        page.get_by_role("button", name="Add films").click(timeout=TIMEOUT)
    page.locator("input[type=file]").first.set_input_files(files)
    case = page.locator(".st-key-case")
    expect(case).to_contain_text(files[0].name, timeout=TIMEOUT)
    expect(case).not_to_contain_text("being read", timeout=TIMEOUT)


def main() -> None:
    """Print the memory as sessions and films come in."""
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        folder = Path(scratch)
        with running_app(folder) as app, browser.new_context() as context:
            pages = []
            for number in range(SESSIONS):
                page = context.new_page()
                page.goto(app.url)
                write_film(file := folder / f"large-{number}.png", LARGE, number)
                upload(page, [file])
                pages.append(page)
                if number in (0, 4, 9, 14, SESSIONS - 1):
                    print(f"{number + 1:4} sessions, a film each {megabytes(app):8.0f} MB")
            for page in pages[1:]:
                page.close()
            for first in range(0, UPLOADS, AT_ONCE):
                files = [folder / f"small-{number}.png" for number in range(first, first + AT_ONCE)]
                for number, file in enumerate(files, first):
                    write_film(file, SMALL, 100 + number)
                upload(pages[0], files)
                print(f"{first + AT_ONCE:4} films in one session  {megabytes(app):8.0f} MB")


if __name__ == "__main__":
    main()
