"""A fitted network -> its run folder, and back."""

import platform
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import pandas as pd

import kneeoa
from kneeoa.data.arrays import Films, counts, split_hash
from kneeoa.errors import DataError
from kneeoa.files import says_when_full
from kneeoa.graders import architectures
from kneeoa.graders.architectures import weights_hash
from kneeoa.records import lineage, results
from train.config import TrainConfig
from train.machine import Machine
from train.quiet import without_greetings
from train.run.batches import predict
from train.run.fit import Fitted
from train.run.naming import run_id, shown_config
from train.run.start import expect_weights


def record_run(
    results_folder: Path,
    config: TrainConfig,
    fitted: Fitted,
    splits: dict[str, Films],
    hash_of_split: str,
    *,
    ungraded: dict[str, Films] | None = None,
    machine: Machine | None = None,
    keep: str = "all",
) -> Path:
    """Write the run of `fitted`, with predictions on val, test and each of `ungraded`.

    With `keep` ``none`` its weights are not written.
    """
    machine = machine or Machine()
    predictions = predictions_on(fitted.network, splits, ungraded)
    record = results.RunRecord(
        run_id=run_id(config, hash_of_split),
        architecture=config.architecture,
        seed=config.seed,
        config=shown_config(config),
        initialisation=asdict(fitted.initialisation) | fitted.start,
        split_hash=hash_of_split,
        counts=counts(splits),
        model_sha256=weights_hash(fitted.network),
        best_epoch=fitted.best_epoch,
        stopped_because=fitted.stopped_because,
        seconds=round(fitted.seconds, 1),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        device=machine.kind,
        libraries={
            "python": platform.python_version(),
            "keras": keras.__version__,
            keras.backend.backend(): version(keras.backend.backend()),
            "numpy": np.__version__,
            "kneeoa": kneeoa.__version__,
        },
        precision=machine.precision,
        keep=keep,
    )
    kept = None if keep == "none" else fitted.network
    return write_run_of(kept, results_folder, record, pd.DataFrame(fitted.history), predictions)


def predictions_on(
    network: keras.Model, splits: dict[str, Films], ungraded: dict[str, Films] | None = None
) -> pd.DataFrame:
    """Return what `network` says on val, test and each of `ungraded`, as in ``predictions.csv``."""
    predicted_on = {name: splits[name] for name in ("val", "test")} | (ungraded or {})
    return pd.concat(
        [
            results.predictions_table(
                films.image_ids, films.patient_ids, name, films.grades, predict(network, films)
            )
            for name, films in predicted_on.items()
            if len(films)
        ]
    )


def write_run_of(
    network: keras.Model | None,
    results_folder: Path,
    record: results.RunRecord,
    history: pd.DataFrame,
    predictions: pd.DataFrame,
) -> Path:
    """Write a run folder, with its model where `network` is given.

    Raises `DiskFullError` when there is no room for it.
    """
    with says_when_full(results_folder), tempfile.TemporaryDirectory(prefix="kneeoa-") as scratch:
        model_file = None
        if network is not None:
            model_file = Path(scratch) / results.MODEL
            with without_greetings():  # under PyTorch, too, Keras loads TensorFlow to save
                network.save(model_file)
        return results.write_run(results_folder, record, history, predictions, model_file)


def check_trained_on(
    record: results.RunRecord, splits: dict[str, Films], results_folder: Path
) -> None:
    """Raise `DataError` unless `splits` are what the run of these results was trained on."""
    if (received := split_hash(splits)) != record.split_hash:
        raise DataError(
            f"Expected the split that {record.run_id} was trained on "
            f"({record.split_hash[:12]}...). Received: {received[:12]}.... "
            "Its test films may have been trained on."
        )
    lineage.check(results_folder, record.split_hash, lineage.of_films(splits))


def load_network(run: Path) -> keras.Model:
    """Return the network of a run whose model was kept.

    Raises `DataError` where it was not, or is not the one that ``run.json`` names, and `ModelError`
    where it cannot be read.
    """
    file = run / results.MODEL
    if not file.is_file():
        raise DataError(
            f"Expected the model of {run.name}. It was not kept: run it again with --keep all."
        )
    with without_greetings():
        network = architectures.load_keras(file)
    expect_weights(network, file)
    return network
