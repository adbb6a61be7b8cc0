"""Options that several commands have in common, and the configs and films that they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar
from typing import get_type_hints as types_of

from kneeoa.data.source import Source
from kneeoa.errors import ConfigError
from kneeoa.networks import ARCHITECTURES, Architecture
from train.commands.from_fields import meanings, option
from train.config import Count, Preset, Seed, TrainConfig, preset, tuned
from train.machine import Device, Precision

Absolute = Annotated[Path, Path.absolute]
"""Because a machine of a cluster works in another folder."""


@dataclass(frozen=True, kw_only=True)
class Films:
    """Where the films are, and who is in which split."""

    TITLE = "films"

    data: Path = option("DIR|CSV")
    split_file: Absolute | None = option("CSV", "who is where", None)
    resplit: bool = option(None, "split anew, whatever folders or CSV say", False)
    ratios: tuple[float, float, float] = option(
        ("TRAIN", "VAL", "TEST"), "how patients are split, where they are not", (70, 15, 15)
    )
    split_seed: Seed = option("SEED", "of a split that is drawn", 0)
    patient_pattern: str | None = option("REGEX", "of file names, with a group named patient", None)
    max_unreadable: float = option("SHARE", "of the films that may be left out", 0.01)
    films: Count | None = option("N", "rehearse on N films of a split", None)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What is trained on."""

    TITLE = "machine"

    device: Device = option(None, "by default auto: a GPU where there is one", "auto")
    precision: Precision = option(None, "by default auto: what is fast on it", "auto")
    nondeterministic: bool = option(None, "faster on GPUs; a seed may then vary", False)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Many machines."""

    TITLE = "many machines (Ray)"

    cluster: str | None = option("auto|ADDRESS", "train on a Ray cluster that runs", None)
    cpus_per_run: Count = option("N", "cores of a machine of it that each cycle gets", 4)


@dataclass(frozen=True, kw_only=True)
class Mixed:
    """Whether what belongs together may be trained under unlike backends and precisions."""

    mixed: bool = option(
        None, "go on under another backend or precision than it was begun with", False
    )


@dataclass(frozen=True, kw_only=True)
class Predict:
    """What is predicted besides the splits."""

    predict: tuple[Absolute, ...] = option(
        "DIR", "also predict these folders of films without grades", ()
    )


class Changes(dict[str, Any]):
    """What is given of the settings of a config; four fields have options of their own."""

    TITLE = "settings of the preset"
    ABOUT = "What is not given is as the preset says: train/config.py, docs/recipe.md."
    TYPES: ClassVar = {
        field.name: types_of(TrainConfig, include_extras=True)[field.name]
        for field in fields(TrainConfig)
        if field.name not in ("architecture", "init", "preset", "seed")
    }

    @staticmethod
    def meanings() -> dict[str, str]:
        """Return what each setting is."""
        return meanings(TrainConfig)


@dataclass(frozen=True, kw_only=True)
class Training(Machine, Films):
    """What a command that trains has to know."""

    data: Absolute = option("DIR|CSV")
    out: Absolute = option("RESULTS", "the folder of results, which dashboard and tables read")
    preset: Preset = option(None, "the recipe that the settings start from", "paper")
    preset_from: tuple[str, ...] = option("STUDY", "the best of a tuning study", ())
    init: tuple[str, ...] = option(
        "[NETWORK=]FILE",
        "starting weights: imagenet, which Keras downloads (the default, but of smoke), none, or a "
        "file (mobilenet=m.npz resnet50=r.npz)",
        (),
    )
    changes: Changes


def configs_of(
    options: Training, architectures: Sequence[Architecture]
) -> dict[Architecture, TrainConfig]:
    """Return the config of each architecture: preset or tuned, with what the options change."""
    changes = dict(options.changes)
    if table := changes.get("soft_targets"):
        if not Path(table).is_file():
            raise ConfigError(
                f"Expected --soft-targets to be a table of predictions. Found no {table}."
            )
        changes["soft_targets"] = str(Path(table).absolute())
    starts = _starts(options, architectures)
    configs = {}
    for name in architectures:
        config = preset(options.preset, name)
        if options.preset_from:
            config = tuned(options.out, options.preset_from, name)
            if config.soft_targets and "soft_targets" not in changes:
                raise ConfigError(
                    f"The settings were tuned with the soft targets {config.soft_targets}. "
                    "Expected them as --soft-targets FILE."
                )
        configs[name] = replace(config, init=_init(starts, name, config), **changes)
    return configs


def _starts(options: Training, architectures: Sequence[Architecture]) -> dict[str, str]:
    """Return what ``--init`` says of each network, and under an empty name of all others."""
    given: dict[str, str] = {}
    for text in options.init:
        name, equals, file = text.partition("=")
        name, file = (name, file) if equals and name in ARCHITECTURES else ("", text)
        if name in given:
            raise ConfigError(
                f"Expected one --init for {name or 'all networks'}. Received {given[name]} and "
                f"{file}: give each network its own as NETWORK=FILE."
            )
        given[name] = file
    if strangers := sorted(given.keys() - {"", *architectures}):
        raise ConfigError(
            f"Expected --init for {' and '.join(architectures)}, which is what is trained. "
            f"Received one for {strangers[0]}."
        )
    return given


def _init(given: Mapping[str, str], architecture: Architecture, config: TrainConfig) -> str:
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


def source_of(options: Films) -> Source:
    """Return where the films are."""
    return Source(
        path=options.data,
        split_file=options.split_file,
        resplit=options.resplit,
        ratios=options.ratios,
        seed=options.split_seed,
        patient_pattern=options.patient_pattern,
        max_unreadable=options.max_unreadable,
        films=options.films,
    )


def machine_options(options: Machine) -> dict[str, Any]:
    """Return the arguments of `machine.prepare`."""
    return {
        "device": options.device,
        "precision": options.precision,
        "deterministic": not options.nondeterministic,
    }
