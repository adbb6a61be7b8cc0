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

    from kneeoa.store.cases.resealing import Outcome, Secrets, Waiting

    Also = Callable[[Engine, Secrets], Waiting]
    """Encrypts what else waits with the same secret."""

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

    reseal.set_defaults(
        run=lambda _: _reseal(also),
        stopped="Stopped. Each film is readable with the old secret or with the new one: run it "
        "again, and it goes on.",
    )


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
    db = open_store(os.environ.get("KNEEOA_DATABASE_URL"))
    has_cases = (folder / "patients.key").exists()
    if has_cases:
        resealing.reseal_marks(folder, secrets)
    outcome = resealing.Outcome()
    watched = sys.stderr is not None and sys.stderr.isatty()
    films = resealing.reseal_films(db, folder, secrets)
    waiting = also(db, secrets)
    if not has_cases and not waiting.is_there:
        raise ConfigError(
            f"Expected saved cases in {folder}, the folder of {settings.FOLDER}. Found none, and "
            f"nothing else that waits. {_looked_into(waiting)}"
        )
    for so_far in tqdm(films, unit="file", dynamic_ncols=True, disable=not watched):
        outcome = so_far
    _say(outcome, waiting, folder if has_cases else None)
    return terminal.SOME_FAILED if outcome.failed or waiting.failed else terminal.DONE


def _looked_into(waiting: "Waiting") -> str:
    """Return where pushed films were looked for: others may lie where no setting here leads."""
    if waiting.folder:
        return f"Pushed films were looked for in {terminal.printable(waiting.folder)}."
    return (
        "No folder of pushed films is configured here (KNEEOA_PACS, KNEEOA_RECEIVER_FOLDER): those "
        "in one are not encrypted anew."
    )


def _say(outcome: "Outcome", waiting: "Waiting", folder: Path | None) -> None:
    from kneeoa.store.cases import settings
    from kneeoa.wording import counted

    done = [counted(outcome.films, "film"), counted(outcome.pictures, "picture")]
    done += [f"{waiting.anew} that wait"] * bool(waiting.anew)
    before = f", {outcome.done} films were already" if outcome.done else ""
    marks = ""
    if folder is not None:
        marks = f" and the key of the patients' marks in {terminal.printable(str(folder))}"
    failed = {**outcome.failed, **waiting.failed}
    print(
        f"{', '.join(done)}{marks} are encrypted with the secret in {settings.SECRET}{before}. "
        f"Start the server with it. {_looked_into(waiting)}"
    )
    for name, why in failed.items():
        terminal.say("kneeoa", f"{name} stays as it is. {why}")
    if failed:
        terminal.say(
            "kneeoa",
            f"{counted(len(failed), 'file')} could not be opened: keep the secret before "
            "until they are seen to.",
        )
