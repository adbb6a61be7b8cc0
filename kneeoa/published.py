"""The published models on disk: ``<models>/<architecture>/model.onnx`` and ``card.json``.

The card says what the model is (data, split, config, metrics) and carries the SHA-256 of the model
file; a model whose hash differs from its card is refused.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kneeoa.errors import ModelError
from kneeoa.networks import Architecture
from kneeoa.schema import read_versioned

if TYPE_CHECKING:
    import keras

CARD_SCHEMA_VERSION = 1
DEFAULT_MODELS = Path(__file__).resolve().parent.parent / "assets" / "models"


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
        return self.card.get("calibration", {}).get("temperature", 1.0)


def find_model(architecture: Architecture, models: Path = DEFAULT_MODELS) -> PublishedModel:
    """Return the published model, after checking its bytes against its card."""
    folder = models / architecture
    card = _read_card(folder)
    file = folder / "model.onnx"
    check_bytes(file, card["model_sha256"])
    if card["architecture"] != architecture:
        raise ModelError(
            f"Expected a {architecture} in {folder}. Received: {card['architecture']}."
        )
    return PublishedModel(architecture, file, card)


def check_bytes(file: Path, expected: str) -> None:
    """Raise `ModelError` unless the SHA-256 of `file` is `expected`, in hex."""
    received = _sha256(file)
    if received != expected:
        raise ModelError(
            f"Expected the weights in {file} that the card describes (SHA-256 {expected[:12]}...). "
            f"Received {received[:12]}.... "
            "The file is damaged or was replaced: fetch the published models again."
        )


def load_keras(model: PublishedModel) -> "keras.Model":
    """Return the published weights as the Keras network ``(N, 224, 224, 1) -> (N, 5) logits``."""
    from kneeoa import architectures

    standardise = model.card["config"].get("standardise", False)
    network = architectures.build(model.architecture, standardise=standardise)
    architectures.assign_all(network, read_weights(model.file))
    return network


def read_weights(file: Path, *, standardise: bool | None = None) -> dict[str, np.ndarray]:
    """Return the weights stored in an exported model as float32, under ``<layer>/<weight>``.

    Raises `ModelError` when the file cannot be read, or when its network brings films to one mean
    and contrast first and `standardise` says otherwise, or the other way round.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.load(file).graph
        stored = {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}
    except (OSError, DecodeError, ValueError) as error:
        raise ModelError(
            f"Expected a model that was exported as ONNX. {file} cannot be read as one: {error}"
        ) from None
    does = any(node.name == "standardise" for node in graph.node)
    if standardise not in (None, does):
        raise ModelError(
            f"Expected a model with standardise {'on' if standardise else 'off'}. The one in "
            f"{file.name} has it {'on' if does else 'off'}: set it alike."
        )
    return {
        key: _to_keras_layout(array, key).astype(np.float32)
        for key, array in stored.items()
        if "/" in key
    }


def to_onnx_layout(array: np.ndarray, key: str) -> np.ndarray:
    """Convolution kernels from Keras' (h, w, in, out) to ONNX' (out, in, h, w); others as is."""
    if array.ndim != 4:
        return array
    # Keras keeps a depthwise kernel as (h, w, channels, 1); ONNX as one group per channel.
    order = (2, 3, 0, 1) if _is_depthwise(key) else (3, 2, 0, 1)
    return np.ascontiguousarray(array.transpose(order))


def _to_keras_layout(array, key):
    if array.ndim != 4:
        return array
    order = (2, 3, 0, 1) if _is_depthwise(key) else (2, 3, 1, 0)
    return np.ascontiguousarray(array.transpose(order))


def _is_depthwise(key):
    return key.startswith("conv_dw_")


def _read_card(folder):
    file = folder / "card.json"
    if not file.exists():
        raise ModelError(
            f"Expected a published model in {folder}. There is none: "
            "publish one with `python -m train publish`, or name another folder."
        )
    return read_versioned(file, CARD_SCHEMA_VERSION, "a card", error=ModelError)


def _sha256(file):
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        raise ModelError(f"Expected the model file {file}. It is missing or unreadable.") from None
