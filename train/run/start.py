"""What a run begins with, where that is a file: which one it is, among all of its name.

Published weights are all called ``model.onnx``, those of runs ``model.keras``; what tells them
apart is their SHA-256, and what they learnt from stands in the file beside them.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kneeoa.errors import DataError, ModelError
from kneeoa.graders.cards import schema
from kneeoa.graders.cards.digest import sha256_of
from kneeoa.records import results
from train.config import TrainConfig

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class Origin:
    """What trained starting weights came from: run, split, and the `file` beside that says so."""

    run_id: str
    split_hash: str
    file: Path


def facts_of(config: TrainConfig) -> dict[str, str]:
    """Return what is known of the files of a config, for the record of a run.

    ``sha256`` of the starting weights, ``soft_targets_sha256``; and of published weights, and those
    that a run kept, ``run_id`` and ``split_hash``. What is no file leaves no trace.
    """
    facts = {
        "sha256": digest_of(config.init),
        "soft_targets_sha256": digest_of(config.soft_targets),
    }
    if origin := origin_of(config.init):
        facts |= {"run_id": origin.run_id, "split_hash": origin.split_hash}
    return {name: fact for name, fact in facts.items() if fact}


def origin_of(init: str) -> Origin | None:
    """Return what the file beside starting weights says of them, or None where there is none.

    Beside published weights stands their card, beside those of a run its ``run.json``, which
    `expect_weights` holds them against.
    """
    file = Path(init)
    beside = file.with_name("card.json")
    try:
        if file.suffix == ".onnx":
            card = schema.network_card(beside) if beside.is_file() else None
            if card and card["model_sha256"] == digest_of(init):
                return Origin(card["run_id"], card["split_hash"], beside)
        elif file.name == results.MODEL and file.is_file():
            record = file.with_name("run.json")
            if record.is_file():
                run = results.read_record(file.parent)
                return Origin(run.run_id, run.split_hash, record)
            if beside.is_file():
                card = schema.network_card(beside)
                return Origin(card["run_id"], card["split_hash"], beside)
    except (DataError, ModelError):
        return None
    return None


def expect_weights(network: "keras.Model", file: str | Path) -> None:
    """Raise `DataError` where `network`, read from `file`, is not that of the run beside it."""
    record = Path(file).with_name("run.json")
    if Path(file).name != results.MODEL or not record.is_file():
        return
    from kneeoa.graders.architectures import weights_hash

    if weights_hash(network) != results.read_record(record.parent).model_sha256:
        raise DataError(
            f"Expected the model of {record.parent.name}. {file} holds other weights than those "
            "whose hash stands in its run.json."
        )


def warnings_of(configs: Iterable[TrainConfig], split_hash: str) -> list[str]:
    """Return what `warning_of` says of each config, where it says something."""
    return [*filter(None, (warning_of(config, split_hash) for config in configs))]


def warning_of(config: TrainConfig, split_hash: str) -> str:
    """Return a sentence where the starting weights learnt from another split, else nothing."""
    origin = origin_of(config.init)
    if origin is None or origin.split_hash == split_hash:
        return ""
    return (
        f"The weights that {config.architecture} goes on from ({origin.run_id}) were trained on "
        "another split or other films. If any validation or test film here was among those, the "
        "figures of this run are too good."
    )


def digest_of(named: str) -> str:
    """Return the SHA-256 of a file, or an empty text for what is none."""
    if not named or not Path(named).is_file():
        return ""
    facts = Path(named).stat()
    return _digest(named, facts.st_size, facts.st_mtime_ns)


@functools.cache
def _digest(file: str, size: int, changed: int) -> str:
    """Hash a file once for all the cycles that start from it."""
    return sha256_of(Path(file))
