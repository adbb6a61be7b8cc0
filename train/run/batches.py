"""Films as batches for Keras, without a path through the disk's decoder or `tf.data`."""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from kneeoa.data.arrays import Films
from kneeoa.metrics.calibration import softmax
from train.config import TrainConfig
from train.graph import chance
from train.machine import backend
from train.run.soft_targets import read_soft_targets


def predict(
    network: keras.Model, films: Films, *, batch_size: int = 64, exact: bool = True
) -> np.ndarray:
    """Return grade probabilities ``(N, 5) float32``, rows summing to 1.

    A GPU may round more where they need not be `exact` (under PyTorch by
    `native.network.answers`).
    """
    if backend() == "torch":
        from train.graph.native.network import answers

        return softmax(answers(network, films.images, batch_size=batch_size, exact=exact))
    with _rounding(exact=exact):
        return softmax(network.predict(InOrder(films, batch_size), verbose=0)[: len(films)])


@contextlib.contextmanager
def _rounding(*, exact: bool) -> Iterator[None]:
    """Keep TensorFlow from multiplying in 19 bits, as it does on GPUs from Ampere on."""
    import tensorflow as tf

    config = tf.config.experimental
    before = config.tensor_float_32_execution_enabled()
    config.enable_tensor_float_32_execution(before and not exact)
    try:
        yield
    finally:
        config.enable_tensor_float_32_execution(before)


def targets_of(config: TrainConfig, films: Films) -> np.ndarray:
    """Return what films are to be graded as, ``(N, 5) float32``: label, and soft target if any."""
    targets = chance.soft_labels(config, films.grades)
    if config.soft_targets:
        soft = read_soft_targets(Path(config.soft_targets), films.image_ids)
        targets += config.soft_share * (soft - targets)
    return targets


class Shuffled(keras.utils.PyDataset):
    """Whole batches of one epoch with the chance drawn for them; a function of its index alone."""

    def __init__(self, films: Films, config: TrainConfig, epoch: int, features: int):
        super().__init__()
        self._images, self._size = films.images, config.batch_size
        self._drawn = chance.draw_epoch(config, epoch, targets_of(config, films), features)

    def __len__(self) -> int:
        return len(self._drawn["order"]) // self._size

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        rows = slice(index * self._size, (index + 1) * self._size)
        inputs = {name: self._drawn[name][rows] for name in ("warp", "look", "kept")}
        inputs["film"] = self._images[self._drawn["order"][rows]][..., None]
        return inputs, self._drawn["target"][rows]


class InOrder(keras.utils.PyDataset):
    """Films in their order, the last repeated to fill the last batch: one shape compiles once.

    No batch is larger than all films together.
    """

    def __init__(self, films: Films, batch_size: int) -> None:
        super().__init__()
        self._images, self._batch_size = films.images, min(batch_size, len(films))

    def __len__(self) -> int:
        return math.ceil(len(self._images) / self._batch_size)

    def __getitem__(self, index: int) -> np.ndarray:
        chosen = np.arange(index * self._batch_size, (index + 1) * self._batch_size)
        return self._images[np.minimum(chosen, len(self._images) - 1)][..., None]
