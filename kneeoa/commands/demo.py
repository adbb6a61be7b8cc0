"""``python -m kneeoa demo``: drawn films, to try the other commands on."""

import argparse

from kneeoa import terminal
from kneeoa.commands.loading import NAME
from kneeoa.errors import DataError

EPILOG = (
    "The films are drawn, with no patient behind them. They show the signs of each grade, but the "
    "networks learnt from real films: a drawing may get another grade than the one in its name."
)


def add_to(commands: "argparse._SubParsersAction[terminal.Parser]") -> None:
    """Add the command to those of ``python -m kneeoa``."""
    demo = commands.add_parser("demo", help="drawn films to try it on", epilog=EPILOG)
    demo.add_argument(
        "folder",
        type=terminal.path,
        metavar="FOLDER",
        help="where they go; no file that is there is touched",
    )
    demo.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the demo films; return the exit code."""
    from kneeoa import room
    from kneeoa.films.phantom import DEMO_NAMES, demo_film
    from kneeoa.wording import counted

    folder = options.folder
    room.expect_room(folder, "the films")
    if there := [name for name in DEMO_NAMES if (folder / name).exists()]:
        raise DataError(
            f"Expected a folder without demo films. {folder} has {there[0]} already: name another."
        )
    # All are drawn before the first is written: who stops it has none, and can do it again.
    films = {name: demo_film(name) for name in DEMO_NAMES}
    folder.mkdir(parents=True, exist_ok=True)
    for name, film in films.items():
        # What came meanwhile is not touched either.
        with (folder / name).open("xb") as stream:
            stream.write(film)
    print(f"{counted(len(DEMO_NAMES), 'drawn film')} in {terminal.printable(str(folder))}")
    terminal.say(NAME, EPILOG)
    return terminal.DONE
