"""A run and the weights that it went on from -> the run of their mean.

Fine-tuning for harder films costs some of what a network knew; on the straight line between the
weights before and after, much of both is had at once (Wortsman et al. 2022, WiSE-FT). That needs
weights of one lineage: the mean of runs that began apart is worse than either.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from kneeoa.data.arrays import Films
from kneeoa.errors import ConfigError, DataError
from kneeoa.files import read_table
from kneeoa.graders import architectures
from kneeoa.records import results
from train.quiet import without_greetings
from train.run.record import check_trained_on, load_network, predictions_on, write_run_of
from train.run.start import digest_of


def between(
    run: Path,
    start: Path,
    start_share: float,
    splits: dict[str, Films],
    *,
    ungraded: dict[str, Films] | None = None,
) -> Path:
    """Write the run whose every weight is ``start_share * start + (1 - start_share) * run``.

    `start` is the ``.onnx`` or ``.keras`` file that `run` went on from, `start_share` lies between
    0 and 1. The new folder stands beside that of `run`, with its history, and predictions of its
    own on validation, test and `ungraded` films. Raises `ConfigError` on another share, `DataError`
    when the run is damaged, did not go on from `start` or was of another split, `ModelError` when
    `start` is unreadable.
    """
    if not 0 < start_share < 1:
        raise ConfigError(f"Expected a share between 0 and 1. Received: {start_share:g}.")
    record = results.read_record(run)
    epochs = read_table(run / "history.csv", ("epoch", "val_loss"), numbers=("epoch",))
    _check_went_on_from(start, record)
    check_trained_on(record, splits, run.parent.parent)
    with without_greetings():
        before = architectures.grader_arrays(
            start, standardise=bool(record.config.get("standardise"))
        )
    named = f"{record.model_sha256} {start_share:g} {_hash_of(before)}"
    digest = hashlib.sha256(named.encode()).hexdigest()
    new = f"{record.architecture}-seed{record.seed}-{digest[:8]}"
    results.check_absent(run.parent.parent, new)
    network = load_network(run)
    architectures.assign_all(
        network, _mean_of(architectures.weight_arrays(network), before, start_share)
    )
    predictions = predictions_on(network, splits, ungraded)
    mean = replace(
        record,
        run_id=new,
        config=record.config | {"start_share": start_share, "mean_of": record.run_id},
        model_sha256=architectures.weights_hash(network),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        keep="all",
    )
    return write_run_of(network, run.parent.parent, mean, epochs, predictions)


def _check_went_on_from(start: Path, record: results.RunRecord) -> None:
    """Tell files by what is in them; runs of earlier versions know the name alone."""
    if not start.is_file():
        raise DataError(f"Expected the trained weights to start from. There is no file {start}.")
    known, name = record.initialisation.get("sha256"), str(record.config.get("init", ""))
    same = digest_of(str(start)) == known if known else start.name == name
    if not same or start.suffix not in architectures.GRADERS:
        other = ", with another SHA-256" if start.name == name else ""
        raise DataError(
            f"Expected the trained weights that {record.run_id} went on from. "
            f"It went on from {name}; received: {start.name}{other}."
        )


def _mean_of(
    after: dict[str, np.ndarray], before: dict[str, np.ndarray], before_share: float
) -> dict[str, np.ndarray]:
    """Sum in double precision; raise `DataError` where these are no weights of one network."""
    if {k: a.shape for k, a in after.items()} != {k: a.shape for k, a in before.items()}:
        raise DataError(
            "Expected the trained weights that the run went on from. These are of another network."
        )
    return {
        key: (before_share * before[key].astype(float) + (1 - before_share) * array).astype(
            np.float32
        )
        for key, array in after.items()
    }


def _hash_of(arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for key in sorted(arrays):
        digest.update(arrays[key].tobytes())
    return digest.hexdigest()
