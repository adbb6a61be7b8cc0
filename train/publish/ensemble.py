"""Finished runs of both networks -> the published ensemble, chosen on validation films alone."""

import itertools
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from kneeoa.data.arrays import Films, split_hash
from kneeoa.errors import DataError
from kneeoa.files import whole_folder
from kneeoa.graders import together
from kneeoa.graders.cards import schema
from kneeoa.graders.cards.digest import sha256_of
from kneeoa.graders.grading import Ensemble, Grader
from kneeoa.graders.published import PublishedModel, find_model
from kneeoa.metrics import calibration
from kneeoa.networks import ARCHITECTURES, INPUT_SIDE, Architecture, pair_of
from kneeoa.records import lineage, results, studies
from train.publish import answer
from train.publish.network import export, measure, predictions_of


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A run that may join: its exported file, and what it says of the validation films.

    `answers` is (2, N, 5): film and mirror image; `loss` the cross-entropy of their mean,
    `milliseconds` the time for one film both ways.
    """

    architecture: Architecture
    run_id: str
    file: Path
    model_sha256: str
    temperature: float
    answers: np.ndarray
    loss: float
    milliseconds: float


def publish_together(
    results_folder: Path,
    splits: dict[str, Films],
    data: dict,
    models: Path,
    *,
    limit_ms: float = 100,
    limit_mb: float = 90,
) -> Path:
    """Publish the ensemble with the lowest validation loss out of the runs whose model was kept.

    Of each network the runs join in the order of their validation loss. `limit_ms` is the time for
    one knee, `limit_mb` the size of all published models in 10^6 bytes. Raises `DataError` when the
    published networks are of another split, and when no ensemble beats each of them alone, in loss
    and accuracy on the validation films.
    """
    folder = models / together.FOLDER
    alone = [find_model(name, models) for name in ARCHITECTURES]
    _expect_split(alone, split_hash(splits), models)
    others = answer.read_published(models, but=together.FOLDER)
    with whole_folder(folder, replace=True) as beside:
        candidates = _candidates(results_folder, splits, beside)
        published = {model.weights_hash: model.architecture for model in alone}
        room = 1e6 * limit_mb - sum(model.file.stat().st_size for model in alone)
        val = splits["val"]
        limit = limit_ms
        while True:
            best = choose(candidates, val.grades, published, limit_ms=limit, room=room)
            described = [_described(candidate, published) for candidate in best]
            ensemble, temperature = _assembled(best, described, val.grades, models)
            milliseconds = _milliseconds(ensemble)
            if milliseconds <= limit_ms:
                break
            # Together they are slower than one by one: take the best of those that are quicker.
            limit = 0.999 * sum(candidate.milliseconds for candidate in best)
        probabilities = {n: ensemble.grade_arrays(splits[n].images) for n in ("val", "test")}
        _expect_better(probabilities["val"], val, models)
        card = {
            "schema_version": schema.VERSION,
            "members": described,
            "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "milliseconds": round(milliseconds, 1),
            "data": data,
            "split_hash": split_hash(splits),
            "calibration": {
                "method": "temperature, fitted on the validation films (Guo et al. 2017)",
                "temperature": temperature,
            },
            "metrics": {n: measure(splits[n], values) for n, values in probabilities.items()},
        }
        (beside / "card.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
        results.write_predictions(beside / "predictions.csv", predictions_of(splits, probabilities))
        answer.add(beside, together.FOLDER, others)
        schema.together_card(beside / "card.json")
        for candidate in candidates:
            if candidate not in best or candidate.model_sha256 in published:
                candidate.file.unlink()
    answer.write(models)
    return folder


def choose(
    candidates: list[Candidate],
    grades: np.ndarray,
    published: dict[str, Architecture],
    *,
    limit_ms: float,
    room: float,
) -> list[Candidate]:
    """Return the members with the lowest cross-entropy on the validation films.

    `room` is in bytes; members that are in `published` already, by hash, take none.
    """
    ranked = {
        name: sorted((c for c in candidates if c.architecture == name), key=lambda c: c.loss)
        for name in ARCHITECTURES
    }
    options = []
    for counts in itertools.product(*(range(1, len(ranked[name]) + 1) for name in ARCHITECTURES)):
        members = [
            c for name, n in zip(ARCHITECTURES, counts, strict=True) for c in ranked[name][:n]
        ]
        size = sum(c.file.stat().st_size for c in members if c.model_sha256 not in published)
        if size > room or sum(c.milliseconds for c in members) > limit_ms:
            continue
        weights = np.repeat([1 / (len(counts) * n) for n in counts], counts)
        mean = together.combine(np.stack([c.answers for c in members]), weights)
        temperature = calibration.fit_temperature(mean, grades)
        loss = calibration.cross_entropy(grades, calibration.recalibrate(mean, temperature))
        options.append((loss, len(members), members))
    if not options:
        raise DataError(
            "Expected runs of both networks whose models were kept and fit the limits of time and "
            "size. Found none: train with --keep all, or raise the limits."
        )
    return min(options, key=lambda option: option[:2])[2]


def _candidates(results_folder: Path, splits: dict[str, Films], folder: Path) -> list[Candidate]:
    hash_of_split = split_hash(splits)
    lineage.check(results_folder, hash_of_split, lineage.of_films(splits))
    runs, _ = studies.read_all_runs(results_folder)
    candidates = []
    for run in runs:
        if run.record.split_hash != hash_of_split or not (run.folder / results.MODEL).exists():
            continue
        (architecture,) = pair_of([run.record.architecture])
        file = folder / f"{run.record.run_id}.onnx"
        export(run.folder, file, splits["val"])
        val = splits["val"]
        seen = together.both_ways(val.images)
        raw = Grader(file).grade_arrays(seen).probabilities.reshape(2, len(val), -1)
        temperature = calibration.fit_temperature(raw[0], val.grades)
        answers = np.stack([calibration.recalibrate(view, temperature) for view in raw])
        candidates.append(
            Candidate(
                architecture,
                run.record.run_id,
                file,
                sha256_of(file),
                temperature,
                answers,
                calibration.cross_entropy(val.grades, answers.mean(axis=0)),
                _milliseconds(Grader(file), films=2),
            )
        )
    return candidates


def _assembled(
    best: Sequence[Candidate],
    described: list[dict[str, Any]],
    grades: np.ndarray,
    models: Path,
) -> tuple[Ensemble, float]:
    members = [
        replace(member, file=candidate.file)
        for member, candidate in zip(together.members_of(described, models), best, strict=True)
    ]
    weights = np.array([member.weight for member in members])
    mean = together.combine(np.stack([candidate.answers for candidate in best]), weights)
    temperature = calibration.fit_temperature(mean, grades)
    return Ensemble(members, temperature=temperature), temperature


def _described(candidate: Candidate, published: Mapping[str, str]) -> dict[str, Any]:
    """Return the member for the card; one that is published by itself is not stored twice."""
    if candidate.model_sha256 in published:
        file = f"{published[candidate.model_sha256]}/model.onnx"
    else:
        file = f"{together.FOLDER}/{candidate.file.name}"
    return {
        "architecture": candidate.architecture,
        "run_id": candidate.run_id,
        "file": file,
        "model_sha256": candidate.model_sha256,
        "temperature": candidate.temperature,
    }


def _expect_split(alone: Sequence[PublishedModel], expected: str, models: Path) -> None:
    """Refuse networks whose figures are of other films, which compare with nothing here."""
    for model in alone:
        if model.card["split_hash"] != expected:
            raise DataError(
                f"Expected networks of this split in {models}, which both together are compared "
                f"with. The {model.architecture} there was trained on another split or other "
                "films: publish both networks of this one first, or name another folder with "
                "--models."
            )


def _expect_better(probabilities: np.ndarray, val: Films, models: Path) -> None:
    ours = calibration.cross_entropy(val.grades, probabilities)
    accuracy = float((probabilities.argmax(axis=1) == val.grades).mean())
    for name in ARCHITECTURES:
        table = results.read_predictions(models / name / "predictions.csv")
        table = table[table["split"] == "val"]
        alone = table[results.PROBABILITY_COLUMNS].to_numpy()
        grades = table["true_grade"].to_numpy(int)
        loss = calibration.cross_entropy(grades, alone)
        right = float((alone.argmax(axis=1) == grades).mean())
        if ours >= loss or accuracy <= right:
            raise DataError(
                f"Expected both networks together to be better than each alone on the validation "
                f"films. Received: loss {ours:.3f} and accuracy {accuracy:.3f}, {name} alone "
                f"{loss:.3f} and {right:.3f}. Nothing was published."
            )


def _milliseconds(grader: Grader | Ensemble, *, films: int = 1) -> float:
    """Return the median time for `films` films on this machine."""
    images = np.zeros((films, INPUT_SIDE, INPUT_SIDE), np.float32)
    times = []
    for _ in range(15):
        started = time.perf_counter()
        grader.grade_arrays(images)
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)
