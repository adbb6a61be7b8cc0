"""Training of the network that knows spoilt knees."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from kneeoa.networks import INPUT_SIDE
from train.locate.cycle import SAVE_EVERY, Report, tensor, trained
from train.locate.spoilt.batches import Bank, Batch, draw_batch
from train.locate.spoilt.network import Network


@dataclass(frozen=True, slots=True)
class SpoiltConfig:
    """Settings of a training, as those of `train.locate.fit.LocateConfig`.

    `widths` are the channels of its four pairs of convolutions.
    """

    steps: int = 3000
    batch_size: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    averaging: float = 0.995
    widths: tuple[int, ...] = (16, 48, 80, 112)
    seed: int = 0
    start: str = ""


def fit(
    bank: Bank,
    config: SpoiltConfig,
    checkpoint: Path,
    *,
    threads: int = 1,
    start: Path | None = None,
    save_every: int = SAVE_EVERY,
    report: Report = print,
) -> Network:
    """Return the trained network, see `train.locate.cycle.trained`."""

    def build() -> Network:
        return Network(INPUT_SIDE, config.widths).to(memory_format=torch.channels_last)

    def draw(rng: np.random.Generator) -> Batch:
        return draw_batch(bank, rng, config.batch_size)

    def losses_of(network: Network, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        answers = network(tensor(batch.looks).contiguous(memory_format=torch.channels_last))[:, 0]
        loss = functional.binary_cross_entropy_with_logits(answers, tensor(batch.spoilt))
        return {"spoilt": loss}

    return trained(
        build,
        config,
        checkpoint,
        material=bank.material,
        draw=draw,
        losses_of=losses_of,
        threads=threads,
        start=start,
        save_every=save_every,
        report=report,
    )
