"""Graded films for tests, small and quick to write: blotches, each image its own."""

from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 64


def write_film(path: Path, seed: int) -> Path:
    """Write blotches as a film; equal seeds give identical pixels. (Noise is refused as none.)"""
    path.parent.mkdir(parents=True, exist_ok=True)
    blotches = np.random.default_rng(seed).integers(0, 256, (SIDE // 4, SIDE // 4), np.uint8)
    Image.fromarray(np.kron(blotches, np.ones((4, 4), np.uint8))).save(path)
    return path


def write_flat(folder: Path, patients: int = 20, *, first: int = 100) -> Path:
    """Write ``folder/<0..4>/<patient><L|R>.png``: two knees each, the second a grade worse."""
    for patient in range(first, first + patients):
        for offset, side in enumerate("LR"):
            grade = min(patient % 5 + offset, 4)
            write_film(folder / str(grade) / f"{patient}{side}.png", 2 * patient + offset)
    return folder


def write_tree(folder: Path) -> Path:
    """Write ``folder/<train|val|test>/<0..4>/<patient><L|R>.png``, ten patients a split."""
    for number, split in enumerate(("train", "val", "test")):
        write_flat(folder / split, 10, first=100 * (number + 1))
    return folder


def patients(found) -> dict[str, set[str]]:
    """Return who is in each split of a data set."""
    return {name: set(films.patient_ids) for name, films in found.splits.items()}


def lay(folder: Path, *places: str) -> Path:
    """Write the same small film at each of `places` below `folder`."""
    for place in places:
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.arange(4096, dtype=np.uint8).reshape(64, 64)).save(file)
    return folder
