"""The command line: ``python -m kneeoa grade PATH...``, ``python -m kneeoa adapt FOLDER``."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from kneeoa.errors import KneeOAError
from kneeoa.graders.batch import Row, grade_files, look_for_films, write_csv
from kneeoa.graders.grading import Graders
from kneeoa.graders.profile import check_name, read_profile
from kneeoa.graders.published import DEFAULT_MODELS
from kneeoa.wording import counted

EPILOG = (
    "Exit code: 0 all films graded, 1 some could not be (their rows carry the error), "
    "2 nothing was done. For research and teaching; not a medical device."
)

ADAPT = (
    "FOLDER holds sub-folders 0 to 4, or films and a table grades.csv with the columns file and "
    "grade, and where known patient and side. From 25 films on; 50 and more are worth it. Exit "
    "code: 0 a profile was written, 2 none was. See docs/generalisation.md."
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except KneeOAError as error:
        print(f"kneeoa: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of a pipe (`| head`) went away: not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _grade(options):
    found = look_for_films(options.paths)
    files = found.films
    if found.passed_over:
        print(
            f"kneeoa: passed over {counted(found.passed_over, 'file')} without a film.",
            file=sys.stderr,
        )
    if not files:
        raise KneeOAError(
            f"Expected films in {', '.join(map(str, options.paths))}. "
            "Found no PNG, JPEG, TIFF or DICOM file."
        )
    profile = read_profile(options.profile) if options.profile else None
    graders = Graders(options.models, profile=profile)
    if profile:
        print(f"kneeoa: {profile.case_line}.", file=sys.stderr)
    rows = grade_files(files, graders, anyway=options.grade_anyway, together=options.together)
    rows = _with_progress(rows, len(files))
    with _output(options.csv) as stream:
        failed = write_csv(rows, stream)
    if failed:
        print(f"kneeoa: {failed} of {len(files)} films could not be graded.", file=sys.stderr)
    return 1 if failed else 0


def _adapt(options):
    # Late: SciPy and scikit-learn take longer to load than a film to grade.
    from kneeoa.adaptation import lines
    from kneeoa.adaptation.adapting import adapt
    from kneeoa.adaptation.films import framed_by, open_films
    from kneeoa.adaptation.listing import list_films
    from kneeoa.adaptation.writing import as_text, write_profile

    if options.out.exists():
        raise KneeOAError(f"Expected a new folder for the profile. {options.out} is there already.")
    name = check_name(options.name or options.folder.resolve().name)
    graders = Graders(options.models)
    listed, left_out = list_films(options.folder)
    films = open_films(
        listed,
        left_out,
        framing=framed_by(graders.localiser),
        progress=lambda films: _bar(films, len(listed)),
    )
    for film in films.left_out:
        print(f"kneeoa: left out {film.name}: {film.reason}", file=sys.stderr)
    adaptation = adapt(films, graders)
    for note in adaptation.films.notes:
        print(f"kneeoa: {note}", file=sys.stderr)
    print(as_text(adaptation))
    said = (*adaptation.habit, *lines.in_words(adaptation.lines), adaptation.framing_said)
    for sentence in said:
        print(sentence)
    profile = write_profile(
        adaptation, options.out, name=name, now=datetime.now(UTC), anyway=options.anyway
    )
    print(f"{profile.case_line}. Written to {options.out}")
    return 0


def _bar(films, count):
    return tqdm(films, total=count, unit="film", file=sys.stderr, dynamic_ncols=True)


def _with_progress(rows: Iterator[Row], films: int) -> Iterator[Row]:
    with tqdm(total=films, unit="film", file=sys.stderr, dynamic_ncols=True) as bar:
        last = None
        for row in rows:
            if row.file != last:
                bar.update()
            last = row.file
            yield row


@contextlib.contextmanager
def _output(target):
    if target == "-":
        yield sys.stdout
        return
    try:
        stream = Path(target).open("w", encoding="utf-8", newline="")  # noqa: SIM115
    except OSError as error:
        raise KneeOAError(f"Expected to write the table to {target}. {error.strerror}.") from None
    with stream:
        yield stream


def _parser():
    parser = argparse.ArgumentParser(prog="kneeoa", description=__doc__, epilog=EPILOG)
    commands = parser.add_subparsers(dest="command", required=True)
    grade = commands.add_parser("grade", help="grade films with both networks", epilog=EPILOG)
    grade.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="film or folder")
    grade.add_argument("--csv", default="-", metavar="FILE", help="where to write ('-': stdout)")
    grade.add_argument(
        "--grade-anyway",
        action="store_true",
        help="grade what looks like no frontal knee, too; the rows' warning says so",
    )
    grade.add_argument("--models", type=Path, default=DEFAULT_MODELS, metavar="DIR")
    grade.add_argument("--profile", type=Path, metavar="PROFILE", help="written by adapt")
    grade.add_argument(
        "--together", action="store_true", help="a third row per film, of both networks together"
    )
    grade.set_defaults(run=_grade)
    adapt = commands.add_parser("adapt", help="learn how your own readers grade", epilog=ADAPT)
    adapt.add_argument("folder", type=Path, metavar="FOLDER", help="films that they graded")
    adapt.add_argument("--out", type=Path, required=True, metavar="PROFILE", help="a new folder")
    adapt.add_argument("--name", metavar="TEXT", help="what every reading calls it")
    adapt.add_argument(
        "--anyway", action="store_true", help="write it even if it is not shown to be better"
    )
    adapt.add_argument("--models", type=Path, default=DEFAULT_MODELS, metavar="DIR")
    adapt.set_defaults(run=_adapt)
    return parser


if __name__ == "__main__":
    sys.exit(main())
