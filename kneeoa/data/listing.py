"""What a source of films says before they are decoded: names, patients, sides, grades, splits."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kneeoa.errors import DataError
from kneeoa.films.formats import might_be_film

SPLITS = ("train", "val", "test")
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm")
_OTHER_SUFFIX = re.compile(r"\.[A-Za-z]\w{0,9}$")
"""What stands behind a name and is none of `SUFFIXES`; a UID ends in a point and digits."""
FILM_KINDS = "PNG, JPEG, TIFF or DICOM"

AUTO_TEST = "auto_test"
AUTO_TEST_REASON = (
    "auto_test holds the same test knees cropped again by a detector: trained on, it would put "
    "test knees into training, and counted, it would count them twice"
)

_SIDES = {"l": "L", "left": "L", "r": "R", "right": "R"}
_NAME_PATTERNS = (
    re.compile(r"^(?P<patient>\d+)(?P<side>[LR])$"),
    re.compile(r"^(?P<patient>.*[^\s_-])[\s_-]+(?P<side>l|r|left|right)$", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One film as its source names it.

    Attributes
    ----------
    image_id : name of the film in every table
    file : path relative to the listing's `base` with ``/``, or an absolute path
    patient_id : whose knee it is
    side : ``"L"``, ``"R"``, or empty where it is not known
    grade : 0-4, or -1 where it is not known
    split : one of `SPLITS`, or empty where the source has no splits
    """

    image_id: str
    file: str
    patient_id: str
    side: str
    grade: int
    split: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The films of a source, with a sentence for each thing left out and each thing to know."""

    base: Path
    entries: tuple[Entry, ...]
    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def has_splits(self) -> bool:
        """Whether the source itself says which film is in which split."""
        return all(entry.split for entry in self.entries)


def is_film(file: Path) -> bool:
    """Return whether a file is a film by its name, or else by its first bytes."""
    return file.name.lower().endswith(SUFFIXES) or might_be_film(file)


def film_name(file: str) -> str:
    """Return the name of a film by its path: without suffix, and whole where it is a UID."""
    path = Path(file)
    if path.suffix.lower() in SUFFIXES or _OTHER_SUFFIX.search(path.name):
        return path.stem
    return path.name


def name_patterns(pattern: str | None) -> tuple[re.Pattern, ...]:
    r"""Return what finds patient and side in a file name without its suffix.

    By default digits and a side (``9001695L``), or anything, a separator and a side (``P12_L``,
    ``case7-right``). `pattern` replaces both: a regular expression, searched for anywhere in the
    name, with a group ``patient`` and if possible a group ``side`` (L, R, left, right).
    """
    if pattern is None:
        return _NAME_PATTERNS
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise DataError(
            f"Expected --patient-pattern to be a regular expression. Received {pattern!r}: {error}."
        ) from None
    if "patient" not in compiled.groupindex:
        raise DataError(
            "Expected --patient-pattern to have a group named patient, as in "
            rf"(?P<patient>\d+)_(?P<side>[LR]). Received: {pattern!r}."
        )
    return (compiled,)


def patient_and_side(name: str, patterns: Sequence[re.Pattern]) -> tuple[str | None, str]:
    """Return the patient in a film's name, or None, and the side ``"L"``, ``"R"`` or ``""``."""
    for pattern in patterns:
        match = pattern.search(name)
        if match and (patient := match["patient"]):
            side = match["side"] if "side" in pattern.groupindex else None
            return patient, side_of(side)
    return None, ""


def side_of(text: str | None) -> str:
    """Return ``"L"`` or ``"R"`` for l, r, left or right, and an empty string for anything else."""
    return _SIDES.get((text or "").strip().lower(), "")


def entry_of(file: str, grade: int, split: str, patterns: Sequence[re.Pattern]) -> Entry:
    """Return the entry of a film of which only its path, grade and split are known."""
    name = film_name(file)
    patient, side = patient_and_side(name, patterns)
    return Entry(name, file, patient or name, side, grade, split)


def warn_of_unknown_patients(
    entries: Sequence[Entry], patterns: Sequence[re.Pattern]
) -> tuple[str, ...]:
    """Return a sentence if some names do not tell the patient, so that each film counts as one."""
    unknown = [entry for entry in entries if patient_and_side(entry.image_id, patterns)[0] is None]
    if not unknown:
        return ()
    return (
        f"The names of {len(unknown)} of {len(entries)} films do not tell the patient (the first: "
        f"{unknown[0].file}), so each counts as a patient of its own. If a patient may have two of "
        "them, give a CSV with the column patient_id, or --patient-pattern.",
    )


def repeated_ids(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Return the films that share their name with another, by name."""
    twice = {name for name, n in Counter(entry.image_id for entry in entries).items() if n > 1}
    by_id: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.image_id in twice:
            by_id.setdefault(entry.image_id, []).append(entry)
    return by_id
