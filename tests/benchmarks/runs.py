"""How long the research pages take with many runs, opened again by another reader.

Run with ``make bench-runs``; RUNS=500 by default, each with as many films as a published one. The
pages run as in a server, without a browser. ``--profile runs`` says where the time of a page goes.
"""

import argparse
import cProfile
import os
import pstats
import statistics
import tempfile
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from kneeoa.networks import ARCHITECTURES
from kneeoa.records import notes
from tests.support.places import MAIN_SCRIPT
from tests.support.research import drawn_predictions, write_run

FILMS = 826
"""Of each split, about as many as the published runs have."""
REPEATS = 5
DRAWN = 10
"""Sets of answers that are drawn; every run has one of them."""
PAGES = {
    "Runs": ("runs", {}),
    "Runs, settings against results": ("runs", {"runs_part": "across"}),
    "Runs, three marked": ("runs", {"marked": "3"}),
    "Confusion": ("confusion", {}),
    "Results, two sets side by side": ("results", {"part": "beside"}),
}


def write_runs(folder: Path, count: int) -> list[str]:
    """Write `count` finished runs of both networks and several recipes; return their names."""
    answers = [drawn_predictions(seed, films=FILMS) for seed in range(DRAWN)]
    names = []
    for number in range(count):
        config = {
            "preset": "reference",
            "seed": number // 2,
            "learning_rate": 1e-3 * (1 + number // 2 % 4),
            "batch_size": (16, 32, 64)[number % 3],
        }
        name = write_run(
            folder,
            ARCHITECTURES[number % 2],
            number // 2,
            predictions=answers[number % DRAWN],
            config=config,
        )
        names.append(name)
        if number % 5 == 0:
            notes.write(folder / "runs" / name, "seen", [f"tag {number % 3}"])
    return names


def opened(page: str, address: dict) -> float:
    """Open a page as a reader who comes by an address; return the seconds of its run."""
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=600)
    app.run()
    app.query_params.update(address)
    app.switch_page(f"{page}/page.py")
    started = time.perf_counter()
    app.run()
    seconds = time.perf_counter() - started
    if app.exception:
        raise SystemExit(f"The page {page} failed: {app.exception[0].value}")
    return seconds


def main() -> None:
    """Print the seconds of each page, first and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", help="a page to profile when it is opened again")
    asked = parser.parse_args()
    count = int(os.environ.get("RUNS", "500"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        names = write_runs(folder, count)
        os.environ["KNEEOA_RESULTS"] = scratch
        os.environ.pop("KNEEOA_DATASET", None)
        print(f"{count} runs of {2 * FILMS} films{'':12} first     again")
        for title, (page, address) in PAGES.items():
            told = dict(address)
            if "marked" in told:
                told["marked"] = names[: int(told["marked"])]
            first = opened(page, told)
            again = statistics.median(opened(page, told) for _ in range(REPEATS))
            print(f"{title:36} {first:6.2f} s  {again:6.2f} s", flush=True)
        if asked.profile:
            profile = cProfile.Profile()
            profile.runcall(opened, asked.profile, {})
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    main()
