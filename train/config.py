"""What one training run is made of: one frozen config, and the presets."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NoReturn, get_type_hints

from msgspec import Meta

from kneeoa.errors import ConfigError, DataError
from kneeoa.networks import ARCHITECTURES, INPUT_SIDE, Architecture
from kneeoa.records import studies
from kneeoa.records.results import STORED_AS
from train.fields import expected, fits

Share = Annotated[float, Meta(ge=0, le=1)]
Part = Annotated[float, Meta(ge=0, lt=1)]
"""A share that is never all."""
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Seed = Annotated[int, Meta(ge=0, lt=2**32)]
"""What all that draws by chance takes."""

_GONE = (("mixup", 0.0), ("erase", 0.0))
"""Settings that there were once, and the value at which they did nothing."""

BLOCKS: dict[str, dict[Architecture, str]] = {
    "conv5": {"mobilenet": "conv_dw_12", "resnet50": "conv5_block1_1_conv"},
    "conv4": {"mobilenet": "conv_dw_6", "resnet50": "conv4_block1_1_conv"},
    "conv3": {"mobilenet": "conv_dw_4", "resnet50": "conv3_block1_1_conv"},
}
"""The first layer at 7 x 7, 14 x 14 and 28 x 28 pixels: depths that both networks have."""

DEPTHS = ("head", *BLOCKS, "all")
"""How deep training may reach, from the linear layer alone to the whole network."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Some epochs with the network trainable from one layer on.

    `from_layer` is one of `DEPTHS` or the name of a layer of the backbone. Layers that the starting
    weights did not fill train in every stage. `factor` multiplies the config's learning rate;
    `side` is that of the films in pixels, smaller ones training faster.
    """

    from_layer: str
    epochs: int
    factor: float = 1.0
    side: int = INPUT_SIDE

    WRITTEN: ClassVar[str] = "LAYER:EPOCHS[:FACTOR[:SIDE]], such as head:5 or all:3:0.5:160"

    @classmethod
    def read(cls, text: str) -> "Stage":
        """Return the stage that `__str__` wrote; raise `ValueError` for what is none."""
        layer, epochs, *more = text.strip().split(":")
        if not layer or len(more) > 2:
            raise ValueError(text)
        factor = float(more[0]) if more else 1.0
        return cls(layer, int(epochs), factor, int(more[1]) if more[1:] else INPUT_SIDE)

    def __str__(self) -> str:
        """Return what the command line reads, such as ``conv4:10`` or ``all:3:0.5:160``."""
        side = "" if self.side == INPUT_SIDE else f":{self.side}"
        factor = "" if self.factor == 1 and not side else f":{self.factor:g}"
        return f"{self.from_layer}:{self.epochs}{factor}{side}"


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that decides how one network is trained, apart from the machine.

    Attributes
    ----------
    preset : the name of the recipe that the other values started from
    init : ``"imagenet"`` (Keras downloads), ``"none"``, or an ``.npz`` file
    seed : fixes starting kernels, order of the films, augmentation and dropout
    stages : gradual unfreezing; a stage ends early when `patience` runs out
    learning_rate : the rate of a stage whose factor is 1
    optimizer : ``adam``, or ``adamw`` with `weight_decay`
    weight_decay : for ``adamw`` only
    schedule : ``"constant"``, or ``"cosine"`` to 2% of the rate over each stage
    warmup : share of a stage's steps, in [0, 1), over which the rate rises linearly
    batch_size : films of a step
    dropout : share of the features that a step leaves out
    label_smoothing : share of a target given to all grades alike
    label_width : standard deviation, in grades, of a Gaussian over the neighbours; 0: one grade
    soft_targets : a table of probabilities of the training films (see `run.soft_targets`), or empty
    soft_share : how much of each target these give, in [0, 1]
    standardise : whether the network brings each film to one mean and contrast first
    averaging : momentum of the moving average of the weights, which is what is validated and kept;
        0: the weights themselves
    patience : epochs without a lower validation loss
    rotation : degrees to either side
    shift, zoom : fractions of the side, to either direction
    stretch : width against height lies within a factor of ``exp(stretch)``, as where another
        hospital's pixels are not square
    cut : share of the films that end early on one side, by up to a fifth; the edge is repeated
    contrast : fraction of the contrast, to either direction
    brightness : fraction of the grey range, to either direction
    gamma : the exponent of the grey values lies within a factor of ``exp(gamma)``
    noise : most standard deviation of added noise, as a fraction of the grey range
    jpeg : share of the films that lose detail as in a JPEG file of quality 10 to 95
    sharpness : largest share of a film's fine detail that is added or taken away
    shading : largest share of the slow changes of grey that is added or taken away, as by the local
        contrast of other detectors
    horizontal_flip : whether half of the films are shown mirrored
    """

    architecture: Architecture
    seed: Seed = 0
    init: str = "imagenet"
    preset: str = "paper"
    stages: tuple[Stage, ...] = (Stage("all", 1),)
    learning_rate: Annotated[float, Meta(gt=0)] = 1e-4
    optimizer: Literal["adam", "adamw"] = "adam"
    weight_decay: Annotated[float, Meta(ge=0)] = 0.0
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: Part = 0.0
    batch_size: Count = 32
    dropout: Part = 0.2
    standardise: bool = False
    label_smoothing: Part = 0.0
    label_width: Annotated[float, Meta(ge=0)] = 0.0
    soft_targets: str = ""
    soft_share: Share = 0.5
    averaging: Part = 0.0
    patience: Count = 5
    rotation: Annotated[float, Meta(ge=0, le=180)] = 10.0
    shift: Part = 0.0
    zoom: Part = 0.1
    stretch: Share = 0.0
    cut: Share = 0.0
    contrast: Part = 0.1
    brightness: Share = 0.0
    gamma: Annotated[float, Meta(ge=0, le=2)] = 0.0
    noise: Share = 0.0
    jpeg: Share = 0.0
    sharpness: Share = 0.0
    shading: Share = 0.0
    horizontal_flip: bool = True

    def __post_init__(self) -> None:
        """Refuse values that cannot work before hours are spent."""
        for name, kind in get_type_hints(TrainConfig, include_extras=True).items():
            if not fits(kind, getattr(self, name)):
                self._refuse(name, expected(kind))
        if not self.stages:
            self._refuse("stages", "at least one stage")
        if any(
            not (1 <= s.epochs <= 1_000_000 and 0 < s.factor < math.inf and 32 <= s.side <= 512)
            for s in self.stages
        ):
            whole = "of 1 to 1,000,000 epochs, a positive factor, a side of 32 to 512 pixels"
            self._refuse("stages", whole)
        if self.jpeg and any(stage.side % 8 for stage in self.stages):
            self._refuse("stages", "at sides of whole blocks of 8 pixels, as jpeg needs")

    def _refuse(self, name: str, expected: str) -> NoReturn:
        received = getattr(self, name)
        shown = " ".join(map(str, received)) if name == "stages" else repr(received)
        raise ConfigError(f"Expected {name} to be {expected}. Received: {shown or 'none'}.")

    @property
    def epochs(self) -> int:
        """The most epochs that this config can take."""
        return sum(stage.epochs for stage in self.stages)

    def as_dict(self) -> dict[str, Any]:
        """Return plain types, ready for JSON, under the names by which settings are stored."""
        return {STORED_AS.get(name, name): value for name, value in asdict(self).items()}


def config_from_dict(content: dict[str, Any]) -> TrainConfig:
    """Return the config that `TrainConfig.as_dict` described, by an earlier version, too."""
    content = {name: value for name, value in content.items() if (name, value) not in _GONE}
    named = {name: content.pop(stored) for name, stored in STORED_AS.items() if stored in content}
    stages = tuple(Stage(**stage) for stage in content["stages"])
    return TrainConfig(**content | named | {"stages": stages})


def gradual(depth: str, epochs: int) -> tuple[Stage, ...]:
    """Return stages that unfreeze block by block down to `depth`, at most `epochs` in all.

    The head alone gets a tenth, each block on the way a fifth of what is left, the last the rest.
    """
    if depth not in DEPTHS:
        raise ConfigError(f"Expected a depth out of {', '.join(DEPTHS)}. Received: {depth}.")
    stages, left = [], epochs
    for name in DEPTHS[: DEPTHS.index(depth)]:
        share = max(1, left // (10 if name == "head" else 5))
        if left - share < 1:
            break
        stages.append(Stage(name, share))
        left -= share
    return (*stages, Stage(depth, left))


def _paper(architecture: Architecture) -> TrainConfig:
    """Return the protocol of the 2025 paper; it gives no amounts of augmentation: those are ours.

    Pixels in [0, 1], then what the starting weights expect, is one affine step in the network.
    """
    return TrainConfig(architecture, preset="paper", stages=gradual("all", 50))


def _reference(architecture: Architecture) -> TrainConfig:
    """Return the recipe of the published models, without soft targets; see ``docs/recipe.md``."""
    head = {"mobilenet": 2.0, "resnet50": 1.25}[architecture]
    return TrainConfig(
        architecture,
        preset="reference",
        stages=(
            Stage("head", 1, head, 160),
            Stage("conv4", 1, 1.0, 160),
            Stage("all", 3, 1.0, 160),
            Stage("all", 3, 0.5),
        ),
        learning_rate={"mobilenet": 5e-4, "resnet50": 4e-4}[architecture],
        optimizer="adamw",
        weight_decay=0.02,
        schedule="cosine",
        warmup=0.1,
        standardise=True,
        label_smoothing=0.1,
        soft_share=0.7,
        averaging=0.995,
        shift=0.08,
        zoom=0.15,
        contrast=0.2,
        brightness=0.1,
        gamma=0.2,
        noise=0.02,
    )


def _smoke(architecture: Architecture) -> TrainConfig:
    """Seconds, not hours: two short stages from random weights, for tests and rehearsals."""
    return TrainConfig(
        architecture,
        init="none",
        preset="smoke",
        stages=(Stage("head", 1), Stage("all", 1)),
        learning_rate=1e-3,
        batch_size=8,
    )


Preset = Literal["paper", "reference", "smoke"]

PRESETS: dict[Preset, Callable[[Architecture], TrainConfig]] = {
    "paper": _paper,
    "reference": _reference,
    "smoke": _smoke,
}


def preset(name: Preset, architecture: Architecture, **changes: Any) -> TrainConfig:
    """Return the config of a preset with `changes` to its fields."""
    if name not in PRESETS:
        raise ConfigError(f"Expected a preset out of {', '.join(PRESETS)}. Received: {name}.")
    if architecture not in ARCHITECTURES:
        raise ConfigError(
            f"Expected an architecture out of {', '.join(ARCHITECTURES)}. Received: {architecture}."
        )
    return replace(PRESETS[name](architecture), **changes)


def tuned(
    results_folder: Path, study_ids: Sequence[str], architecture: Architecture
) -> TrainConfig:
    """Return the best config for `architecture` that the named tuning studies found."""
    tuned = set()
    for study_id in study_ids:
        file = studies.study_folder(results_folder, study_id) / "best.json"
        try:
            config = config_from_dict(json.loads(file.read_text("utf-8"))["config"])
        except FileNotFoundError:
            if (file.parent / "study.json").exists():
                why = f"No trial of {study_id} is finished yet: give its `tune` command again"
            else:
                why = f"There is no study {study_id} in {results_folder}: check --preset-from"
            raise DataError(f"Expected a tuning study with a finished trial. {why}.") from None
        except (OSError, ValueError, KeyError, TypeError):
            raise DataError(
                f"Expected a tuning study with a finished trial. {file} cannot be read or is "
                "damaged: the study's `tune` command writes it anew."
            ) from None
        if config.architecture == architecture:
            return config
        tuned.add(config.architecture)
    raise ConfigError(
        f"Expected a tuning study of {architecture}. Those given tuned {', '.join(sorted(tuned))}: "
        f"tune it, or leave {architecture} out."
    )
