"""A finished run -> the published model that the dashboard serves, with its card."""

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
import onnx
import pandas as pd

from kneeoa.data.arrays import Films
from kneeoa.errors import DataError, ModelError
from kneeoa.files import whole_folder
from kneeoa.graders.cards import schema
from kneeoa.graders.cards.digest import sha256_of
from kneeoa.graders.grading import Grader
from kneeoa.graders.serving import Answers
from kneeoa.grades import GRADES
from kneeoa.metrics import agreement, bootstrap, calibration
from kneeoa.networks import Architecture
from kneeoa.records import results, studies
from train.publish import answer, members
from train.publish.export import round_to_storage, to_onnx
from train.run.batches import predict
from train.run.record import check_trained_on, load_network

PARITY = 1e-4
"""Largest allowed difference in probability between Keras and the exported file."""


def choose_run(
    results_folder: Path, architecture: Architecture, run_id: str, hash_of_split: str
) -> Path:
    """Return the run folder named `run_id`, or for ``"best"`` the best one on validation films.

    Best is as in `studies.best_run`, out of the runs on this split whose model was kept.
    """
    runs = results_folder / "runs"
    if run_id != "best":
        if not (runs / run_id).is_dir():
            raise DataError(f"Expected the run {run_id} in {runs}. There is none of that name.")
        if (received := results.read_record(runs / run_id).architecture) != architecture:
            raise DataError(f"Expected a run of {architecture}. {run_id} is of {received}.")
        return runs / run_id
    runs_read, _ = studies.read_all_runs(results_folder)
    candidates = [
        run
        for run in runs_read
        if run.record.architecture == architecture and run.record.split_hash == hash_of_split
    ]
    if not candidates:
        raise DataError(
            f"Expected finished runs of {architecture} on this split in {runs}. Found none."
        )
    kept = [run for run in candidates if (run.folder / results.MODEL).exists()]
    if not kept:
        raise DataError(
            f"Expected a run of {architecture} whose model was kept. None of {len(candidates)} "
            "was: train with --keep best or --keep all."
        )
    best = studies.best_run(kept)
    assert best is not None
    return best.folder


def publish(
    run: Path, splits: dict[str, Films], data: dict, models: Path, *, with_keras: bool = False
) -> Path:
    """Export the run's network, measure the exported file, and put both in their place.

    `data` describes the data set for the card (name, source, licence). The metrics on the card are
    of the exported file itself, computed anew on validation and test films, with the temperature
    that is fitted on the validation films. The file holds the Keras network bit by bit (see
    `published.load_keras`); `with_keras` writes it as ``model.keras``, too. Both networks together,
    if they are published, stay what they are. Raises `ModelError` when file and Keras network
    differ by more than `PARITY` in any validation probability, and `DataError` when the films are
    not the split that the run was trained on.
    """
    record = results.read_record(run)
    check_trained_on(record, splits, run.parent.parent)
    folder = models / record.architecture
    others = answer.read_published(models, but=record.architecture)
    with whole_folder(folder, replace=True) as beside:
        file = beside / "model.onnx"
        network, difference = export(run, file, splits["val"])
        grader = Grader(file)
        answers = {name: grader.grade_arrays(splits[name].images) for name in ("val", "test")}
        if with_keras:
            network.save(beside / "model.keras")
        temperature = calibration.fit_temperature(
            answers["val"].probabilities, splits["val"].grades
        )
        probabilities = {
            name: calibration.recalibrate(answer.probabilities, temperature)
            for name, answer in answers.items()
        }
        digest = sha256_of(file)
        card = {
            "schema_version": schema.VERSION,
            "architecture": record.architecture,
            "model_sha256": digest,
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
            "parity_with_keras": difference,
            "calibration": {
                "method": "temperature, fitted on the validation films (Guo et al. 2017)",
                "temperature": temperature,
            },
            "evidence_scale": _evidence_scale(answers["val"]),
            "metrics": {
                name: measure(splits[name], values) for name, values in probabilities.items()
            },
        }
        (beside / "card.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
        results.write_predictions(beside / "predictions.csv", predictions_of(splits, probabilities))
        answer.add(beside, record.architecture, others)
        schema.network_card(beside / "card.json")
        members.keep_member(models, record.architecture, replaced_by=digest)
    answer.write(models)
    return folder


def export(run: Path, file: Path, val: Films) -> tuple[keras.Model, float]:
    """Write the run's network to the ONNX `file`; return it as rounded, and how far both differ.

    Raises `ModelError` when any probability of a validation film differs by more than `PARITY`.
    """
    network = load_network(run)
    round_to_storage(network)
    onnx.save(to_onnx(network), file)
    exported = Grader(file).grade_arrays(val.images).probabilities
    difference = float(np.abs(exported - predict(network, val)).max())
    if difference > PARITY:
        raise ModelError(
            f"Expected the exported file to give the probabilities of the Keras network within "
            f"{PARITY}. They differ by {difference:.2g}."
        )
    return network, difference


def measure(films: Films, probabilities: np.ndarray) -> dict:
    """Return what a card says of ``probabilities (N, 5)`` on graded films.

    Raises `DataError` where these films give no number for a metric, which a card must have.
    """
    confusion = agreement.confusion_matrix(films.grades, probabilities.argmax(axis=1))
    rows = bootstrap.measured(films.grades, probabilities, films.patient_ids)
    if none := [row["metric"] for row in rows if not math.isfinite(row["value"])]:
        grades = ", ".join(f"KL {grade}" for grade in sorted(set(films.grades.tolist())))
        raise DataError(
            f"Expected validation and test films that every metric can be computed on. "
            f"{none[0]} cannot on these {len(films)} of {grades} alone: give films of more grades, "
            "or split anew."
        )
    return {
        "knees": rows[0]["knees"],
        "patients": rows[0]["patients"],
        "values": {row["metric"]: row["value"] for row in rows},
        "intervals_95": {
            # No number where these films bear no interval: JSON has no NaN.
            row["metric"]: [
                end if math.isfinite(end) else None for end in (row["low"], row["high"])
            ]
            for row in rows
            if row["metric"] not in agreement.NO_INTERVAL
        },
        "confusion": confusion.tolist(),
        "predictive_values": [
            value and asdict(value)
            for value in (agreement.predictive_value(confusion, grade) for grade in GRADES)
        ],
    }


def _evidence_scale(answers: Answers) -> float:
    """99th percentile, over validation films, of the strongest evidence for the predicted grade.

    It fixes the top of the Grad-CAM colour scale, so that weak evidence looks weak on every film.
    """
    predicted = answers.probabilities.argmax(axis=1)
    strongest = answers.evidence[np.arange(len(predicted)), :, :, predicted].max(axis=(1, 2))
    return float(np.percentile(strongest, 99))


def predictions_of(splits: dict[str, Films], probabilities: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return the probabilities of several splits in the columns of ``predictions.csv``."""
    return pd.concat(
        [
            results.predictions_table(
                splits[name].image_ids,
                splits[name].patient_ids,
                name,
                splits[name].grades,
                values,
            )
            for name, values in probabilities.items()
        ]
    )
