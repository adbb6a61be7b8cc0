"""Options of the command line -> configs, films and machine."""

import argparse
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kneeoa.data.source import Source
from kneeoa.errors import ConfigError
from kneeoa.networks import ARCHITECTURES, Architecture
from train.commands.settings import SETTABLE
from train.config import TrainConfig, preset, tuned


def configs_of(
    options: Namespace, architectures: Sequence[Architecture]
) -> dict[Architecture, TrainConfig]:
    """Return the config of each architecture: preset or tuned, with what the options change."""
    changes = {name: getattr(options, name) for name in SETTABLE}
    changes = {name: value for name, value in changes.items() if value is not None}
    if table := changes.get("soft_targets"):
        if not Path(table).is_file():
            raise ConfigError(
                f"Expected --soft-targets to be a table of predictions. Found no {table}."
            )
        changes["soft_targets"] = str(Path(table).absolute())
    configs = {}
    for name in architectures:
        config = preset(options.preset, name)
        if options.preset_from:
            config = tuned(options.out, options.preset_from, name)
        configs[name] = replace(config, init=_init(options, name, config), **changes)
    return configs


def _init(options: argparse.Namespace, architecture: Architecture, config: TrainConfig) -> str:
    given = dict(
        text.split("=", 1) if text.split("=", 1)[0] in ARCHITECTURES else ("", text)
        for text in options.init
    )
    chosen = given.get(architecture, given.get(""))
    if chosen is None:
        chosen = config.init
        if chosen not in ("none", "imagenet"):
            raise ConfigError(
                f"The settings were tuned from the starting weights {chosen}. Expected them as "
                f"--init {architecture}=FILE, or --init imagenet or none."
            )
    if chosen in ("none", "imagenet"):
        return chosen
    if not Path(chosen).is_file():
        raise ConfigError(
            f"Expected --init to be imagenet, none or a file of starting weights for "
            f"{architecture}. There is no file {chosen}."
        )
    return str(Path(chosen).absolute())


def source_of(options: Namespace) -> Source:
    """Return where the films are."""
    return Source(
        path=options.data,
        split_file=options.split_file,
        resplit=options.resplit,
        ratios=tuple(options.ratios),
        seed=options.split_seed,
        patient_pattern=options.patient_pattern,
        max_unreadable=options.max_unreadable,
        films=options.films,
    )


def machine_options(options: Namespace) -> dict:
    """Return the arguments of `machine.prepare`."""
    return {
        "device": options.device,
        "precision": options.precision,
        "deterministic": not options.nondeterministic,
    }
