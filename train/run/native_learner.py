"""A stage under PyTorch: steps that are replayed on a GPU, and the chance of the next epoch."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import keras
import numpy as np

from kneeoa.data.arrays import Films
from train.config import Stage, TrainConfig
from train.graph import chance
from train.graph.native import capture
from train.graph.native.network import DTYPES, device_of, lay_out_as_convolved
from train.graph.native.stage import NativeStage, on_device
from train.graph.trainer import build_optimizer, inner, rates
from train.run.batches import targets_of
from train.run.learner import Learned, Watch


def native_learners(
    network: keras.Model, config: TrainConfig, films: Films, first: int
) -> Callable[[Stage], "NativeLearner"]:
    """Return what makes the learner of a stage; the films lie on the device from now on.

    What epoch `first` (from 0) needs of chance is drawn from now on, too.
    """
    targets = targets_of(config, films)
    drawing = Drawing(config, targets, network.get_layer("pool").output.shape[-1])
    drawing.begin(first)
    images = on_device(films.images, network)
    return lambda stage: NativeLearner(network, config, stage, images, targets, drawing=drawing)


class Drawing:
    """The chance of a run's epochs: that of the next is drawn while one is trained.

    Of one run and not of a stage, which may be an epoch long: a GPU would wait for its first.
    """

    def __init__(self, config: TrainConfig, targets: np.ndarray, features: int) -> None:
        self._draw = partial(chance.draw_epoch, config, targets=targets, features=features)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chance")
        self._ahead: tuple[int, Future[dict[str, np.ndarray]]] | None = None

    def begin(self, number: int) -> Future[dict[str, np.ndarray]]:
        """Begin to draw epoch `number` (from 0), if that was not begun."""
        if not self._ahead or self._ahead[0] != number:
            self._ahead = number, self._thread.submit(self._draw, epoch=number)
        return self._ahead[1]

    def epoch(self, number: int) -> dict[str, np.ndarray]:
        """Return what `chance.draw_epoch` gives for epoch `number`, and begin the next one."""
        drawn = self.begin(number).result()
        self.begin(number + 1)
        return drawn


class NativeLearner:
    """A stage trained by `NativeStage`."""

    def __init__(
        self,
        network: keras.Model,
        config: TrainConfig,
        stage: Stage,
        images: np.ndarray,
        targets: np.ndarray,
        *,
        recorder: capture.Recorder | None = None,
        drawing: Drawing | None = None,
    ) -> None:
        """Make ready; `recorder` is by default the one of the device, `drawing` one of its own."""
        recorder = recorder or capture.recorder_for(device_of(network))
        optimizer = build_optimizer(config, stage, len(targets))
        half = {layer.compute_dtype for layer in network.layers} & DTYPES.keys()
        if "float16" in half:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(network.trainable_variables)
        lay_out_as_convolved(network, inner(optimizer))
        self.optimizer = optimizer
        features = network.get_layer("pool").output.shape[-1]
        self._drawing = drawing or Drawing(config, targets, features)
        self._rates = rates(config, stage, len(targets))
        self._stage = NativeStage(
            network, optimizer, self._rates, config, stage, images, recorder=recorder
        )
        self.note = self._stage.note

    def epoch(self, number: int, watch: Watch) -> Learned:
        """Train epoch `number` (from 0), and draw what the next one needs meanwhile."""
        drawn, stage = self._drawing.epoch(number), self._stage
        means = stage.epoch(
            drawn, lambda step: watch(step / stage.steps, lambda: stage.means().loss)
        )
        steps = int(keras.ops.convert_to_numpy(inner(self.optimizer).iterations.value))
        return Learned(means.loss, means.accuracy, float(self._rates[steps]))

    def close(self) -> None:
        """Give the memory back that the recorded step holds."""
        self._stage.close()
