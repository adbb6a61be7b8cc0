"""What a localiser does on another hospital's films, which it never learned from.

The folder has ``graded/grades.csv`` (columns ``file`` and ``expert1``) beside its films; and, where
there are any, films of both knees in ``graded-bilateral`` and of implants in ``implants``.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from kneeoa.errors import DataError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating.localiser import Localiser
from train.locate import measuring
from train.locate.pictures import find_in, held_out, read_films


def graded_films(folder: Path) -> tuple[list[Radiograph], np.ndarray]:
    """Return the graded films of one knee in `folder`, and their grades."""
    table = folder / "graded" / "grades.csv"
    if not table.exists():
        raise DataError(f"Expected another hospital's grades in {table}. There is no such file.")
    rows = pd.read_csv(table)
    films = read_films([table.parent / name for name in rows["file"]])
    grades = rows.set_index("file").loc[[file.name for file, _ in films], "expert1"].to_numpy(int)
    return [film for _, film in films], grades


def measure(
    localiser: Localiser,
    folder: Path,
    grade: Callable[[np.ndarray], np.ndarray] | None,
    others: list,
) -> dict:
    """Return the figures of a card; `grade` turns films into probabilities, or is None."""
    shown, grades = graded_films(folder)
    answers = [localiser.answers(film) for film in shown]
    knees_found = [localiser.found(*pair) for pair in zip(shown, answers, strict=True)]
    figures = {
        "graded": {
            "refusals": measuring.refusals(knees_found),
            "split_in_two": sum(len(located.knees) == 2 for located in knees_found),
            "auroc_against_not_knees_held_out": measuring.auroc(
                measuring.scores(answers), measuring.scores(others)
            ),
        }
    }
    if grade:
        ways = {
            "whole_film_stretched": [Frame.whole(film) for film in shown],
            "localiser": [located.frames[0] for located in knees_found],
        }
        for name, frames in ways.items():
            inputs = [
                network_input(located.to_grade(film) if name == "localiser" else film, frame)
                for located, film, frame in zip(knees_found, shown, frames, strict=True)
            ]
            probabilities = grade(np.stack(inputs))
            figures["graded"][name] = measuring.grade_figures(grades, probabilities) | {
                "intervals_95": measuring.grade_intervals(grades, probabilities)
            }
    for name in ("graded-bilateral", "implants"):
        some = read_films(find_in(folder / name))
        if some:
            located_films = [localiser.find(film) for _, film in some]
            figures[name] = {
                "refusals": measuring.refusals(located_films),
                "split_in_two": sum(len(located.knees) == 2 for located in located_films),
            }
            if name == "implants":
                apart = [
                    located
                    for (file, _), located in zip(some, located_films, strict=True)
                    if held_out(file)
                ]
                figures[name]["held_out"] = measuring.refusals(apart)
    return figures
