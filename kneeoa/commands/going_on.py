"""A table of grades that was begun, and what it still lacks."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from kneeoa.errors import DataError
from kneeoa.graders.batch import ANYWAY, digest_of, graded_by
from kneeoa.graders.grading import Graders
from kneeoa.graders.together import FOLDER
from kneeoa.spreadsheet import as_meant, harmless


def still_to_grade(
    files: Sequence[Path],
    rows: Sequence[dict[str, str]],
    graders: Graders,
    *,
    together: bool,
    anyway: bool,
) -> tuple[list[Path], list[dict[str, str]]]:
    """Return the `files` that a table which was begun lacks, and its `rows` that stand.

    A film is passed over where its name and its content are in the table, be it in another folder.
    The last film of the table is graded again, since its rows may not be complete, and so is one
    that could not be read; `anyway`, also what was refused, and its earlier rows do not stand, be
    they of another folder. Raises `DataError` where others made it: other networks, another
    profile, other answers, or grades all the same and now not.
    """
    _expect_alike(rows, graders, together=together, anyway=anyway)
    last = rows[-1]["file"] if rows else ""
    lacking = {last, *(row["file"] for row in rows if anyway and row["error"])}
    done = {
        (row["file"], row["sha256"]) for row in rows if row["sha256"] and row["file"] not in lacking
    }
    there = Counter((Path(name).name, digest) for name, digest in done)
    shown_as = {file: as_meant(harmless(str(file))) for file in files}
    moved = _refused_elsewhere(rows, shown_as.values()) if anyway else {}
    names = {name for name, _ in [*there, *moved]}
    left, again = [], set()
    for file, shown in shown_as.items():
        key = Path(shown).name, digest_of(file) if Path(shown).name in names else ""
        if there[key] > 0:
            there[key] -= 1
            continue
        left.append(file)
        again |= {shown, last} if Path(shown).name == Path(last).name else {shown}
        if moved.get(key):
            again.add(moved[key].pop())
    return left, [row for row in rows if row["file"] not in again]


def _expect_alike(
    rows: Sequence[dict[str, str]], graders: Graders, *, together: bool, anyway: bool
) -> None:
    """Raise `DataError` where `rows` do not belong beside those of `graders` by these options."""
    wanted = {name: by for name, by in graded_by(graders).items() if name != FOLDER or together}
    by_others = {(row["architecture"], row["graded_by"]) for row in rows} - wanted.items()
    lacks_answers = rows and {row["architecture"] for row in rows} != wanted.keys()
    is_too_much = not anyway and any(row["warning"].startswith(ANYWAY) for row in rows)
    if by_others or lacks_answers or is_too_much:
        raise DataError(
            "Expected a table by the same networks, profile and options. This one was made by "
            "others, whose grades do not belong beside these: name another file."
        )


def _refused_elsewhere(
    rows: Sequence[dict[str, str]], asked: Iterable[str]
) -> dict[tuple[str, str], list[str]]:
    """Return the files with an error that are not `asked` for, by their name and content."""
    there, moved = set(asked), dict[tuple[str, str], list[str]]()
    files = {(row["file"], row["sha256"]) for row in rows if row["error"] and row["sha256"]}
    for file, digest in sorted(files):
        if file in there:
            continue
        moved.setdefault((Path(file).name, digest), []).append(file)
    return moved
