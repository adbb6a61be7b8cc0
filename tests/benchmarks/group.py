"""A class of forty browsers: does a vote get lost, and how long does one take?

Run with ``make bench-class``. A real server and forty pages of a real Chromium on this machine;
some reload or lose their connection in the middle of a vote. Ends with 1 where a vote is lost.
"""

import asyncio
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from kneeoa.store import group as store
from kneeoa.store.database import open_store
from kneeoa.teaching.exam import draw_exam
from kneeoa.teaching.films import synthetic_set
from tests.support.install_chromium import find_chromium
from tests.support.serving import CHROMIUM_ARGUMENTS, running_app

LEARNERS = int(os.environ.get("LEARNERS", "40"))
FILMS = 5
RELOAD_EVERY, DROP_EVERY = 4, 10
"""Every fourth learner reloads as she votes; every tenth is without a network for seconds."""
OFFLINE_SECONDS, SPREAD_SECONDS = 4, 3
AT_A_TIME = 4
TIMEOUT, PATIENCE = 120_000, 15_000


async def join(page: Page, url: str, code: str, name: str, doors: asyncio.Semaphore) -> None:
    """Join the session in the browser; some at a time, as opening a page takes most of its work."""
    async with doors:
        await page.goto(f"{url}/join?code={code}", timeout=TIMEOUT)
        await page.get_by_label("Nickname").fill(name, timeout=TIMEOUT)
        await page.get_by_role("button", name="Join", exact=True).click(timeout=TIMEOUT)
        await expect(page.get_by_text("You are in")).to_be_visible(timeout=TIMEOUT)


async def is_kept(page: Page, grade: int, timeout: float) -> bool:
    """Wait until the page says that the vote is kept; False where it does not."""
    return await is_seen(page, f"Your vote is kept: KL {grade}.", timeout)


async def is_seen(page: Page, text: str, timeout: float) -> bool:
    """Wait until the page says `text`; False where it does not."""
    try:
        await expect(page.get_by_text(text)).to_be_visible(timeout=timeout)
    except AssertionError:
        return False
    return True


async def vote(page: Page, number: int, film: int, draw: random.Random) -> tuple[int, float | None]:
    """Vote once the film is there; return the grade and the seconds until it was said to be kept.

    No time for those who had to vote again: after a reload, a lost connection, or a refusal.
    """
    await expect(page.get_by_text(f"Film {film + 1} of")).to_be_visible(timeout=TIMEOUT)
    await asyncio.sleep(draw.uniform(0, SPREAD_SECONDS))
    grade = draw.randrange(5)
    button = page.locator(f".st-key-vote_{film}_{grade} button")
    started = time.perf_counter()
    await button.click(timeout=TIMEOUT)
    if (number + film) % RELOAD_EVERY == 0:
        await page.reload(timeout=TIMEOUT)
    elif (number + film) % DROP_EVERY == 1:
        await page.context.set_offline(True)
        await asyncio.sleep(OFFLINE_SECONDS)
        await page.context.set_offline(False)
    elif await is_kept(page, grade, PATIENCE):
        return grade, time.perf_counter() - started
    else:
        print(f"Learner {number}, film {film + 1}: no word for {PATIENCE / 1000:.0f} s")
    for _ in range(3):
        if await is_kept(page, grade, PATIENCE):
            return grade, None
        await button.click(timeout=TIMEOUT)
    raise SystemExit(f"Learner {number}: no word of the votes on film {film + 1}.")


async def lead(url: str, database, pages: list[Page]) -> tuple[int, list[float]]:
    """Hold a session; return how many acknowledged votes were lost, and the seconds of the rest."""
    exam = draw_exam(synthetic_set().films.values(), FILMS, seed=0)
    group = store.open_group(database, exam, datetime.now(UTC))
    started, doors = time.perf_counter(), asyncio.Semaphore(AT_A_TIME)
    await asyncio.gather(
        *(join(page, url, group.code, f"learner {i}", doors) for i, page in enumerate(pages))
    )
    print(f"{len(pages)} learners are in after {time.perf_counter() - started:.1f} s")
    lost, seconds = 0, []
    for film in range(FILMS):
        print(f"film {film + 1}", flush=True)
        group = store.change_group(database, group, position=film)
        votes = await asyncio.gather(
            *(vote(page, i, film, random.Random(i * FILMS + film)) for i, page in enumerate(pages))
        )
        group = store.change_group(database, group, state="closed")
        table = store.votes_of(database, group.group_id).query("position == @film")
        kept = table.set_index("participant")["grade"]
        lost += sum(
            not bool(kept.get(f"learner {i}") == grade) for i, (grade, _) in enumerate(votes)
        )
        seconds += [took for _, took in votes if took is not None]
        group = store.change_group(database, group, state="told")
    store.change_group(database, group, state="ended")
    await asyncio.gather(
        *(expect(p.get_by_text("session has ended")).to_be_visible(timeout=TIMEOUT) for p in pages)
    )
    return lost, seconds


async def hold_class(url: str, database) -> tuple[int, list[float]]:
    """Open the browsers and hold the session in them."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS, chromium_sandbox=False
        )
        phones = [
            await browser.new_context(viewport={"width": 390, "height": 844})
            for _ in range(LEARNERS)
        ]
        try:
            return await lead(url, database, [await phone.new_page() for phone in phones])
        finally:
            await browser.close()


def _cpu_of_ended():
    of = resource.getrusage(resource.RUSAGE_CHILDREN)
    return of.ru_utime + of.ru_stime


def main() -> int:
    """Print what was lost and how long votes took."""
    with tempfile.TemporaryDirectory() as scratch:
        url = os.environ.get("KNEEOA_DATABASE_URL") or f"sqlite:///{scratch}/store.sqlite"
        database = open_store(url)
        settings = {"KNEEOA_DATABASE_URL": url, "KNEEOA_DATASET": ""}
        with running_app(Path(scratch), **settings) as app:
            started = time.perf_counter()
            lost, seconds = asyncio.run(hold_class(app.url, database))
            lasted, before = time.perf_counter() - started, _cpu_of_ended()
        # The server has ended here; the browser had before.
        used = _cpu_of_ended() - before
        database.dispose()
    late = statistics.quantiles(seconds, n=20)[-1]
    print(f"{LEARNERS} learners, {FILMS} films: {lost} of {LEARNERS * FILMS} votes lost")
    again = LEARNERS * FILMS - len(seconds)
    print(f"{again} votes stood a reload, a lost connection, or 15 s without a word")
    print(
        f"click to 'kept': median {statistics.median(seconds):.2f} s, 95% below {late:.2f} s "
        f"({len(seconds)} votes)"
    )
    print(f"server: {used:.0f} s of CPU in {lasted:.0f} s")
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
