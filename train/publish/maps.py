"""How far the published networks' Grad-CAMs can be trusted, measured on films.

Three questions of each film, for the grade that the network says: does the answer go soonest with
what the map marks (deletion), does it come back soonest with it (insertion), and is the map another
one once the network's learning is shuffled (see `kneeoa.graders.maps`).
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import pandas as pd

from kneeoa.data.arrays import Films
from kneeoa.graders.answer import rule_of
from kneeoa.graders.gradcam import grad_cam
from kneeoa.graders.maps import trust
from kneeoa.graders.maps.randomised import shuffled
from kneeoa.graders.published import PublishedModel, find_model
from kneeoa.graders.serving import Answers, Grader
from kneeoa.metrics import bootstrap
from kneeoa.networks import ARCHITECTURES, DISPLAY_NAME
from kneeoa.records.maps import (
    ANOTHER,
    CENTRED,
    DELETION,
    INSERTION,
    OWN,
    RANDOM,
    RIVALS,
    SHUFFLED,
)
from train.publish.figures import figure

FILMS = 100
"""Films that are looked at where no other number is asked for."""


def measure(models: Path, films: Films) -> pd.DataFrame:
    """Return one row per network, check and map; columns as in `kneeoa.records.maps`.

    ``value`` is an area under the curve (``deletion``, ``insertion``), its difference between two
    maps (``Grad-CAM - random``, ``Grad-CAM - centred``), or under ``shuffled`` the rank correlation
    with the map as it was, of the same film after ``n of m layers``, and of ``another film``.
    The interval is 95%, by bootstrap over patients.
    """
    weights = bootstrap.patient_weights(films.patient_ids)
    weights /= weights.sum(axis=1, keepdims=True)
    rows = []
    for name in ARCHITECTURES:
        for check, what, values in _network(find_model(name, models), films):
            low, high = bootstrap.percentile_interval(weights @ values)
            rows.append(
                {
                    "model": DISPLAY_NAME[name],
                    "check": check,
                    "map": what,
                    "value": values.mean(),
                    "low": low,
                    "high": high,
                    "films": len(films),
                    "patients": len(set(films.patient_ids)),
                }
            )
    return pd.DataFrame(rows)


def _network(model: PublishedModel, films: Films) -> Iterator[tuple[str, str, np.ndarray]]:
    grader = Grader(model.file, temperature=model.temperature)
    images = films.images.astype(np.float32)
    answers, rule = grader.grade_arrays(images), rule_of(model.card)
    grades = rule.grades(answers.probabilities) if rule else answers.probabilities.argmax(axis=1)
    own = _maps(answers, grades)
    generator = np.random.default_rng(0)
    maps = {
        OWN: own,
        RANDOM: [trust.random_map(generator) for _ in own],
        CENTRED: [trust.centred_map()] * len(own),
    }
    for check, curve in ((DELETION, trust.deletion), (INSERTION, trust.insertion)):
        areas = {
            map_name: np.array(
                [
                    trust.area(curve(image, heatmap, _probability(grader, grade)))
                    for image, heatmap, grade in zip(images, heatmaps, grades, strict=True)
                ]
            )
            for map_name, heatmaps in maps.items()
        }
        yield from ((check, map_name, values) for map_name, values in areas.items())
        for other in RIVALS:
            yield check, f"{OWN} - {other}", areas[OWN] - areas[other]
    yield SHUFFLED, ANOTHER, _likeness(own, own[1:] + own[:1])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shuffled.onnx"
        for shuffled_layers, layers, mixed in shuffled(model.file):
            onnx.save(mixed, file)
            without = _maps(Grader(file).grade_arrays(images), grades)
            yield SHUFFLED, f"{shuffled_layers} of {layers} layers", _likeness(own, without)


def _probability(grader: Grader, grade: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda images: grader.grade_arrays(images).probabilities[:, grade]


def _maps(answers: Answers, grades: np.ndarray) -> list[np.ndarray]:
    pairs = zip(answers.evidence, grades, strict=True)
    return [grad_cam(evidence, int(grade)) for evidence, grade in pairs]


def _likeness(maps: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> np.ndarray:
    return np.array([trust.likeness(*pair) for pair in zip(maps, others, strict=True)])


def as_text(table: pd.DataFrame) -> str:
    """Return the table for a terminal: a line per check and map, a column per network."""
    cells = table.assign(
        line=table["check"] + ": " + table["map"],
        cell=[figure(row) for row in table.itertuples()],
    )
    first = table.iloc[0]
    head = f"{first['films']} films of {first['patients']} patients; 95% intervals over patients"
    parts = [
        f"{model}\n{rows[['line', 'cell']].to_string(index=False, header=False)}"
        for model, rows in cells.groupby("model", sort=False)
    ]
    return "\n".join([head, *parts])
