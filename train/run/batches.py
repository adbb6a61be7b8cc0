"""Films as batches for Keras, without a path through the disk's decoder or `tf.data`."""

import math
from pathlib import Path

import keras
import numpy as np

from kneeoa.data.arrays import Films
from kneeoa.metrics.calibration import softmax
from train.config import TrainConfig
from train.graph import chance
from train.machine import backend
from train.run.teacher import read_teacher


def predict(network: keras.Model, films: Films, *, batch_size: int = 64) -> np.ndarray:
    """Return grade probabilities ``(N, 5) float32``, rows summing to 1."""
    batches = InOrder(films, batch_size)
    if backend() == "torch":
        from train.graph.native import native

        network = native(network, network.layers[-1].name)
    return softmax(network.predict(batches, verbose=0)[: len(films)])


class Shuffled(keras.utils.PyDataset):
    """Whole batches of one epoch with the chance drawn for them; a function of its index alone."""

    def __init__(self, films: Films, config: TrainConfig, epoch: int, features: int):
        super().__init__()
        self._images, self._config, self._epoch = films.images, config, epoch
        self._targets = chance.soft_labels(config, films.grades)
        if config.teacher:
            taught = read_teacher(Path(config.teacher), films.image_ids)
            self._targets += config.teacher_share * (taught - self._targets)
        self._order = chance.draw_order(config, epoch, len(films))
        self._warps = chance.draw_warps(config, epoch, len(films))
        self._looks = chance.draw_looks(config, epoch, len(films))
        self._features = features

    def __len__(self):
        return chance.steps_per_epoch(self._config, len(self._order))

    def __getitem__(self, index):
        size = self._config.batch_size
        here = slice(index * size, (index + 1) * size)
        chosen = self._order[here]
        mixing = chance.draw_mixing(self._config, self._epoch, index, size)
        targets = self._targets[chosen]
        inputs = {
            "film": self._images[chosen][..., None],
            "warp": self._warps[here],
            "look": self._looks[here],
            "mixing": mixing,
            "kept": chance.draw_dropout(self._config, self._epoch, index, (size, self._features)),
        }
        # As the films are mixed on the device: each with its opposite in the batch.
        return inputs, mixing * targets + (1 - mixing) * targets[::-1]


class InOrder(keras.utils.PyDataset):
    """Films in their order, the last repeated to fill the last batch: one shape compiles once."""

    def __init__(self, films, batch_size):
        super().__init__()
        self._images, self._batch_size = films.images, batch_size

    def __len__(self):
        return math.ceil(len(self._images) / self._batch_size)

    def __getitem__(self, index):
        chosen = np.arange(index * self._batch_size, (index + 1) * self._batch_size)
        return self._images[np.minimum(chosen, len(self._images) - 1)][..., None]
