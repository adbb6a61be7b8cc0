"""A stage under PyTorch: steps that are replayed on a GPU, and the chance of the next epoch."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

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
    network: keras.Model, config: TrainConfig, films: Films
) -> Callable[[Stage], "NativeLearner"]:
    """Return what makes the learner of a stage; the films lie on the device from now on."""
    images = on_device(films.images, network)
    targets = targets_of(config, films)
    return lambda stage: NativeLearner(network, config, stage, images, targets)


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
    ) -> None:
        """Make ready; `recorder` is by default the one of the device."""
        recorder = recorder or capture.recorder_for(device_of(network))
        optimizer = build_optimizer(config, stage, len(targets))
        half = {layer.compute_dtype for layer in network.layers} & DTYPES.keys()
        if "float16" in half:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(network.trainable_variables)
        lay_out_as_convolved(network, inner(optimizer))
        self.optimizer, self._config, self._targets = optimizer, config, targets
        self._features = network.get_layer("pool").output.shape[-1]
        self._rates = rates(config, stage, len(targets))
        self._stage = NativeStage(
            network, optimizer, self._rates, config, stage, images, recorder=recorder
        )
        self.note = self._stage.note
        self._drawing = ThreadPoolExecutor(1, thread_name_prefix="chance")
        self._ahead: tuple[int, Future] | None = None

    def epoch(self, number: int, watch: Watch) -> Learned:
        """Train epoch `number` (from 0), and draw what the next one needs meanwhile."""
        drawn = self._draw(number).result()
        self._ahead = number + 1, self._draw(number + 1)
        stage = self._stage
        means = stage.epoch(
            drawn, lambda step: watch(step / stage.steps, lambda: stage.means().loss)
        )
        steps = int(keras.ops.convert_to_numpy(inner(self.optimizer).iterations.value))
        return Learned(means.loss, means.accuracy, float(self._rates[steps]))

    def close(self) -> None:
        """Give the memory back that the recorded step holds."""
        self._drawing.shutdown(cancel_futures=True)
        self._stage.close()

    def _draw(self, number: int) -> Future[dict[str, np.ndarray]]:
        if self._ahead and self._ahead[0] == number:
            return self._ahead[1]
        return self._drawing.submit(
            chance.draw_epoch, self._config, number, self._targets, self._features
        )
