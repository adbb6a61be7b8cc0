"""What a run begins with, where that is a file: which one it is, among all of its name.

Published weights are all called ``model.onnx``; what tells them apart is their SHA-256, and what
they learnt from stands on the card beside them.
"""

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kneeoa.errors import ModelError
from kneeoa.graders.cards import schema
from train.config import TrainConfig

CARD = "card.json"
"""What stands beside published weights."""


def facts_of(config: TrainConfig) -> dict[str, str]:
    """Return what is known of the files of a config, for the record of a run.

    ``sha256`` of the starting weights, ``soft_targets_sha256``; and of published weights ``run_id``
    and ``split_hash``, as their card says. What is no file leaves no trace.
    """
    facts = {
        "sha256": digest_of(config.init),
        "soft_targets_sha256": digest_of(config.soft_targets),
    }
    if card := card_of(config.init):
        facts |= {"run_id": card["run_id"], "split_hash": card["split_hash"]}
    return {name: fact for name, fact in facts.items() if fact}


def card_of(init: str) -> dict[str, Any] | None:
    """Return the card beside published starting weights, or None where there is none of theirs."""
    file = Path(init)
    card = file.with_name(CARD)
    if file.suffix != ".onnx" or not card.is_file():
        return None
    try:
        content = schema.network_card(card)
    except ModelError:
        return None
    return content if content["model_sha256"] == digest_of(init) else None


def warnings_of(configs: Iterable[TrainConfig], split_hash: str) -> list[str]:
    """Return what `warning_of` says of each config, where it says something."""
    return [*filter(None, (warning_of(config, split_hash) for config in configs))]


def warning_of(config: TrainConfig, split_hash: str) -> str:
    """Return a sentence where the starting weights learnt from another split, else nothing."""
    card = card_of(config.init)
    if card is None or card["split_hash"] == split_hash:
        return ""
    return (
        f"The weights that {config.architecture} goes on from ({card['run_id']}) were trained on "
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
    with Path(file).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
