"""What a run is called, which follows from what it is; without anything that imports Keras."""

import hashlib
import json
from pathlib import Path

from kneeoa.networks import Architecture
from kneeoa.records import results
from train.config import TrainConfig
from train.run.start import digest_of

FILES = ("init", "soft_targets")
"""Fields of the config that may name a file."""


def run_id(config: TrainConfig, hash_of_split: str) -> str:
    """Return a name that follows from the config, the files it names and the split alone.

    A setting at its default leaves no trace, so that a new option renames no old run.
    """
    files = {_stored(name): _identity(getattr(config, name)) for name in FILES}
    settings = without_defaults(config.architecture, config.as_dict())
    described = json.dumps(settings | {n: v for n, v in files.items() if v}, sort_keys=True)
    digest = hashlib.sha256(f"{described}{hash_of_split}".encode()).hexdigest()
    return f"{config.architecture}-seed{config.seed}-{digest[:8]}"


def without_defaults(architecture: Architecture, settings: dict) -> dict:
    """Return those of the settings of a config that are not at their default."""
    default = TrainConfig(architecture).as_dict()
    return {name: value for name, value in settings.items() if value != default[name]}


def shown_config(config: TrainConfig) -> dict:
    """Return the config for the record.

    The names of the files are the facts; where they lay is nobody's business.
    """
    return config.as_dict() | {_stored(name): Path(getattr(config, name)).name for name in FILES}


def _stored(name: str) -> str:
    return results.STORED_AS.get(name, name)


def _identity(named: str) -> str:
    """Tell two files of the same name apart."""
    digest = digest_of(named)
    return f"{Path(named).name}:{digest}" if digest else named
