"""Synthetic knees as training data: arrays, and folders as published."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from kneeoa.data.arrays import Films
from kneeoa.films.phantom import draw_knee


def drawn_films(count: int, *, first: int = 100) -> Films:
    """Return `count` films of as many patients, the grades in turn."""
    grades = np.arange(count) % 5
    images = [draw_knee(int(g), seed=first + i, marked=False) for i, g in enumerate(grades)]
    patients = tuple(str(first + i) for i in range(count))
    return Films(np.stack(images), grades, tuple(f"{name}L" for name in patients), patients)


def write_source(file: Path) -> Path:
    """Write what the drawn films are, as a card needs it."""
    nowhere = dict.fromkeys(("doi", "licence_url"), "")
    texts = dict.fromkeys(("name", "author", "licence", "origin", "split"), "Drawn for tests.")
    file.write_text(json.dumps({"year": 2026} | nowhere | texts))
    return file


def write_tree(folder: Path, **per_grade: int) -> Path:
    """Write ``folder/<split>/<grade>/<patient><L|R>.png``, so many films of each grade."""
    patient = 9_000_000
    for split, count in per_grade.items():
        for grade in range(5):
            target = folder / split / str(grade)
            target.mkdir(parents=True)
            for number in range(count):
                patient += 1
                film = draw_knee(grade, seed=patient, marked=False)
                Image.fromarray(film).save(target / f"{patient}{'LR'[number % 2]}.png")
    return folder
