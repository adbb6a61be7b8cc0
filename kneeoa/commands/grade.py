"""``python -m kneeoa grade``: many films, as a table."""

import argparse
import itertools
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kneeoa import terminal
from kneeoa.commands import loading
from kneeoa.commands.loading import NAME
from kneeoa.errors import KneeOAError

if TYPE_CHECKING:
    from kneeoa.graders.batch import Row
    from kneeoa.graders.grading import Graders

EPILOG = (
    "Exit code: 0 all films graded, 1 some could not be (their rows carry the error), "
    "2 it could not be done, 130 it was stopped; rows that were written stay. For research and "
    "teaching; not a medical device."
)
MOST_REASONS = 3
"""Reasons why films were not graded that are said besides the table."""


def add_to(commands: "argparse._SubParsersAction[terminal.Parser]") -> None:
    """Add the command to those of ``python -m kneeoa``."""
    grade = commands.add_parser("grade", help="grade films with both networks", epilog=EPILOG)
    grade.add_argument(
        "paths", nargs="+", type=terminal.path, metavar="PATH", help="film or folder"
    )
    grade.add_argument(
        "--csv",
        default="-",
        type=_table,
        metavar="FILE",
        help="where to write ('-': stdout); an older table of this command is replaced",
    )
    grade.add_argument(
        "--append",
        action="store_true",
        help="go on with the table in --csv FILE; films that it has already are passed over, but "
        "for the last one, whose rows may not be complete",
    )
    grade.add_argument(
        "--grade-anyway",
        action="store_true",
        help="grade what looks like no frontal knee, too; the rows' warning says so",
    )
    loading.add_networks(grade)
    grade.add_argument(
        "--together", action="store_true", help="a third row per knee, of both networks together"
    )
    grade.set_defaults(run=run, stopped="Stopped. The rows that were written stay.")


def run(options: argparse.Namespace) -> int:
    """Grade the films that are named; return the exit code."""
    # Late, as all that takes long to load: Ctrl-C is answered from the first moment on.
    from kneeoa import tables
    from kneeoa.graders import batch
    from kneeoa.graders.profile import read_profile
    from kneeoa.wording import counted

    target = None if options.csv == "-" else Path(options.csv)
    files = _films(options.paths)
    _expect_place(target, files, append=options.append)
    before = tables.begun(target, batch.COLUMNS) if target and options.append else []
    profile = read_profile(options.profile) if options.profile else None
    graders = loading.graders(options, profile)
    if profile:
        terminal.say(NAME, f"{profile.case_line}.")
    if before:
        files, before = _left(files, before, graders, options)
    graded = batch.grade_files(
        files, graders, anyway=options.grade_anyway, together=options.together
    )
    reasons: dict[str, str] = {}
    rows = _noting(_with_progress(graded, len(files)), reasons)
    failed = _write(rows, target, before, sources=files)
    if failed:
        terminal.say(NAME, f"{failed} of {counted(len(files), 'film')} could not be graded.")
    if target or not sys.stdout.isatty():
        _tell(reasons)
    earlier = len({row["file"] for row in before if row["error"]})
    if earlier:
        terminal.say(NAME, f"{counted(earlier, 'film')} in the table could not be graded before.")
    return terminal.SOME_FAILED if failed or earlier else terminal.DONE


def _films(paths: Sequence[Path]) -> Sequence[Path]:
    """Return the films in `paths`; say how many other files there are."""
    from kneeoa.graders import batch
    from kneeoa.wording import counted

    search = batch.look_for_films(paths)
    if search.passed_over:
        terminal.say(NAME, f"passed over {counted(search.passed_over, 'file')} without a film.")
    if not search.films:
        raise KneeOAError(
            f"Expected films in {', '.join(map(str, paths))}. "
            "Found no PNG, JPEG, TIFF or DICOM file."
        )
    return search.films


def _expect_place(target: Path | None, sources: Sequence[Path], *, append: bool) -> None:
    """Raise `KneeOAError` where the table of `sources` cannot be written; None is stdout."""
    from kneeoa import tables
    from kneeoa.graders import batch

    if target:
        tables.expect_room(target, batch.COLUMNS, sources=sources)
    elif append:
        raise KneeOAError("Expected a file to go on with: name it with --csv.")
    elif sys.stdout is None:
        raise KneeOAError("Expected a standard output to write the table to. It is closed.")


def _left(
    files: Sequence[Path],
    rows: Sequence[dict[str, str]],
    graders: "Graders",
    options: argparse.Namespace,
) -> tuple[list[Path], list[dict[str, str]]]:
    """Return what `going_on.still_to_grade` does, and say how much that is."""
    from kneeoa.commands import going_on
    from kneeoa.wording import counted

    left, stand = going_on.still_to_grade(
        files, rows, graders, together=options.together, anyway=options.grade_anyway
    )
    there = {row["file"] for row in stand}
    text = f"{counted(len(there), 'film')} already in the table, {len(left)} left."
    if rows[-1]["file"] not in there:
        text += " The table's last film is graded again: its rows may not be complete."
    terminal.say(NAME, text)
    return left, stand


def _write(
    rows: "Iterator[Row]",
    target: Path | None,
    before: Sequence[dict[str, str]],
    *,
    sources: Sequence[Path],
) -> int:
    """Write the table, after the rows `before` where there are any; return how many films failed.

    `sources` are the films, of which the table replaces none.
    """
    from kneeoa import tables
    from kneeoa.graders import batch

    if target is None:
        return batch.write_csv(_begun(rows), sys.stdout)
    if before:
        with tables.appended(target, batch.COLUMNS, before) as stream:
            return batch.write_csv(rows, stream, header=False)
    rows = _begun(rows)
    with tables.opened(target, batch.COLUMNS, sources=sources) as stream:
        return batch.write_csv(rows, stream)


def _table(text: str) -> str:
    if not text:
        raise KneeOAError("Expected --csv to name a file. Received an empty text in its place.")
    return text


def _begun(rows: "Iterator[Row]") -> "Iterator[Row]":
    """Return `rows` once there is a first: no older table is touched before."""
    return itertools.chain([next(rows)], rows)


def _noting(rows: "Iterable[Row]", reasons: dict[str, str]) -> "Iterator[Row]":
    """Yield `rows`, and keep in `reasons` the first one why a film was not graded."""
    for row in rows:
        if row.error:
            reasons.setdefault(row.file, row.error)
        yield row


def _tell(reasons: dict[str, str]) -> None:
    """Say the most frequent reasons, with a film of each, where nobody sees the table yet."""
    counts = Counter(reasons.values())
    for reason, count in counts.most_common(MOST_REASONS):
        film = next(name for name in reasons if reasons[name] == reason)
        others = f" and {count - 1} more" if count > 1 else ""
        terminal.say(NAME, f"{film}{others}: {reason}")
    if len(counts) > MOST_REASONS:
        terminal.say(NAME, "The other reasons are in the table's column error.")


def _with_progress(rows: "Iterable[Row]", films: int) -> "Iterator[Row]":
    with loading.bar(None, films) as bar:
        last = None
        for row in rows:
            if row.file != last:
                bar.update()
            last = row.file
            yield row
