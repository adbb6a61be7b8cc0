"""``python -m kneeoa cases``: what the owner of saved cases does to all of them."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kneeoa import terminal
from kneeoa.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from kneeoa.store.cases.resealing import Outcome, Secrets

    Also = Callable[[Engine, Secrets], int]
    """Encrypts what else waits with the same secret; returns how many."""

EPILOG = (
    "Stop the server first. KNEEOA_CASES_SECRET is the new secret, KNEEOA_CASES_OLD_SECRET the one "
    "before; without it what is kept lies there as it is. Whatever ends the command, each film is "
    "readable with one of the two: run it again, and it goes on. Exit code: 0 all done, 1 some "
    "files could not be opened and stay as they are, 2 not done, 130 stopped by Ctrl-C. "
    "See docs/cases.md."
)


def add_to(commands: "argparse._SubParsersAction[terminal.Parser]", *, also: "Also") -> None:
    """Add the command to those of ``python -m kneeoa``."""
    cases = commands.add_parser("cases", help="the saved cases of the dashboard", epilog=EPILOG)
    tasks = cases.add_subparsers(metavar="TASK", dest="task", required=True)
    reseal = tasks.add_parser(
        "reseal", help="encrypt all that is kept with another secret", epilog=EPILOG
    )

    def run(_: argparse.Namespace) -> int:
        try:
            return _reseal(also)
        except KeyboardInterrupt:
            terminal.say(
                "kneeoa",
                "Stopped. Each film is readable with the old secret or with the new one: run it "
                "again, and it goes on.",
            )
            return terminal.STOPPED

    reseal.set_defaults(run=run)


def _reseal(also: "Also") -> int:
    from tqdm import tqdm

    from kneeoa.store.cases import resealing, settings
    from kneeoa.store.database import open_store

    new = settings.secret_from(os.environ)
    if new is None:
        raise ConfigError(
            f"Expected the new secret in {settings.SECRET}, and the one before, if there was one, "
            f"in {settings.OLD_SECRET}."
        )
    secrets = resealing.Secrets(new, settings.secret_from(os.environ, settings.OLD_SECRET))
    folder = settings.files_from(os.environ).folder
    if not (folder / "patients.key").exists():
        raise ConfigError(
            f"Expected saved cases in {folder}, the folder of {settings.FOLDER}. Found none."
        )
    db = open_store(os.environ.get("KNEEOA_DATABASE_URL"))
    resealing.reseal_marks(folder, secrets)
    outcome = resealing.Outcome()
    watched = sys.stderr is not None and sys.stderr.isatty()
    films = resealing.reseal_films(db, folder, secrets)
    waiting = also(db, secrets)
    for so_far in tqdm(films, unit="file", dynamic_ncols=True, disable=not watched):
        outcome = so_far
    _say(outcome, waiting, folder)
    return terminal.SOME_FAILED if outcome.failed else terminal.DONE


def _say(outcome: "Outcome", waiting: int, folder: Path) -> None:
    from kneeoa.store.cases import settings
    from kneeoa.wording import counted

    done = [counted(outcome.films, "film"), counted(outcome.pictures, "picture")]
    done += [f"{waiting} that wait"] * bool(waiting)
    before = f", {outcome.done} films were already" if outcome.done else ""
    print(
        f"{', '.join(done)} and the key of the patients' marks in "
        f"{terminal.printable(str(folder))} are encrypted with the secret in {settings.SECRET}"
        f"{before}. Start the server with it."
    )
    for name, why in outcome.failed.items():
        terminal.say("kneeoa", f"{name} stays as it is. {why}")
    if outcome.failed:
        terminal.say(
            "kneeoa",
            f"{counted(len(outcome.failed), 'file')} could not be opened: keep the secret before "
            "until they are seen to.",
        )
