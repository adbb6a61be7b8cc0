"""One cycle of AdamW over drawn batches, which goes on where it stopped; for all networks here."""

import contextlib
import io
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import torch
from torch import nn

from kneeoa.errors import ConfigError
from kneeoa.files import whole_file
from train.run.checkpoint import locked

Report = Callable[[str], None]
SAVE_EVERY = 50
_WARM_UP, _LARGEST_GRADIENT = 0.15, 2.0
_TOLD = {"config": "settings", "material": "films or pictures, or another published localiser"}

Net = TypeVar("Net", bound=nn.Module)
Drawn = TypeVar("Drawn")


class Settings(Protocol):
    """What a cycle depends on, out of a dataclass with the settings of a training."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def steps(self) -> int:
        """How long."""

    @property
    def learning_rate(self) -> float:
        """The highest of the cycle."""

    @property
    def weight_decay(self) -> float:
        """Of AdamW."""

    @property
    def averaging(self) -> float:
        """Decay of the mean of the weights, which is what is kept."""

    @property
    def seed(self) -> int:
        """Of weights and batches."""


class _Part(Protocol):
    """What a checkpoint keeps: network, mean, optimiser, schedule."""

    def state_dict(self) -> Mapping[str, Any]: ...

    def load_state_dict(self, state_dict: Any, /) -> Any: ...


def trained(
    build: Callable[[], Net],
    config: Settings,
    checkpoint: Path,
    *,
    material: str,
    draw: Callable[[np.random.Generator], Drawn],
    losses_of: Callable[[Net, Drawn, int], dict[str, torch.Tensor]],
    threads: int = 1,
    start: Path | None = None,
    save_every: int = SAVE_EVERY,
    report: Report = print,
) -> Net:
    """Return the trained network; go on from `checkpoint` where one is there.

    `losses_of` gives the parts of the loss of a batch that `draw` drew, at a step; `start` is a
    finished training's checkpoint, whose mean weights are the first ones here. Raises `ConfigError`
    where `checkpoint` is of other settings or of other `material`, which names what batches are
    made of; `TrainingError` where another process is at it, `DiskFullError` without room for it.
    """
    lock = checkpoint.with_suffix(".lock")
    with locked(lock, f"The network of {checkpoint}"):
        torch.set_num_threads(threads)
        torch.manual_seed(config.seed)
        network, mean = build(), build()
        if start is not None:
            with _expected_in(start):
                network.load_state_dict(torch.load(start, weights_only=True)["state"]["mean"])
        mean.load_state_dict(network.state_dict())
        optimizer = torch.optim.AdamW(
            network.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, config.learning_rate, config.steps, pct_start=_WARM_UP
        )
        parts = {"network": network, "mean": mean, "optimizer": optimizer, "schedule": schedule}
        about = {"config": settings(config), "material": material}
        done = _resume(checkpoint, about, parts)
        began = time.monotonic()
        sums: dict[str, float] = {}
        for step, batch in enumerate(_batches(draw, config, done), start=done):
            losses = losses_of(network, batch, step)
            optimizer.zero_grad()
            sum(losses.values()).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
            optimizer.step()
            schedule.step()
            _average(mean, network, min(config.averaging, (1 + step) / (10 + step)))
            for name, loss in losses.items():
                sums[name] = sums.get(name, 0) + float(loss.detach()) / save_every
            if (step + 1) % save_every == 0 or step + 1 == config.steps:
                _save(checkpoint, about, parts, step + 1)
                means = ", ".join(f"{name} {value:.3f}" for name, value in sums.items())
                report(
                    f"step {step + 1} of {config.steps}, {time.monotonic() - began:.0f} s: {means}"
                )
                sums = {}
        lock.unlink(missing_ok=True)
    return mean.eval()


def settings(config: Settings) -> dict[str, Any]:
    """Return the settings as a card holds them."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(config).items()
    }


def tensor(values: np.ndarray) -> torch.Tensor:
    """Return numbers as networks take them."""
    return torch.as_tensor(np.asarray(values, np.float32))


def _batches(
    draw: Callable[[np.random.Generator], Drawn], config: Settings, done: int
) -> Iterator[Drawn]:
    """Each step's batch follows from seed and step, so that a resumed training sees the same."""

    def batch_of(step: int) -> Drawn:
        return draw(np.random.default_rng([config.seed, step]))

    with ThreadPoolExecutor(1) as pool:
        if done >= config.steps:
            return
        waiting = pool.submit(batch_of, done)
        for step in range(done + 1, config.steps):
            batch, waiting = waiting.result(), pool.submit(batch_of, step)
            yield batch
        yield waiting.result()


def _average(mean: nn.Module, network: nn.Module, decay: float) -> None:
    with torch.no_grad():
        for kept, new in zip(
            mean.state_dict().values(), network.state_dict().values(), strict=True
        ):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)


def _save(checkpoint: Path, about: dict[str, Any], parts: Mapping[str, _Part], done: int) -> None:
    state = {name: part.state_dict() for name, part in parts.items()}
    # PyTorch itself would say of a full disk only that it failed.
    written = io.BytesIO()
    torch.save(about | {"done": done, "state": state}, written)
    with whole_file(checkpoint) as stream:
        stream.write(written.getbuffer())


def _resume(checkpoint: Path, about: dict[str, Any], parts: Mapping[str, _Part]) -> int:
    if not checkpoint.exists():
        return 0
    with _expected_in(checkpoint):
        saved = torch.load(checkpoint, weights_only=True)
        # What was begun by earlier versions says nothing of its material.
        known = {"config", *saved}
        different = [name for name in about if name in known and saved.get(name) != about[name]]
    if different:
        what = _TOLD[different[0]]
        raise ConfigError(
            f"The training in {checkpoint} was begun with other {what}. Give the same to go on "
            "with it; or name another file by --checkpoint, or remove it, to begin anew."
        )
    with _expected_in(checkpoint):
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
            f"Expected a checkpoint of `train locate` in {file}. What is there is none, "
            "is damaged, or is of another network: name another file, or remove it."
        ) from None
