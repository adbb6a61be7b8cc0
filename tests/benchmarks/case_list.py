"""How long the list of saved cases takes the server for each key press, with many cases.

Run with ``make bench-cases``; CASES=20000 by default, in an SQLite file. The page runs as in a
server, without a browser. ``--profile`` says where the time of a key press goes.
"""

import argparse
import cProfile
import os
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.case_pages import case_store, listed, sign_in, started
from tests.support.many_cases import fill

REPEATS = 7


def pressed(app: AppTest, row: int) -> AppTest:
    """Do what an arrow does once it rests on a row."""
    keys = [one["key"] for one in listed(app)]
    app.session_state["cases_rows"] = {"at": keys[row % len(keys)], "marked": None}
    return app.run()


def searched(app: AppTest, text: str) -> AppTest:
    """Look for something."""
    return app.text_input(key="cases_text").set_value(text).run()


def ordered(app: AppTest, name: str) -> AppTest:
    """Do what a click on the head of a column does."""
    app.session_state["cases_rows"] = {"at": None, "marked": None, "sort": {"name": name}}
    return app.run()


ACTIONS: dict[str, Callable[[AppTest, int], AppTest]] = {
    "an arrow": pressed,
    "search for a word": lambda app, time: searched(app, ("film 4", "kl 1", "")[time % 3]),
    "a click on a column's head": lambda app, time: ordered(
        app, ("answer", "film", "own_grade", "doubt")[time % 4]
    ),
    "the next page": lambda app, _: app.button(key="cases_after").click().run(),
}


def measure(app: AppTest) -> None:
    """Print how long each action takes: the median, and the longest."""
    for what, act in ACTIONS.items():
        app = searched(app, "")
        seconds = []
        for number in range(REPEATS):
            begun = time.perf_counter()
            act(app, number)
            seconds.append(time.perf_counter() - begun)
            assert not app.exception
        print(f"{what:28} {statistics.median(seconds):.2f} s, at most {max(seconds):.2f} s")


def main() -> None:
    """Fill a store, open its list, and measure it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--profile", action="store_true")
    asked = options.parse_args()
    count = int(os.environ.get("CASES", "20000"))
    with (
        tempfile.TemporaryDirectory() as name,
        pytest.MonkeyPatch.context() as patch,
        case_store(Path(name), patch) as (db, files),
    ):
        begun = time.perf_counter()
        fill(db, files, count)
        print(f"{count} cases kept in {time.perf_counter() - begun:.0f} s")
        begun = time.perf_counter()
        app = sign_in(started("cases"), "ab")
        print(f"the list opened in {time.perf_counter() - begun:.2f} s: {len(listed(app))} rows")
        if asked.profile:
            profile = cProfile.Profile()
            profile.runcall(pressed, app, 3)
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
        else:
            measure(app)


if __name__ == "__main__":
    main()
