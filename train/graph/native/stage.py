"""One stage of a run under PyTorch: films on the device, and one step that is replayed.

A step is everything: the films of a batch changed by what `chance` drew, the network forward and
backward, the optimiser with its averages, and the sums of loss and accuracy. The numbers of chance
are copied once an epoch, so that nothing but its own number tells one step from another.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import numpy as np
import torch
import torch.nn.functional as F

from train.config import Stage, TrainConfig
from train.graph.chance import LOOKS, WARP, steps_per_epoch
from train.graph.native import capture
from train.graph.native.augment import Augment
from train.graph.native.network import Native, device_of
from train.graph.native.update import Update


@dataclass(frozen=True, slots=True)
class Means:
    """Loss and accuracy over the steps of an epoch that are done."""

    loss: float
    accuracy: float


def on_device(images: np.ndarray, network: keras.Model) -> torch.Tensor:
    """Return the films ``(N, 224, 224) uint8`` as ``(N, 224 * 224)`` where `network` is."""
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    return torch.tensor(rows, device=device_of(network))


class NativeStage:
    """The steps of one stage; `note` says why they are not replayed, where they could be."""

    def __init__(
        self,
        network: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        rates: np.ndarray,
        config: TrainConfig,
        stage: Stage,
        images: torch.Tensor,
        *,
        recorder: capture.Recorder | None,
    ) -> None:
        """Make ready, and record a step where there is a `recorder`.

        `optimizer` is built on the trainable variables of `network`; `rates` ``(steps + 1,)`` has
        its learning rate for every step; `images` is from `on_device`.
        """
        device, size = images.device, config.batch_size
        self._config, self._network, self._images = config, network, images
        self.steps = steps_per_epoch(config, len(images))
        self._body, self._head = Native(network, "pool"), network.get_layer("grade")
        self._augment = Augment(
            stage.side,
            noisy=config.noise > 0,
            sharpened=config.sharpness > 0,
            lossy=config.jpeg > 0,
            shaded=config.shading > 0,
            seed=config.seed,
            device=device,
        )
        self._update = Update(optimizer, torch.tensor(rates, device=device))
        features = network.get_layer("pool").output.shape[-1]
        widths = {"warp": WARP, "look": len(LOOKS), "target": 5, "kept": features}
        self._chance = {
            name: torch.zeros((self.steps * size, width), device=device)
            for name, width in widths.items()
        }
        self._chance["kept"] = self._chance["kept"].to(torch.uint8)
        self._order = torch.zeros(self.steps * size, dtype=torch.long, device=device)
        self._lanes = torch.arange(size, device=device)
        self._number = torch.zeros(1, dtype=torch.long, device=device)
        self._loss = torch.zeros((), dtype=torch.float64, device=device)
        self._right = torch.zeros((), dtype=torch.float64, device=device)
        self._pace = capture.Pace(device)
        state = [variable.value for variable in (*network.weights, *optimizer.variables)]
        self._repeated = capture.repeated(self._step, state, recorder)

    @property
    def note(self) -> str:
        """Why the step is not replayed, where it could be; else empty."""
        return self._repeated.note

    def epoch(self, drawn: Mapping[str, np.ndarray], watch: Callable[[int], None]) -> Means:
        """Train one epoch on what `chance.draw_epoch` drew; `watch` is told of each step (from 1).

        `watch` may ask for `means`, for which a GPU has to wait.
        """
        self._order.copy_(torch.from_numpy(drawn["order"]))
        for name, buffer in self._chance.items():
            buffer.copy_(torch.from_numpy(np.ascontiguousarray(drawn[name])))
        for count in (self._number, self._loss, self._right):
            count.zero_()
        for step in range(1, self.steps + 1):
            self._repeated.run()
            self._pace.step_queued()
            watch(step)
        return self.means()

    def means(self) -> Means:
        """Return loss and accuracy over the steps of this epoch that are done."""
        sums = torch.stack([self._loss, self._right, self._number[0].double()])
        loss, right, steps = keras.ops.convert_to_numpy(sums)
        return Means(float(loss / max(1, steps)), float(right / max(1, steps)))

    def close(self) -> None:
        """Give the memory of the recorded step back, which another stage needs."""
        self._repeated = capture.Repeated(lambda: None)
        if self._images.device.type == "cuda":
            # After a recording that failed, PyTorch before 2.12 thinks that it still goes on.
            with contextlib.suppress(RuntimeError):
                torch.cuda.empty_cache()

    def _step(self) -> None:
        config = self._config
        # Warming up takes more steps than a short epoch has, and a GPU that reads beyond the end of
        # a table is lost to its process.
        rows = self._number % self.steps * config.batch_size + self._lanes
        drawn = {name: buffer[rows] for name, buffer in self._chance.items()}
        films = self._images[self._order[rows]]
        films = self._augment(films, drawn["warp"], drawn["look"])
        pooled = self._body(films, training=True)
        dropped = pooled * drawn["kept"].to(pooled.dtype) / (1 - config.dropout)
        logits = F.linear(dropped, self._head.kernel.value.t(), self._head.bias.value)
        loss = -(drawn["target"] * F.log_softmax(logits, 1)).sum(1).mean()
        update = self._update
        gradients = torch.autograd.grad(update.scaled(loss), update.values)
        update(list(gradients))
        with torch.no_grad():
            self._loss += loss.detach()
            self._right += (logits.argmax(1) == drawn["target"].argmax(1)).double().mean()
            self._number += 1
