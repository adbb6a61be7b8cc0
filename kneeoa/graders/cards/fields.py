"""The fields of each card that are used, with their types; `schema` says what they may hold."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DataSource:
    """Whose films, and under which licence; `doi` and `licence_url` are empty where none is."""

    name: str
    author: str
    year: int
    doi: str
    licence: str
    licence_url: str
    origin: str
    split: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a training."""

    from_layer: str


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a training that are spoken of, or that the network depends on."""

    stages: list[Stage]
    batch_size: int
    standardise: bool = False
    optimizer: str = "adam"
    start_share: float | None = None


@dataclass(frozen=True, slots=True)
class Initialisation:
    """What a training began with."""

    source: str
    fresh_layers: list[str]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What divides the logits."""

    temperature: float


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share with its interval."""

    value: float
    low: float
    high: float
    count: float
    total: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """What was measured on one split."""

    knees: int
    patients: int
    values: dict[str, float | None]
    intervals_95: dict[str, tuple[float | None, float | None]]
    confusion: list[list[int]]
    predictive_values: list[Proportion | None]


@dataclass(frozen=True, slots=True)
class Splits:
    """What was measured on validation and on test films."""

    val: Metrics
    test: Metrics


@dataclass(frozen=True, slots=True)
class AnswerSet:
    """How sets of grades are made."""

    level: float
    threshold: float


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """The headline grade's rule, the set, and how often the grade was right."""

    rule: str
    set: AnswerSet
    coverage: dict[str, Any]
    predictive_values: list[Proportion | None]


@dataclass(frozen=True, slots=True)
class NetworkCard:
    """``<models>/<architecture>/card.json``."""

    architecture: str
    model_sha256: str
    published_at: str
    run_id: str
    seed: int
    config: Config
    initialisation: Initialisation
    epochs: int
    best_epoch: int
    stopped_because: str
    training_seconds: float
    device: str
    data: DataSource
    split_hash: str
    counts: dict[str, dict[str, int]]
    evidence_scale: float
    metrics: Splits
    calibration: Calibration | None = None
    answer: CardAnswer | None = None


@dataclass(frozen=True, slots=True)
class MemberOfBoth:
    """One network of both together, its `file` below the folder of models."""

    architecture: str
    run_id: str
    file: str
    model_sha256: str
    temperature: float


@dataclass(frozen=True, slots=True)
class TogetherCard:
    """``<models>/together/card.json``."""

    members: list[MemberOfBoth]
    published_at: str
    data: DataSource
    split_hash: str
    calibration: Calibration
    metrics: Splits
    answer: CardAnswer | None = None


@dataclass(frozen=True, slots=True)
class LocaliserConfig:
    """What the localiser depends on."""

    side: int


@dataclass(frozen=True, slots=True)
class SpoiltPart:
    """The network that knows spoilt knees, which lies beside the localiser's."""

    model_sha256: str
    published_at: str
    threshold: float


@dataclass(frozen=True, slots=True)
class LocaliserCard:
    """``<models>/localiser/card.json``; without `metrics` and `spoilt` while it is made."""

    model_sha256: str
    published_at: str
    data: DataSource
    config: LocaliserConfig
    thresholds: dict[str, float]
    spoilt: SpoiltPart | None = None
    metrics: dict[str, Any] | None = None
