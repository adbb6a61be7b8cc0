"""A finished run -> the published model that the dashboard serves, with its card."""

import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
import onnx
import pandas as pd

from kneeoa import agreement, results
from kneeoa.errors import DataError, ModelError
from kneeoa.grades import GRADES
from kneeoa.grading import Grader
from kneeoa.networks import Architecture
from kneeoa.published import CARD_SCHEMA_VERSION
from train.dataset import Films, split_hash
from train.export import round_to_storage, to_onnx
from train.fit import predict

PARITY = 1e-4
"""Largest allowed difference in probability between Keras and the exported file."""


def choose_run(
    results_folder: Path, architecture: Architecture, run_id: str, hash_of_split: str
) -> Path:
    """Return the run folder named `run_id`, or for ``"best"`` the best one on validation films.

    Best is the lowest cross-entropy of the validation predictions, which compares runs of any
    label smoothing. Runs of another split do not take part.
    """
    runs = results_folder / "runs"
    if run_id != "best":
        return runs / run_id
    candidates = {
        file.parent: _validation_loss(file.parent)
        for file in sorted(runs.glob("*/run.json"))
        if (record := results.read_record(file.parent)).architecture == architecture
        and record.split_hash == hash_of_split
    }
    if not candidates:
        raise DataError(
            f"Expected finished runs of {architecture} on this split in {runs}. Found none."
        )
    return min(candidates, key=candidates.get)


def _validation_loss(run):
    table = results.read_predictions(run / "predictions.csv")
    val = table[table["split"] == "val"]
    probabilities = val[results.PROBABILITY_COLUMNS].to_numpy()
    chosen = probabilities[np.arange(len(val)), val["true_grade"].to_numpy(int)]
    return float(-np.log(np.maximum(chosen, 1e-7)).mean())


def publish(run: Path, splits: dict[str, Films], data: dict, models: Path) -> Path:
    """Export the run's network, measure the exported file, and put both in their place.

    `data` describes the data set for the card (name, source, licence). The metrics on the card are
    of the exported file itself, computed anew on validation and test films. Raises `ModelError`
    when file and Keras network differ by more than `PARITY` in any validation probability, and
    `DataError` when the films are not the split that the run was trained on.
    """
    record = results.read_record(run)
    if (received := split_hash(splits)) != record.split_hash:
        raise DataError(
            f"Expected the split that {record.run_id} was trained on "
            f"({record.split_hash[:12]}...). Received: {received[:12]}.... "
            "Its test films may have been trained on."
        )
    network = keras.saving.load_model(run / "model.keras", compile=False)
    round_to_storage(network)
    models.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{record.architecture}.", dir=models))
    try:
        file = beside / "model.onnx"
        onnx.save(to_onnx(network), file)
        grader = Grader(file)
        answers = {name: grader.grade_arrays(splits[name].images) for name in ("val", "test")}
        difference = np.abs(answers["val"].probabilities - predict(network, splits["val"])).max()
        if difference > PARITY:
            raise ModelError(
                f"Expected the exported file to give the probabilities of the Keras network within "
                f"{PARITY}. They differ by {difference:.2g}."
            )
        card = {
            "schema_version": CARD_SCHEMA_VERSION,
            "architecture": record.architecture,
            "model_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "run_id": record.run_id,
            "trained_at": record.finished_at,
            "seed": record.seed,
            "config": record.config,
            "initialisation": record.initialisation,
            "epochs": len(pd.read_csv(run / "history.csv")),
            "best_epoch": record.best_epoch,
            "stopped_because": record.stopped_because,
            "training_seconds": record.seconds,
            "device": record.device,
            "libraries": record.libraries,
            "data": data,
            "split_hash": record.split_hash,
            "counts": record.counts,
            "parity_with_keras": float(difference),
            "evidence_scale": _evidence_scale(answers["val"]),
            "metrics": {
                name: _measure(splits[name], answer.probabilities)
                for name, answer in answers.items()
            },
        }
        (beside / "card.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
        results.write_predictions(beside / "predictions.csv", _table(splits, answers))
        beside.chmod(0o755)
        return _replace(models / record.architecture, beside)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _measure(films, probabilities):
    confusion = agreement.confusion_matrix(films.grades, probabilities.argmax(axis=1))
    intervals = agreement.patient_intervals(films.grades, probabilities, films.patient_ids)
    return {
        "knees": len(films),
        "patients": len(set(films.patient_ids)),
        "values": agreement.summary(films.grades, probabilities),
        "intervals_95": {name: list(ends) for name, ends in intervals.items()},
        "confusion": confusion.tolist(),
        "predictive_values": [
            value and asdict(value)
            for value in (agreement.predictive_value(confusion, grade) for grade in GRADES)
        ],
    }


def _evidence_scale(answers):
    """99th percentile, over validation films, of the strongest evidence for the predicted grade.

    It fixes the top of the Grad-CAM colour scale, so that weak evidence looks weak on every film.
    """
    predicted = answers.probabilities.argmax(axis=1)
    strongest = answers.evidence[np.arange(len(predicted)), :, :, predicted].max(axis=(1, 2))
    return float(np.percentile(strongest, 99))


def _table(splits, answers):
    return pd.concat(
        [
            results.predictions_table(
                splits[name].image_ids,
                splits[name].patient_ids,
                name,
                splits[name].grades,
                answer.probabilities,
            )
            for name, answer in answers.items()
        ]
    )


def _replace(folder, beside):
    """Put `beside` at `folder`; a reader sees a whole model, or for an instant none."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    beside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return folder
