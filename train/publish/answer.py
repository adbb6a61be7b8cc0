"""What the cards say of the answer: headline rule, prediction set, and how both did.

Everything follows from the ``predictions.csv`` beside a card, so that it can be added to a model
that is published already. The rule and the threshold come from the validation films; test films
are only counted. One rule holds for all models of a folder, because they stand side by side on a
page: that of both together where that is published.
"""

import json
from collections.abc import Mapping
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


Splits = dict[str, Graded]
"""Validation and test films, as ``val`` and ``test``."""

DECIMALS = 12
"""Of what is written. Later ones follow from the order in which a machine adds up."""


class Written(NamedTuple):
    """What a card says by now, and whether its file had to be changed for that."""

    rule: AnswerRule
    changed: bool


def write(models: Path) -> dict[str, Written]:
    """Add ``answer`` to every card below `models`, or bring it up to date; return what they say.

    Nothing else on a card changes, and nothing at all on one that says the same but for rounding:
    its signature holds. Raises `DataError` where there is no card.
    """
    published = read_published(models)
    if not published:
        raise DataError(
            f"Expected published models in {models}. There is none: publish one with "
            "`python -m train publish`, or name another folder."
        )
    rule = _rule_for(published)
    return {name: _add(models / name, rule, graded) for name, graded in published.items()}


def read_published(models: Path, *, but: str = "") -> dict[str, Splits]:
    """Return what is to be known of every model below `models`, out of its ``predictions.csv``.

    The model called `but` is left out: it is to be published anew. Raises `DataError` or
    `ModelError` where a table or a card is missing or damaged, which is better known before the
    work than after it.
    """
    published = {}
    for name in (*ARCHITECTURES, FOLDER):
        folder = models / name
        if name == but or not (folder / "card.json").exists():
            continue
        try:
            _card(folder)
            published[name] = _read(folder / "predictions.csv")
        except (DataError, ModelError) as error:
            way_out = f"Publish it anew, or remove the folder {folder}."
            raise type(error)(f"{error} {way_out}") from None
    return published


def add(folder: Path, name: str, others: Mapping[str, Splits]) -> None:
    """Add ``answer`` to the card in `folder`, which will be called `name` and stand by `others`."""
    graded = _read(folder / "predictions.csv")
    _add(folder, _rule_for({**others, name: graded}), graded)


def _rule_for(published: Mapping[str, Splits]) -> str:
    leading = [published[FOLDER]] if FOLDER in published else published.values()
    return choose([splits["val"] for splits in leading])


def _add(folder: Path, rule: str, graded: Splits) -> Written:
    card = _card(folder)
    answer = rounded(describe(rule, **graded))
    changed = not same_but_for_rounding(card.get("answer"), answer)
    if changed:
        card["answer"] = answer
        replace_file(folder / "card.json", json.dumps(card, indent=2) + "\n")
    return Written(AnswerRule(rule, LEVEL, card["answer"]["set"]["threshold"]), changed)


def rounded(content: Any) -> Any:
    """Return what JSON can hold, its fractions to `DECIMALS`."""
    if isinstance(content, dict):
        return {name: rounded(part) for name, part in content.items()}
    if isinstance(content, list | tuple):
        return [rounded(part) for part in content]
    return round(content, DECIMALS) if isinstance(content, float) else content


def same_but_for_rounding(kept: Any, new: Any) -> bool:
    """Return whether what a card says is what it would say, up to two units of `DECIMALS`."""
    if isinstance(kept, dict) and isinstance(new, dict):
        same = (same_but_for_rounding(kept[name], new[name]) for name in kept.keys() & new.keys())
        return list(kept) == list(new) and all(same)
    if isinstance(kept, list) and isinstance(new, list):
        return len(kept) == len(new) and all(map(same_but_for_rounding, kept, new))
    if isinstance(kept, float) and isinstance(new, float):
        return abs(kept - new) <= 2 * 10**-DECIMALS
    return type(kept) is type(new) and kept == new


def _card(folder: Path) -> dict[str, Any]:
    return read_versioned(folder / "card.json", schema.VERSION, "a card", error=ModelError)


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
    answering = AnswerRule(rule, LEVEL, threshold)
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
        "coverage": {name: _coverage(split, answering) for name, split in splits.items()},
        "confusion": confusion.tolist(),
        "predictive_values": [value and asdict(value) for value in record],
    }


def _coverage(graded: Graded, rule: AnswerRule) -> dict[str, Any]:
    grade_sets = rule.sets(graded.probabilities)
    coverage = conformal.coverage(grade_sets, graded.grades, graded.patient_ids)
    estimates = {
        name: {end: _number(value) for end, value in asdict(estimate).items()}
        for name, estimate in (("covered", coverage.covered), ("width", coverage.width))
    }
    return estimates | {"by_grade": [_number(value) for value in coverage.by_grade]}


def _number(value: float) -> float | None:
    """JSON has no NaN: what these films do not tell is none."""
    return value if isfinite(value) else None


def _read(file: Path) -> Splits:
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
