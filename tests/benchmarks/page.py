"""How long a reader waits: from `streamlit run` to a usable page, from upload to answer and maps.

Run with ``make bench``. A real server and a real Chromium on this machine; seconds.
"""

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.benchmarks.reading import film_bytes
from tests.support.serving import VIEWPORT, chromium, running_app

UPLOADS = 6
TIMEOUT = 120_000


def open_page(page: Page, url: str) -> None:
    """Open the app and wait until a film can be uploaded."""
    page.goto(url)
    expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=TIMEOUT)
    expect(page.locator("input[type=file]").first).to_be_attached(timeout=TIMEOUT)


def upload_seconds(page: Page, film: Path) -> float:
    """Upload `film` on the first page; return the seconds until answer and maps are there."""
    started = time.perf_counter()
    page.locator("input[type=file]").first.set_input_files(film)
    expect(page.locator(".kl-lead")).to_be_visible(timeout=TIMEOUT)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=TIMEOUT)
    for overlay in page.locator(".layer:not([hidden])").all():
        overlay.evaluate("image => image.decode()")
    return time.perf_counter() - started


def main() -> None:
    """Print the times."""
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        folder = Path(scratch)
        page = browser.new_page(viewport=VIEWPORT)
        started = time.perf_counter()
        with running_app(folder) as app:
            open_page(page, app.url)
            print(f"streamlit run to a usable page     {time.perf_counter() - started:6.2f} s")
            seconds = []
            for number in range(UPLOADS):
                film = folder / f"film-{number}.png"
                # A film of its own each time, so that no reading can be remembered.
                film.write_bytes(film_bytes(seed=number))
                seconds.append(upload_seconds(page, film))
                page.get_by_role("button", name="Remove film").click()
                expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible()
            print(f"first upload to answer and maps    {seconds[0]:6.2f} s")
            later = statistics.median(seconds[1:])
            print(f"later uploads, median of {UPLOADS - 1}         {later:6.2f} s  (aim: below 1)")


if __name__ == "__main__":
    main()
