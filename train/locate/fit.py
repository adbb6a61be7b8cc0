"""Training of the localiser: one cycle of AdamW, first for boxes, then for their spread, too."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch.nn import functional

from kneeoa.errors import ConfigError
from kneeoa.graders.locating.looks import OUTPUTS
from train.locate.batches import UNKNOWN, Bank, Batch, draw_batch
from train.locate.network import Network

Report = Callable[[str], None]
_SAVE_EVERY = 50
_BOX = 0.25
"""Weight of the boxes: their likelihood has steep gradients, and all are clipped together."""


class _Part(Protocol):
    """What a checkpoint keeps: network, mean, optimiser, schedule."""

    def state_dict(self) -> Mapping[str, Any]: ...

    def load_state_dict(self, state_dict: Any, /) -> Any: ...


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
    save_every: int = _SAVE_EVERY,
    report: Report = print,
) -> Network:
    """Return the trained network; go on from `checkpoint` where that is of the same settings.

    `start` is a finished training's checkpoint, whose mean weights are the first ones here.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(config.seed)
    network, mean = (Network(config.side, config.widths) for _ in range(2))
    if start is not None:
        with _expected_in(start):
            network.load_state_dict(torch.load(start, weights_only=True)["state"]["mean"])
    mean.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, config.steps, pct_start=0.15
    )
    parts = {"network": network, "mean": mean, "optimizer": optimizer, "schedule": schedule}
    done = _resume(checkpoint, config, parts)
    began = time.monotonic()
    sums: dict[str, float] = {}
    for step, batch in enumerate(_batches(bank, config, done), start=done):
        losses = losses_of(
            network(_tensor(batch.looks)), batch, step >= config.boxes_only * config.steps
        )
        optimizer.zero_grad()
        sum(losses.values()).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        schedule.step()
        _average(mean, network, min(config.averaging, (1 + step) / (10 + step)))
        for name, loss in losses.items():
            sums[name] = sums.get(name, 0) + float(loss.detach()) / save_every
        if (step + 1) % save_every == 0 or step + 1 == config.steps:
            _save(checkpoint, config, parts, step + 1)
            means = ", ".join(f"{name} {value:.3f}" for name, value in sums.items())
            report(f"step {step + 1} of {config.steps}, {time.monotonic() - began:.0f} s: {means}")
            sums = {}
    return mean.eval()


def losses_of(answers: torch.Tensor, batch: Batch, with_spread: bool) -> dict[str, torch.Tensor]:
    """Return the weighted parts of the loss; what is unknown of a look does not count.

    Box: L1 of the centre in box sizes and of the log sizes, then the likelihood of Laplace errors
    of the predicted spread; all else cross-entropy.
    """
    outputs = dict(zip(OUTPUTS, answers.split(list(OUTPUTS.values()), dim=1), strict=True))
    box = _tensor(batch.box)
    size = 2 * box[:, 2:]
    wrong = torch.cat(
        [(outputs["centre"] - box[:, :2]).abs() / size, (outputs["size"] - box[:, 2:].log()).abs()],
        dim=1,
    )
    if with_spread:
        spread = outputs["spread"].clamp(-5, 1.5)
        wrong = wrong * torch.exp(-spread) + spread
    boxed = _tensor(batch.number > 0)
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
                outputs[name][known, 0], _tensor(getattr(batch, name))[known]
            )
    return losses


def settings(config: LocateConfig) -> dict[str, Any]:
    """Return the settings as a card holds them."""
    return {**asdict(config), "widths": list(config.widths)}


def _batches(bank: Bank, config: LocateConfig, done: int) -> Iterator[Batch]:
    """Each step's batch follows from seed and step, so that a resumed training sees the same."""

    def batch_of(step: int) -> Batch:
        rng = np.random.default_rng([config.seed, step])
        return draw_batch(bank, rng, config.batch_size, config.side)

    with ThreadPoolExecutor(1) as pool:
        if done >= config.steps:
            return
        waiting = pool.submit(batch_of, done)
        for step in range(done + 1, config.steps):
            batch, waiting = waiting.result(), pool.submit(batch_of, step)
            yield batch
        yield waiting.result()


def _average(mean: Network, network: Network, decay: float) -> None:
    with torch.no_grad():
        for kept, new in zip(
            mean.state_dict().values(), network.state_dict().values(), strict=True
        ):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)


def _save(checkpoint: Path, config: LocateConfig, parts: Mapping[str, _Part], done: int) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    beside = checkpoint.with_suffix(".part")
    state = {name: part.state_dict() for name, part in parts.items()}
    torch.save({"config": settings(config), "done": done, "state": state}, beside)
    beside.replace(checkpoint)


def _resume(checkpoint: Path, config: LocateConfig, parts: Mapping[str, _Part]) -> int:
    if not checkpoint.exists():
        return 0
    with _expected_in(checkpoint):
        saved = torch.load(checkpoint, weights_only=True)
        if saved["config"] != settings(config):
            return 0
        for name, part in parts.items():
            part.load_state_dict(saved["state"][name])
        return int(saved["done"])


@contextlib.contextmanager
def _expected_in(file: Path) -> Iterator[None]:
    """Say it where a file is no checkpoint: PyTorch has a dozen ways to."""
    try:
        yield
    except OSError as problem:
        raise ConfigError(f"{file} cannot be read: {problem.strerror or problem}.") from None
    except Exception:
        raise ConfigError(
            f"Expected the checkpoint of a localiser's training in {file}. What is there is none, "
            "is damaged, or is of another network: name another file, or remove it."
        ) from None


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(np.asarray(values, np.float32))
