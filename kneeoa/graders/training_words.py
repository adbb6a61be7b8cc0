"""How a published network came about, in plain words that follow from its card alone."""

from collections.abc import Mapping
from typing import Any

from kneeoa.networks import DISPLAY_NAME

_ANY_PUBLISHED = "model.onnx"
"""What every published network is called, so that the name tells nothing."""


def training_sentence(card: Mapping[str, Any]) -> str:
    """Return how a network was trained, as Markdown: start, stages, epoch kept, calibration.

    ``card`` is a model's ``card.json``.
    """
    config = card["config"]
    optimizer = {"adamw": "AdamW"}.get(config.get("optimizer"), "Adam")
    temperature = card.get("calibration", {}).get("temperature")
    tempered = (
        f"Its probabilities are calibrated by a temperature of {temperature:.2f}, fitted on the "
        "validation films. "
        if temperature
        else ""
    )
    return (
        f"**{DISPLAY_NAME[card['architecture']]}**: {start(card['initialisation'])}"
        f"{_learnt_elsewhere(card)}; "
        f"{stages(config['stages'])}; {card['epochs']} epochs ({card['stopped_because']}), "
        f"epoch {card['best_epoch']} kept by validation loss{_mean(config)}; {optimizer}, "
        f"batch {config['batch_size']}, seed {card['seed']}; "
        f"{card['training_seconds'] / 60:.0f} minutes on {card['device']}. {tempered}"
        f"Run `{card['run_id']}`, weights `{card['model_sha256'][:12]}`, "
        f"published {card['published_at'][:10]}."
    )


def start(initialisation: Mapping[str, Any]) -> str:
    """Return where the weights came from, an earlier run by its name (its card's, or ``.onnx``)."""
    source, fresh = initialisation["source"], initialisation["fresh_layers"]
    if run_id := initialisation.get("run_id"):
        return f"goes on from the weights of the run `{run_id}`"
    if source == _ANY_PUBLISHED:
        digest = str(initialisation.get("sha256", ""))[:12]
        return f"goes on from exported weights{f' `{digest}`' if digest else ''}"
    if source.endswith(".onnx"):
        return f"goes on from the weights of the run `{source.removesuffix('.onnx')}`"
    anew = f", {len(fresh)} layer(s) from scratch (first: `{fresh[0]}`)" if fresh else ""
    return f"starting weights `{source}`{anew}"


def _learnt_elsewhere(card: Mapping[str, Any]) -> str:
    """Say it where the weights that it went on from had learnt from another split."""
    before = card["initialisation"].get("split_hash")
    if before is None or before == card["split_hash"]:
        return ""
    return (
        ", which were trained on another split: where films of validation and test here were among "
        "those, its figures are too good"
    )


def _mean(config: Mapping[str, Any]) -> str:
    """Say it where the weights are a mean of those before and after, as `train between` takes."""
    if not (share := config.get("start_share")):
        return ""
    return f", then averaged with the weights that it went on from (these count {share:.0%})"


def stages(config: list[Mapping[str, Any]]) -> str:
    """Return what the stages train, from ``config["stages"]`` of a card."""
    first, *later = [stage["from_layer"] for stage in config]
    if first == "all":
        return "the whole network trains"
    depth = "frozen backbone first" if first == "head" else f"from `{first}` on first"
    steps = len(dict.fromkeys(later))
    return f"{depth}, then unfrozen in {steps} step{'s' * (steps > 1)}" if steps else depth
