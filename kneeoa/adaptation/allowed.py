"""What of a server's folders a page may read: those that its owner named, and nothing by a link."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kneeoa.adaptation.listing import is_table
from kneeoa.data.listing import SPLITS
from kneeoa.errors import DataError, ModelError
from kneeoa.graders.profile import PREDICTIONS, RECORD, WEIGHTS, Profile, read_profile
from kneeoa.grades import GRADES
from kneeoa.room import real
from kneeoa.wording import is_plain, plain

DEEPEST = 4
"""Folders below the named one."""
MOST_FOLDERS = 2_000
_GRADES = {str(int(grade)) for grade in GRADES}
_LEARNT_FROM = {"train", "auto_test"}
"""Of the published data set, beside ``val`` and ``test``: the networks learned from these films."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that may be read: its `label`, and the named folder `root` that it lies in."""

    label: str
    folder: Path
    root: Path


@dataclass(frozen=True, slots=True)
class Offered:
    """What lies in the named folders, by label, in order.

    Attributes
    ----------
    films : graded films to learn a habit from
    profiles : of hospitals
    data_sets : graded films in splits, or to be split
    """

    films: dict[str, Place]
    profiles: dict[str, Place]
    data_sets: dict[str, Place]


def roots_of(*settings: str | None) -> tuple[Path, ...]:
    """Return the folders in settings that separate them as in ``PATH``, each once."""
    named = [part for setting in settings for part in (setting or "").split(os.pathsep)]
    folders = (Path(part.strip()).expanduser() for part in named if part.strip())
    return tuple(dict.fromkeys(folder.absolute() for folder in folders if folder.is_dir()))


def offered(roots: Iterable[Path]) -> Offered:
    """Return the folders of graded films and the profiles in `roots`, without following links."""
    films: dict[str, Place] = {}
    profiles: dict[str, Place] = {}
    data_sets: dict[str, Place] = {}
    for root, called in _called(roots).items():
        for folder, folders, names in _folders(root):
            label = "/".join((called, *folder.relative_to(root).parts))
            place = Place(label, folder, root)
            # A split of a data set is none itself.
            if set(SPLITS) & folders or (_GRADES & folders and folder.name not in SPLITS):
                data_sets.setdefault(place.label, place)
            if {RECORD, WEIGHTS} <= names:
                profiles.setdefault(place.label, place)
            elif any(map(is_table, names)) or _GRADES & folders:
                films.setdefault(place.label, place)
    return Offered(films, profiles, data_sets)


def read_offered(place: Place) -> Profile:
    """Read a profile that was offered; raise `ModelError` as `read_profile` does, or for a link."""
    inside = real(place.root)
    for name in (RECORD, WEIGHTS, PREDICTIONS):
        if not real(place.folder / name).is_relative_to(inside):
            raise ModelError(f"Expected a profile's own files in {place.label}. {name} is a link.")
    return read_profile(place.folder)


def check_links(place: Place) -> None:
    """Raise `DataError` where a link in a folder leads out of the named one that it lies in."""
    inside = real(place.root)
    waiting, walked = [place.folder], set()
    while waiting:
        for folder, folders, names in os.walk(waiting.pop()):
            for name in (*folders, *names):
                file = Path(folder, name)
                if not file.is_symlink():
                    continue
                leads_to = real(file)
                if not leads_to.is_relative_to(inside):
                    raise DataError(
                        f"Expected a folder of films of its own in {place.label}. {plain(name)} is "
                        "a link that leads out of it."
                    )
                # It is read through, so what lies there may lead out as well.
                if leads_to.is_dir() and leads_to not in walked:
                    walked.add(leads_to)
                    waiting.append(leads_to)


def _called(roots: Iterable[Path]) -> dict[Path, str]:
    """Return each root, once, with as many of its last folders as tell it from the others."""
    by_place: dict[Path, Path] = {}
    for root in roots:
        by_place.setdefault(real(root), root)
    called = {}
    for path, root in by_place.items():
        parts, others = path.parts, [other.parts for other in by_place if other != path]
        lengths = range(1, len(parts))
        needed = (n for n in lengths if all(other[-n:] != parts[-n:] for other in others))
        called[root] = "/".join(parts[-next(needed, len(parts)) :])
    return called


def _folders(root: Path) -> Iterator[tuple[Path, set[str], set[str]]]:
    for number, (place, folders, names) in enumerate(os.walk(root)):
        if number >= MOST_FOLDERS:
            return
        folder, subfolders = Path(place), set(folders)
        yield folder, subfolders, set(names)
        deep = len(folder.relative_to(root).parts) >= DEEPEST
        learnt_from = _LEARNT_FROM if subfolders & {"val", "test"} else set()
        folders[:] = sorted(
            name
            for name in folders
            if not deep and name not in _GRADES | learnt_from and _is_offered(name)
        )


def _is_offered(name: str) -> bool:
    return not name.startswith(".") and all(map(is_plain, name))
