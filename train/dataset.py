"""A folder of graded films -> arrays, with the patient-wise split held as a rule."""

import hashlib
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kneeoa.errors import DataError
from kneeoa.grades import GRADES
from kneeoa.joints import network_input
from kneeoa.radiograph import open_radiograph

SPLITS = ("train", "val", "test")
_PATIENT = re.compile(r"^(?P<patient>\d+)[LR]$")


@dataclass(frozen=True, slots=True, eq=False)
class Films:
    """Films of one split.

    Attributes
    ----------
    images : (N, 224, 224) uint8, bright = dense
    grades : (N,) int64 in 0-4, or -1 where the grade is not known
    image_ids, patient_ids : N strings each
    """

    images: np.ndarray
    grades: np.ndarray
    image_ids: tuple[str, ...]
    patient_ids: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of films."""
        return len(self.image_ids)

    def first(self, count: int) -> "Films":
        """Return `count` films spread evenly over the split, for rehearsals."""
        chosen = np.linspace(0, len(self) - 1, min(count, len(self))).astype(int)
        return Films(
            self.images[chosen],
            self.grades[chosen],
            tuple(self.image_ids[i] for i in chosen),
            tuple(self.patient_ids[i] for i in chosen),
        )


def read_splits(folder: Path) -> dict[str, Films]:
    """Read ``folder/{train,val,test}/{0..4}/*.png`` and check that no patient is in two splits."""
    missing = [split for split in SPLITS if not (folder / split).is_dir()]
    if missing:
        raise DataError(
            f"Expected the folders train, val and test in {folder}, each with one folder per KL "
            f"grade. Missing: {', '.join(missing)}."
        )
    splits = {split: _read_graded(folder / split) for split in SPLITS}
    check_patients(splits)
    return splits


def read_ungraded(folder: Path) -> Films:
    """Read every PNG directly in `folder`; the grades are -1."""
    return _decode([(path, -1) for path in sorted(folder.glob("*.png"))], folder)


def check_patients(splits: dict[str, Films]) -> None:
    """Raise `DataError` if a patient's films, or one identical film, stand in two splits."""
    for what, of in (("patient", _patients), ("image", _image_hashes)):
        seen: dict[str, str] = {}
        for split, films in splits.items():
            for key in of(films):
                if seen.setdefault(key, split) != split:
                    raise DataError(
                        f"Expected every {what} in one split only. Received {what} {key} in "
                        f"{seen[key]} and in {split}. Move all films of a patient to one split."
                    )


def split_hash(splits: dict[str, Films]) -> str:
    """Return the SHA-256 of who is where with which grade; equal hashes mean equal splits."""
    lines = sorted(
        f"{split},{image_id},{grade}"
        for split, films in splits.items()
        for image_id, grade in zip(films.image_ids, films.grades, strict=True)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def counts(splits: dict[str, Films]) -> dict[str, dict[str, int]]:
    """Return films per split and grade, as ``{"train": {"0": 2286, ...}, ...}``."""
    return {
        split: {str(grade): n for grade, n in sorted(Counter(films.grades.tolist()).items())}
        for split, films in splits.items()
    }


def _patients(films):
    return set(films.patient_ids)


def _image_hashes(films):
    return {hashlib.sha256(image.tobytes()).hexdigest() for image in films.images}


def _read_graded(folder):
    found = [
        (path, int(grade))
        for grade in GRADES
        for path in sorted((folder / str(int(grade))).glob("*.png"))
    ]
    return _decode(found, folder)


def _decode(found, folder):
    if not found:
        raise DataError(f"Expected PNG films in {folder}. Found none.")

    def decode(item):
        return network_input(open_radiograph(item[0])).round().astype(np.uint8)

    with ThreadPoolExecutor() as pool:
        images = np.stack(list(pool.map(decode, found)))
    ids = tuple(path.stem for path, _ in found)
    grades = np.array([grade for _, grade in found], np.int64)
    return Films(images, grades, ids, tuple(_patient(name) for name in ids))


def _patient(image_id):
    match = _PATIENT.match(image_id)
    return match["patient"] if match else image_id
