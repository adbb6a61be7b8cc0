"""The command line: ``python -m kneeoa grade``, ``adapt``, ``report``, ``pacs``, ``cases``."""

import argparse
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kneeoa import terminal
from kneeoa.errors import KneeOAError
from kneeoa.pacs import command_line as pacs
from kneeoa.store.cases import command_line as cases

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from tqdm import tqdm

    from kneeoa.graders.batch import Row
    from kneeoa.graders.cards.signature import Signature
    from kneeoa.graders.grading import Graders
    from kneeoa.graders.profile import Profile
    from kneeoa.store.cases.resealing import Secrets


EPILOG = (
    "Exit code: 0 all films graded, 1 some could not be (their rows carry the error), "
    "2 it could not be done, 130 it was stopped; rows that were written stay. For research and "
    "teaching; not a medical device."
)

ADAPT = (
    "FOLDER holds sub-folders 0 to 4, or films and a table grades.csv with the columns file and "
    "grade, and where known patient and side. From 25 films on; 50 and more are worth it. Exit "
    "code: 0 a profile was written, 2 none was, 130 it was stopped. See docs/generalisation.md."
)

REPORT = (
    "Without a format, all that the film allows. Files are named by the film's SHA-256 and written "
    "over nothing but older reports. Exit code: 0 the report is written, 1 it is, and says that a "
    "knee was not graded, or lacks a format, 2 none was, 130 it was stopped. For research and "
    "teaching; not a medical device. See docs/reports.md."
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""

    def work() -> int:
        options = _parser().parse_args(arguments)
        return options.run(options)

    return terminal.run("kneeoa", work, stopped="Stopped. The rows that were written stay.")


def _grade(options: argparse.Namespace) -> int:
    # Late, as all that takes long to load: Ctrl-C is answered from the first moment on.
    from kneeoa import tables
    from kneeoa.graders import batch
    from kneeoa.graders.profile import read_profile
    from kneeoa.wording import counted

    search = batch.look_for_films(options.paths)
    files: Sequence[Path] = search.films
    if search.passed_over:
        terminal.say("kneeoa", f"passed over {counted(search.passed_over, 'file')} without a film.")
    if not files:
        raise KneeOAError(
            f"Expected films in {', '.join(map(str, options.paths))}. "
            "Found no PNG, JPEG, TIFF or DICOM file."
        )
    to_file = options.csv != "-"
    target = Path(options.csv)
    if to_file:
        tables.expect_room(target, batch.COLUMNS, sources=files)
    elif options.append:
        raise KneeOAError("Expected a file to go on with: name it with --csv.")
    elif sys.stdout is None:
        raise KneeOAError("Expected a standard output to write the table to. It is closed.")
    before = tables.begun(target, batch.COLUMNS) if options.append else []
    profile = read_profile(options.profile) if options.profile else None
    graders = _graders(options, profile)
    if profile:
        terminal.say("kneeoa", f"{profile.case_line}.")
    if before:
        files, before = batch.still_to_grade(files, before, graders, together=options.together)
        there = len({row["file"] for row in before})
        terminal.say("kneeoa", f"{counted(there, 'film')} already in the table, {len(files)} left.")
    rows = batch.grade_files(files, graders, anyway=options.grade_anyway, together=options.together)
    rows = _with_progress(rows, len(files))
    if before:
        with tables.appended(target, batch.COLUMNS, before) as stream:
            failed = batch.write_csv(rows, stream, header=False)
    elif to_file:
        rows = _begun(rows)
        with tables.opened(target, batch.COLUMNS, sources=files) as stream:
            failed = batch.write_csv(rows, stream)
    else:
        failed = batch.write_csv(_begun(rows), sys.stdout)
    if failed:
        terminal.say("kneeoa", f"{failed} of {len(files)} films could not be graded.")
    failed += len({row["file"] for row in before if row["error"]})
    return terminal.SOME_FAILED if failed else terminal.DONE


def _begun(rows: "Iterator[Row]") -> "Iterator[Row]":
    """Return `rows` once there is a first: no older table is touched before."""
    return itertools.chain([next(rows)], rows)


def _graders(options: argparse.Namespace, profile: "Profile | None" = None) -> "Graders":
    """Load the published networks, and say it where nobody known stands for them."""
    from kneeoa.graders.grading import Graders
    from kneeoa.graders.published import DEFAULT_MODELS

    graders = Graders(options.models or DEFAULT_MODELS, profile=profile)
    if warning := _signature(options).warning:
        terminal.say("kneeoa", warning)
    return graders


def _signature(options: argparse.Namespace) -> "Signature":
    """Return who stands for the models."""
    from kneeoa.graders.cards import signature
    from kneeoa.graders.grading import folders_of
    from kneeoa.graders.published import DEFAULT_MODELS

    keys = signature.keys_in(os.environ.get("KNEEOA_TRUSTED_KEYS"))
    return signature.signature_of(folders_of(options.models or DEFAULT_MODELS), keys=keys)


def _adapt(options: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from kneeoa.adaptation import lines
    from kneeoa.adaptation.adapting import adapt
    from kneeoa.adaptation.films import framed_by, open_films
    from kneeoa.adaptation.listing import list_films
    from kneeoa.adaptation.writing import as_text, write_profile
    from kneeoa.graders.profile import check_name

    if options.out.exists():
        raise KneeOAError(f"Expected a new folder for the profile. {options.out} is there already.")
    name = check_name(options.name or options.folder.resolve().name)
    graders = _graders(options)
    listed, left_out = list_films(options.folder)
    films = open_films(
        listed,
        left_out,
        framing=framed_by(graders.localiser),
        progress=lambda films: _bar(films, len(listed)),
    )
    for film in films.left_out:
        terminal.say("kneeoa", f"left out {film.name}: {film.reason}")
    adaptation = adapt(films, graders)
    for note in adaptation.films.notes:
        terminal.say("kneeoa", note)
    print(as_text(adaptation))
    sentences = (*adaptation.habit, *lines.in_words(adaptation.lines), adaptation.framing_said)
    for sentence in sentences:
        print(sentence)
    profile = write_profile(
        adaptation, options.out, name=name, now=datetime.now(UTC), anyway=options.anyway
    )
    print(f"{profile.case_line}. Written to {options.out}")
    return 0


def _report(options: argparse.Namespace) -> int:
    from kneeoa.graders.profile import read_profile
    from kneeoa.reports.command import report

    profile = read_profile(options.profile) if options.profile else None
    return report(
        options.film,
        options.out,
        _graders(options, profile),
        signature=_signature(options),
        kinds=options.kinds or (),
        anyway=options.grade_anyway,
        with_patient=options.with_patient,
        show=print,
    )


def _reseal_what_waits(db: "Engine", secrets: "Secrets") -> int:
    from kneeoa.pacs.resealing import reseal

    return reseal(db, secrets)


def _bar(films: Iterable[Path] | None, count: int) -> "tqdm[Path]":
    """Return `films` with a progress bar, where somebody looks: in a log it would be noise."""
    from tqdm import tqdm

    watched = sys.stderr is not None and sys.stderr.isatty()
    return tqdm(films, total=count, unit="film", dynamic_ncols=True, disable=not watched)


def _with_progress(rows: "Iterable[Row]", films: int) -> "Iterator[Row]":
    with _bar(None, films) as bar:
        last = None
        for row in rows:
            if row.file != last:
                bar.update()
            last = row.file
            yield row


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kneeoa", description=__doc__, epilog=EPILOG)
    commands = parser.add_subparsers(dest="command", required=True)
    grade = commands.add_parser("grade", help="grade films with both networks", epilog=EPILOG)
    grade.add_argument(
        "paths", nargs="+", type=terminal.path, metavar="PATH", help="film or folder"
    )
    grade.add_argument("--csv", default="-", metavar="FILE", help="where to write ('-': stdout)")
    grade.add_argument(
        "--append",
        action="store_true",
        help="go on with the table in --csv FILE; films that it has already are passed over",
    )
    grade.add_argument(
        "--grade-anyway",
        action="store_true",
        help="grade what looks like no frontal knee, too; the rows' warning says so",
    )
    grade.add_argument("--models", type=terminal.path, metavar="DIR", help="other published models")
    grade.add_argument("--profile", type=terminal.path, metavar="PROFILE", help="written by adapt")
    grade.add_argument(
        "--together", action="store_true", help="a third row per film, of both networks together"
    )
    grade.set_defaults(run=_grade)
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
    adapt.add_argument("--models", type=terminal.path, metavar="DIR", help="other published models")
    adapt.set_defaults(run=_adapt)
    _add_report(commands)
    pacs.add_to(commands)
    cases.add_to(commands, also=_reseal_what_waits)
    return parser


def _add_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    report = commands.add_parser("report", help="a report of one film", epilog=REPORT)
    report.add_argument("film", type=terminal.path, metavar="FILM")
    report.add_argument("--out", type=terminal.path, required=True, metavar="FOLDER")
    for kind, help_ in (
        ("pdf", "one page of A4"),
        ("text", "plain text"),
        ("json", "for programs"),
        ("sr", "DICOM Structured Report, of DICOM films"),
        ("sc", "DICOM Secondary Capture"),
        ("film", "the film itself, without its patient; only where it is named"),
    ):
        report.add_argument(
            f"--{kind}", dest="kinds", action="append_const", const=kind, help=help_
        )
    report.add_argument(
        "--with-patient",
        action="store_true",
        help="with the patient's name and numbers, the name of the file, and DICOM objects in the "
        "film's own study; without it they are de-identified",
    )
    report.add_argument(
        "--grade-anyway",
        action="store_true",
        help="grade what looks like no frontal knee, too; the report says so",
    )
    report.add_argument(
        "--models", type=terminal.path, metavar="DIR", help="other published models"
    )
    report.add_argument("--profile", type=terminal.path, metavar="PROFILE", help="written by adapt")
    report.set_defaults(run=_report)


if __name__ == "__main__":
    sys.exit(main())
