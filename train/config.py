"""What one training run is made of: one frozen config, and the recipe of the published models."""

from dataclasses import asdict, dataclass

from kneeoa.errors import ConfigError
from kneeoa.networks import ARCHITECTURES, Architecture


@dataclass(frozen=True, slots=True)
class Stage:
    """Some epochs with the network trainable from one layer on.

    `from_layer` is the first trainable layer of the backbone, ``"head"`` for none of it, ``"all"``
    for the whole of it. Layers that the starting weights did not fill train in every stage.
    """

    from_layer: str
    epochs: int
    learning_rate: float


STAGES: dict[Architecture, tuple[Stage, ...]] = {
    "mobilenet": (
        Stage("head", 1, 1e-3),
        Stage("conv_dw_6", 1, 5e-4),
        Stage("all", 8, 5e-4),
    ),
    "resnet50": (
        Stage("head", 1, 5e-4),
        Stage("conv4_block1_1_conv", 1, 4e-4),
        Stage("all", 3, 4e-4),
    ),
}
"""Gradual unfreezing, within what a few hours of four CPU cores allow."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that decides how one network is trained.

    `rotation` is in degrees; `shift` and `zoom` are fractions of the side; `contrast` and
    `brightness` are fractions of the grey range: each is the largest change to either side.
    """

    architecture: Architecture
    init: str
    seed: int
    stages: tuple[Stage, ...]
    batch_size: int = 32
    dropout: float = 0.2
    label_smoothing: float = 0.1
    patience: int = 5
    rotation: float = 8.0
    shift: float = 0.05
    zoom: float = 0.1
    contrast: float = 0.2
    brightness: float = 0.1
    horizontal_flip: bool = True

    def __post_init__(self) -> None:
        """Refuse values that cannot work before hours are spent."""
        _expect(
            self.architecture in ARCHITECTURES, "architecture", " or ".join(ARCHITECTURES), self
        )
        _expect(self.batch_size >= 1, "batch_size", "at least 1", self)
        _expect(0 <= self.dropout < 1, "dropout", "in [0, 1)", self)
        _expect(0 <= self.label_smoothing < 1, "label_smoothing", "in [0, 1)", self)
        _expect(self.patience >= 1, "patience", "at least 1", self)
        _expect(self.seed >= 0, "seed", "0 or more", self)
        _expect(bool(self.stages), "stages", "at least one stage", self)
        for stage in self.stages:
            _expect(stage.epochs >= 1 and stage.learning_rate > 0, "stages", "positive", self)

    def as_dict(self) -> dict:
        """Return plain types, ready for JSON."""
        return asdict(self)


def smoke(architecture: Architecture, *, seed: int = 0) -> TrainConfig:
    """Seconds, not hours: two short stages from random weights, for tests and rehearsals."""
    stages = (Stage("head", 1, 1e-3), Stage("all", 1, 1e-3))
    return TrainConfig(architecture, init="none", seed=seed, stages=stages, batch_size=8)


def _expect(holds: bool, field: str, expected: str, config: TrainConfig) -> None:
    if not holds:
        raise ConfigError(
            f"Expected {field} to be {expected}. Received: {getattr(config, field)!r}."
        )
