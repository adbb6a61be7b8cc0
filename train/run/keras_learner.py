"""A stage trained by Keras itself, as under TensorFlow."""

from typing import Any

import keras
from keras import ops

from kneeoa.data.arrays import Films
from train.config import Stage, TrainConfig
from train.graph.trainer import build_trainer, inner
from train.machine import Machine
from train.run.batches import Shuffled
from train.run.learner import Learned, Watch


class KerasLearner:
    """A stage trained by Keras' `fit`."""

    note = ""

    def __init__(
        self,
        network: keras.Model,
        config: TrainConfig,
        stage: Stage,
        machine: Machine,
        films: Films,
    ) -> None:
        self._trainer = build_trainer(network, config, stage, machine, len(films))
        self._config, self._films = config, films
        self.optimizer = self._trainer.optimizer
        self.optimizer.build(self._trainer.trainable_variables)

    def epoch(self, number: int, watch: Watch) -> Learned:
        """Train epoch `number` (from 0)."""
        features = self._trainer.input["kept"].shape[-1]
        told = _Told(watch)
        self._trainer.fit(
            Shuffled(self._films, self._config, number, features),
            epochs=number + 1,
            initial_epoch=number,
            shuffle=False,
            callbacks=[told],
            verbose=0,
        )
        rate = ops.convert_to_numpy(inner(self.optimizer).learning_rate)
        return Learned(float(told.logs["loss"]), float(told.logs["accuracy"]), float(rate))

    def close(self) -> None:
        """Nothing is held."""


class _Told(keras.callbacks.Callback):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self.logs: dict[str, Any] = {}

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        now = logs or {}
        self._watch((batch + 1) / self.params["steps"], lambda: float(now["loss"]))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.logs = dict(logs or {})
