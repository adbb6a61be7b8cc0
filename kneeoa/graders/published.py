"""The published models on disk: ``<models>/<architecture>/model.onnx`` and ``card.json``.

The card says what the model is (data, split, config, metrics) and carries the SHA-256 of the model
file; a model whose hash differs from its card is refused, and so is one whose graph is no network
of the architecture that the card names (`kneeoa.graders.cards`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kneeoa.errors import ModelError
from kneeoa.graders.cards import graph, schema
from kneeoa.graders.cards.digest import sha256_of
from kneeoa.graders.weights import read_weights
from kneeoa.networks import Architecture

if TYPE_CHECKING:
    import keras

# An installed package brings them along; in a checkout they stand beside it.
_INSTALLED, _CHECKOUT = (Path(__file__).resolve().parents[n] / "assets" / "models" for n in (1, 2))
DEFAULT_MODELS = _INSTALLED if _INSTALLED.exists() else _CHECKOUT


@dataclass(frozen=True, slots=True, eq=False)
class PublishedModel:
    """A model file whose bytes are those that its card describes."""

    architecture: Architecture
    file: Path
    card: dict[str, Any]

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the model file, in hex."""
        return self.card["model_sha256"]

    @property
    def temperature(self) -> float:
        """What divides the logits, fitted on validation films; 1 where the card has none."""
        return (self.card.get("calibration") or {}).get("temperature", 1.0)


def find_model(architecture: Architecture, models: Path = DEFAULT_MODELS) -> PublishedModel:
    """Return the published model, after checking its card, its bytes and its graph."""
    folder = models / architecture
    card = _read_card(folder)
    file = folder / "model.onnx"
    if card["architecture"] != architecture:
        raise ModelError(
            f"Expected a {architecture} in {folder}. Received: {card['architecture']}."
        )
    check_bytes(file, card["model_sha256"])
    graph.check_network(file, architecture, card["model_sha256"])
    return PublishedModel(architecture, file, card)


def check_bytes(file: Path, expected: str) -> None:
    """Raise `ModelError` unless the SHA-256 of `file` is `expected`, in hex."""
    try:
        received = sha256_of(file)
    except OSError:
        raise ModelError(f"Expected the model file {file}. It is missing or unreadable.") from None
    if received != expected:
        raise ModelError(
            f"Expected the weights in {file} that the card describes (SHA-256 {expected[:12]}...). "
            f"Received {received[:12]}.... "
            "The file is damaged or was replaced: fetch the published models again."
        )


def load_keras(model: PublishedModel) -> "keras.Model":
    """Return the published weights as the Keras network ``(N, 224, 224, 1) -> (N, 5) logits``."""
    from kneeoa.graders import architectures

    standardise = model.card["config"].get("standardise", False)
    network = architectures.build(model.architecture, standardise=standardise)
    architectures.assign_all(network, read_weights(model.file))
    return network


def _read_card(folder: Path) -> dict[str, Any]:
    file = folder / "card.json"
    if not file.exists():
        raise ModelError(f"Expected a published model in {folder}. There is none{_hint(folder)}")
    return schema.network_card(file)


def _hint(folder: Path) -> str:
    models = folder.parent
    if (models / "card.json").exists():
        return f": {models} is the folder of one network. Name the one above it, {models.parent}."
    if not models.is_dir():
        return f": {models} is no folder. Name one with published models."
    return (
        ". Name a folder that holds a folder for each network, as `python -m train publish` writes "
        "them in a checkout."
    )
