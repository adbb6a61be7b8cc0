"""What the cards say of the answer: headline rule, prediction set, and how both did.

Everything follows from the ``predictions.csv`` beside a card, so that it can be added to a model
that is published already. The rule and the threshold come from the validation films; test films
are only counted. One rule holds for all models of a folder, because they stand side by side on a
page: that of both together where that is published.
"""

import json
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kneeoa.errors import DataError, ModelError
from kneeoa.files import read_versioned, replace_file
from kneeoa.graders.answer import AnswerRule
from kneeoa.graders.cards import schema
from kneeoa.graders.together import FOLDER
from kneeoa.grades import GRADES
from kneeoa.metrics import agreement, conformal, rules
from kneeoa.networks import ARCHITECTURES
from kneeoa.records import results

LEVEL = 0.9
METHOD = (
    "rule: the smallest mean absolute error on the validation films; set: adjacent grades (Lu et "
    "al. 2022), split conformal on the validation films, patients exchanged (Lee et al. 2023)"
)


class Graded(NamedTuple):
    """The answers for one split: ``probabilities`` (N, 5), ``grades`` (N,), patients."""

    probabilities: np.ndarray
    grades: np.ndarray
    patient_ids: np.ndarray


def write(models: Path) -> dict[str, AnswerRule]:
    """Add ``answer`` to every card below `models`, or bring it up to date; return the rules.

    Nothing else on a card changes. Raises `DataError` where there is no card.
    """
    names = [name for name in (*ARCHITECTURES, FOLDER) if (models / name / "card.json").exists()]
    if not names:
        raise DataError(
            f"Expected published models in {models}. There is none: publish one with "
            "`python -m train publish`, or name another folder."
        )
    answers = {name: _read(models / name / "predictions.csv") for name in names}
    rule = choose(
        [answers[FOLDER]["val"]]
        if FOLDER in answers
        else [splits["val"] for splits in answers.values()]
    )
    rules_written = {}
    for name, splits in answers.items():
        file = models / name / "card.json"
        card = read_versioned(file, schema.VERSION, "a card", error=ModelError)
        card["answer"] = describe(rule, **splits)
        replace_file(file, json.dumps(card, indent=2) + "\n")
        rules_written[name] = AnswerRule(rule, LEVEL, card["answer"]["set"]["threshold"])
    return rules_written


def choose(validation: list[Graded]) -> str:
    """Return the rule with the smallest loss, summed over what several models say."""
    losses = [rules.measured(split.grades, split.probabilities) for split in validation]
    return min(rules.RULES, key=lambda name: sum(by_rule[name][rules.LOSS] for by_rule in losses))


def describe(rule: str, val: Graded, test: Graded) -> dict:
    """Return the field ``answer`` of a card.

    ``rule, loss, method``; ``rules``: how each of them does; ``set``: level and threshold;
    ``coverage``: share covered, mean width and share covered of each grade; ``confusion`` and
    ``predictive_values``: of the rule's grade on the test films. Validation films calibrated the
    set, so that their coverage is right by construction.
    """
    threshold = conformal.calibrate(val.probabilities, val.grades, val.patient_ids, LEVEL)
    splits = {"val": val, "test": test}
    confusion = agreement.confusion_matrix(test.grades, rules.grades_by(rule, test.probabilities))
    record = [agreement.predictive_value(confusion, grade) for grade in GRADES]
    return {
        "rule": rule,
        "loss": rules.LOSS,
        "method": METHOD,
        "rules": {
            name: rules.measured(split.grades, split.probabilities)
            for name, split in splits.items()
        },
        "set": {"level": LEVEL, "threshold": threshold},
        "coverage": {name: _coverage(split, threshold) for name, split in splits.items()},
        "confusion": confusion.tolist(),
        "predictive_values": [value and asdict(value) for value in record],
    }


def _coverage(graded: Graded, threshold: float) -> dict[str, Any]:
    grade_sets = conformal.sets(graded.probabilities, threshold)
    coverage = conformal.coverage(grade_sets, graded.grades, graded.patient_ids)
    by_grade = [value if isfinite(value) else None for value in coverage.by_grade]
    return asdict(coverage) | {"by_grade": by_grade}


def _read(file: Path) -> dict[str, Graded]:
    table = results.read_predictions(file)
    splits = {}
    for name in ("val", "test"):
        part = table[(table["split"] == name) & table["true_grade"].notna()]
        if part.empty:
            raise DataError(f"Expected graded films of the split {name} in {file}. Found none.")
        splits[name] = Graded(
            results.probabilities_of(part),
            part["true_grade"].to_numpy(int),
            part["patient_id"].to_numpy(str),
        )
    return splits
