"""The command line: ``python -m kneeoa``; each command but `adapt` has a module of its own.

All of them are imported late: until `terminal.run` answers Ctrl-C, it is not to be met.
"""

import signal
import sys


def _end_by_ctrl_c() -> None:
    """Have Ctrl-C end the process without a traceback, unless it is to be outlived."""
    try:  # contextlib would have to be imported first
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except ValueError:  # not in a thread
        pass


if __name__ == "__main__":
    _end_by_ctrl_c()

TYPE_CHECKING = False  # typing is slow to import, and mypy knows the name
if TYPE_CHECKING:
    import argparse

    from sqlalchemy import Engine

    from kneeoa import terminal
    from kneeoa.store.cases.resealing import Secrets, Waiting

DESCRIPTION = (
    "Grades knee X-rays (Kellgren-Lawrence 0 to 4) with the published networks, shows why, and "
    "says how far to trust it. For research and teaching; not a medical device."
)
MORE = "`COMMAND --help` says what each takes; `demo` writes films to try them on."

ADAPT = (
    "FOLDER holds sub-folders 0 to 4, or films and a table grades.csv with the columns file and "
    "grade, and where known patient and side. From 25 films on; 50 and more are worth it. Exit "
    "code: 0 a profile was written, 2 none was, 130 it was stopped. See docs/generalisation.md."
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    _end_by_ctrl_c()  # here for the installed script, which imports this module

    from argparse import Namespace

    from kneeoa import terminal

    options = Namespace(stopped="Stopped.")

    def work() -> int:
        _parser().parse_args(arguments, options)
        from kneeoa.films.apart.settings import settings_from

        settings_from()  # else every single film would be refused for it
        return options.run(options)

    return terminal.run("kneeoa", work, stopped=lambda: options.stopped)


def _adapt(options: "argparse.Namespace") -> int:
    from datetime import UTC, datetime

    from kneeoa import room, terminal
    from kneeoa.adaptation.adapting import adapt
    from kneeoa.adaptation.films import framed_by, open_films
    from kneeoa.adaptation.listing import list_films
    from kneeoa.adaptation.writing import as_text, write_profile
    from kneeoa.commands import loading
    from kneeoa.errors import KneeOAError
    from kneeoa.graders.profiles.record import check_name

    if options.out.exists():
        raise KneeOAError(f"Expected a new folder for the profile. {options.out} is there already.")
    room.expect_room(options.out.parent, "the profile")
    name = check_name(options.name or room.real(options.folder).name)
    # The films before the networks, which take longer: they are what is wrong most often.
    listed, left_out = list_films(options.folder)
    graders = loading.graders(options)
    films = open_films(
        listed,
        left_out,
        framing=framed_by(graders.localiser),
        progress=lambda films: loading.bar(films, len(listed)),
        told=lambda film: terminal.say(loading.NAME, f"left out {film.name}: {film.reason}"),
    )
    for film, remark in films.remarks:
        terminal.say(loading.NAME, f"{film}: {remark}")
    adaptation = adapt(films, graders)
    for note in adaptation.films.notes:
        terminal.say(loading.NAME, note)
    print(as_text(adaptation))
    for sentence in (*adaptation.lines_said, adaptation.framing_said):
        print(sentence)
    profile = write_profile(
        adaptation, options.out, name=name, now=datetime.now(UTC), anyway=options.anyway
    )
    print(f"{profile.case_line}. Written to {options.out}")
    return 0


def _reseal_what_waits(db: "Engine", secrets: "Secrets") -> "Waiting":
    from kneeoa.pacs.resealing import reseal

    return reseal(db, secrets)


def _parser() -> "terminal.Parser":
    from pathlib import Path

    from kneeoa import __version__, terminal
    from kneeoa.commands import demo, grade, loading, report
    from kneeoa.pacs import command_line as pacs
    from kneeoa.store.cases import command_line as cases

    # As a checkout has it, or an installation: what an error names can be typed.
    run_as = "python -m kneeoa" if Path(sys.argv[0]).name == "__main__.py" else "kneeoa"
    parser = terminal.Parser(prog=run_as, description=DESCRIPTION, epilog=MORE)
    parser.add_argument("--version", action="version", version=f"kneeoa {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)
    grade.add_to(commands)
    adapt = commands.add_parser("adapt", help="learn how your own readers grade", epilog=ADAPT)
    adapt.add_argument(
        "folder", type=terminal.path, metavar="FOLDER", help="films that they graded"
    )
    adapt.add_argument(
        "--out", type=terminal.path, required=True, metavar="PROFILE", help="a new folder"
    )
    adapt.add_argument("--name", metavar="TEXT", help="what every reading calls it")
    adapt.add_argument(
        "--anyway", action="store_true", help="write it even if it is not shown to be better"
    )
    loading.add_networks(adapt, profile=False)
    adapt.set_defaults(run=_adapt)
    report.add_to(commands)
    demo.add_to(commands)
    pacs.add_to(commands)
    cases.add_to(commands, also=_reseal_what_waits)
    return parser


if __name__ == "__main__":
    sys.exit(main())
