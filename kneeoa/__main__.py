"""The command line: ``python -m kneeoa grade PATH... [--csv FILE|-] [--grade-anyway]``."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from kneeoa.errors import KneeOAError
from kneeoa.graders.batch import Row, grade_files, look_for_films, write_csv
from kneeoa.graders.grading import Graders
from kneeoa.graders.published import DEFAULT_MODELS
from kneeoa.wording import counted

EPILOG = (
    "Exit code: 0 all films graded, 1 some could not be (their rows carry the error), "
    "2 nothing was done. For research and teaching; not a medical device."
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _grade(options)
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
    graders = Graders(options.models)
    rows = _with_progress(grade_files(files, graders, anyway=options.grade_anyway), len(files))
    with _output(options.csv) as stream:
        failed = write_csv(rows, stream)
    if failed:
        print(f"kneeoa: {failed} of {len(files)} films could not be graded.", file=sys.stderr)
    return 1 if failed else 0


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
    return parser


if __name__ == "__main__":
    sys.exit(main())
