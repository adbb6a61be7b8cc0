"""A fitted network -> its run folder."""

import hashlib
import json
import platform
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from kneeoa import results
from train.config import TrainConfig
from train.dataset import Films, counts, split_hash
from train.fit import Fitted, predict


def run_id(config: TrainConfig, hash_of_split: str) -> str:
    """Return a name that follows from the config and the split alone."""
    described = json.dumps(config.as_dict() | {"init": Path(config.init).name}, sort_keys=True)
    digest = hashlib.sha256(f"{described}{hash_of_split}".encode()).hexdigest()
    return f"{config.architecture}-seed{config.seed}-{digest[:8]}"


def record_run(
    results_folder: Path,
    config: TrainConfig,
    fitted: Fitted,
    splits: dict[str, Films],
    *,
    ungraded: dict[str, Films] | None = None,
) -> Path:
    """Write the run of `fitted`, with predictions on val, test and each of `ungraded`."""
    predicted_on = {name: splits[name] for name in ("val", "test")} | (ungraded or {})
    predictions = pd.concat(
        [
            results.predictions_table(
                films.image_ids,
                films.patient_ids,
                name,
                films.grades,
                predict(fitted.network, films),
            )
            for name, films in predicted_on.items()
        ]
    )
    hash_of_split = split_hash(splits)
    with tempfile.TemporaryDirectory() as scratch:
        model_file = Path(scratch) / "model.keras"
        fitted.network.save(model_file)
        record = results.RunRecord(
            run_id=run_id(config, hash_of_split),
            architecture=config.architecture,
            seed=config.seed,
            # The file's name is the fact; where it lay on this machine is nobody's business.
            config=config.as_dict() | {"init": Path(config.init).name},
            initialisation=asdict(fitted.initialisation),
            split_hash=hash_of_split,
            counts=counts(splits),
            model_sha256=hashlib.sha256(model_file.read_bytes()).hexdigest(),
            best_epoch=fitted.best_epoch,
            stopped_because=fitted.stopped_because,
            seconds=round(fitted.seconds, 1),
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            device=device(),
            libraries={
                "python": platform.python_version(),
                "keras": keras.__version__,
                keras.backend.backend(): version(keras.backend.backend()),
                "numpy": np.__version__,
            },
        )
        history = pd.DataFrame(fitted.history)
        return results.write_run(results_folder, record, history, predictions, model_file)


def device() -> str:
    """Return what trained, for example ``cpu`` or ``gpu:0, gpu:1``."""
    return ", ".join(keras.distribution.list_devices("gpu")) or "cpu"
