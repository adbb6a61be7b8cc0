"""Training of the localiser: first for boxes, then for their spread, too."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from kneeoa.graders.locating.looks import OUTPUTS
from train.locate.batches import UNKNOWN, Bank, Batch, draw_batch
from train.locate.cycle import SAVE_EVERY, Report, tensor, trained
from train.locate.network import Network

_BOX = 0.25
"""Weight of the boxes: their likelihood has steep gradients, and all are clipped together."""


@dataclass(frozen=True, slots=True)
class LocateConfig:
    """Settings of a training.

    Attributes
    ----------
    steps, batch_size : how long
    side : of a look, pixels
    learning_rate : the highest of the cycle
    weight_decay : of AdamW
    boxes_only : share of the steps before spreads are learned
    averaging : decay of the mean of the weights, which is what is kept
    widths : channels of the five blocks
    start : SHA-256 of the weights that training goes on from; empty for none
    """

    steps: int = 4000
    batch_size: int = 64
    side: int = 96
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    boxes_only: float = 0.2
    averaging: float = 0.995
    widths: tuple[int, ...] = (16, 24, 48, 64, 96)
    seed: int = 0
    start: str = ""


def fit(
    bank: Bank,
    config: LocateConfig,
    checkpoint: Path,
    *,
    threads: int = 1,
    start: Path | None = None,
    save_every: int = SAVE_EVERY,
    report: Report = print,
) -> Network:
    """Return the trained network, see `train.locate.cycle.trained`."""

    def build() -> Network:
        return Network(config.side, config.widths)

    def draw(rng: np.random.Generator) -> Batch:
        return draw_batch(bank, rng, config.batch_size, config.side)

    def losses(network: Network, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        answers = network(tensor(batch.looks))
        return losses_of(answers, batch, step >= config.boxes_only * config.steps)

    return trained(
        build,
        config,
        checkpoint,
        material=bank.material,
        draw=draw,
        losses_of=losses,
        threads=threads,
        start=start,
        save_every=save_every,
        report=report,
    )


def losses_of(answers: torch.Tensor, batch: Batch, with_spread: bool) -> dict[str, torch.Tensor]:
    """Return the weighted parts of the loss; what is unknown of a look does not count.

    Box: L1 of the centre in box sizes and of the log sizes, then the likelihood of Laplace errors
    of the predicted spread; all else cross-entropy.
    """
    outputs = dict(zip(OUTPUTS, answers.split(list(OUTPUTS.values()), dim=1), strict=True))
    box = tensor(batch.box)
    size = 2 * box[:, 2:]
    wrong = torch.cat(
        [(outputs["centre"] - box[:, :2]).abs() / size, (outputs["size"] - box[:, 2:].log()).abs()],
        dim=1,
    )
    if with_spread:
        spread = outputs["spread"].clamp(-5, 1.5)
        wrong = wrong * torch.exp(-spread) + spread
    boxed = tensor(batch.number > 0)
    losses = {"box": _BOX * (wrong.sum(dim=1) * boxed).sum() / boxed.sum().clamp(min=1)}
    losses["kind"] = functional.cross_entropy(outputs["kind"], torch.as_tensor(batch.kind))
    turn = torch.as_tensor(batch.turn)
    if (batch.turn != UNKNOWN).any():
        losses["turn"] = 0.5 * functional.cross_entropy(
            outputs["turn"], turn, ignore_index=UNKNOWN, label_smoothing=0.01
        )
    for name in ("second", "negative", "implant"):
        known = torch.as_tensor(getattr(batch, name) != UNKNOWN)
        if known.any():
            losses[name] = functional.binary_cross_entropy_with_logits(
                outputs[name][known, 0], tensor(getattr(batch, name))[known]
            )
    return losses
