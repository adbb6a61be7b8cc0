"""The graph that is trained: augmentation, the network, dropout before its head; and how."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kneeoa.errors import ConfigError
from kneeoa.graders import architectures
from kneeoa.networks import INPUT_SIDE
from train.config import BLOCKS, Stage, TrainConfig
from train.graph.augment import Augment
from train.graph.chance import LOOKS, WARP, steps_per_epoch
from train.machine import Machine


def unfreeze_from(network: keras.Model, depth: str, *, always: tuple[str, ...] = ()) -> None:
    """Make the layers from `depth` on trainable, and those in `always`, and no others."""
    names = [layer.name for layer in network.layers]
    layer_name = BLOCKS.get(depth, {}).get(network.name, depth)
    if layer_name not in ("head", "all", *names):
        raise ConfigError(
            f"Expected a stage to start at head, {', '.join(BLOCKS)}, all or a layer of "
            f"{network.name}. Received: {depth}."
        )
    start = {"head": names.index("pool"), "all": 0}.get(layer_name)
    start = names.index(layer_name) if start is None else start
    for index, layer in enumerate(network.layers):
        # A kernel that starts from noise needs its batch norm to learn along.
        anew = any(layer.name in (name, f"{name}_bn", _bn_of(name)) for name in always)
        layer.trainable = index >= start or anew


def _bn_of(convolution: str) -> str:
    return convolution.removesuffix("_conv") + "_bn"


def build_trainer(
    network: keras.Model, config: TrainConfig, stage: Stage, machine: Machine, films: int
) -> keras.Model:
    """Return the compiled graph around `network`: augmentation before, dropout inside its head."""
    film = keras.Input((INPUT_SIDE, INPUT_SIDE, 1), dtype="uint8", name="film")
    warp = keras.Input((WARP,), name="warp")
    look = keras.Input((len(LOOKS),), name="look")
    pool = network.get_layer("pool")
    kept = keras.Input(pool.output.shape[1:], dtype="uint8", name="kept")
    augment = Augment(
        stage.side,
        noisy=config.noise > 0,
        sharpened=config.sharpness > 0,
        shaded=config.shading > 0,
        lossy=config.jpeg > 0,
        seed=config.seed,
    )
    pooled = part(network, "pool")(augment(film, warp, look))
    dropped = pooled * ops.cast(kept, pooled.dtype) / (1 - config.dropout)
    inputs = {"film": film, "warp": warp, "look": look, "kept": kept}
    trainer = keras.Model(inputs, network.get_layer("grade")(dropped))
    optimizer = build_optimizer(config, stage, films)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    trainer.compile(
        optimizer,
        loss,
        # Not by its name alone: made inside the graph, it has Keras trace the graph a second time.
        metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
        jit_compile=machine.compile,
        steps_per_execution=machine.steps_per_call,
    )
    return trainer


def build_optimizer(config: TrainConfig, stage: Stage, films: int) -> keras.optimizers.Optimizer:
    """Return the optimiser of a stage that trains on so many `films`."""
    kind = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}[config.optimizer]
    options = {"weight_decay": config.weight_decay} if config.optimizer == "adamw" else {}
    if config.averaging:
        options |= {"use_ema": True, "ema_momentum": config.averaging}
    optimizer = _averaging(kind)(_Rates(rates(config, stage, films)), **options)
    if config.optimizer == "adamw":
        # Decay of scales and shifts would pull batch norms towards nothing.
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def inner(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Return what updates the weights, which under float16 is wrapped to scale the loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _averaging(kind: type[keras.optimizers.Optimizer]) -> type[keras.optimizers.Optimizer]:
    """Return the optimiser with an average that follows quickly at first and replaces nothing."""

    class Averaging(kind):
        def _update_model_variables_moving_average(
            self, trainable_variables: Sequence[keras.Variable]
        ) -> None:
            """Forget the start of a stage within its first steps, as TensorFlow 1's average did."""
            if not self.use_ema:
                return
            step = ops.cast(self.iterations, "float32")
            momentum = ops.minimum(self.ema_momentum, (1 + step) / (10 + step))
            averages = self._model_variables_moving_average
            for variable, average in zip(trainable_variables, averages, strict=True):
                average.assign(momentum * average + (1 - momentum) * variable)

        def finalize_variable_values(self, var_list: Sequence[keras.Variable]) -> None:
            """Leave the weights: Keras would replace them after every `fit`, so every epoch."""

    return Averaging


def averaged(
    network: keras.Model, optimizer: keras.optimizers.Optimizer, weights: dict[str, Any]
) -> dict[str, Any]:
    """Return the weights to validate: `weights`, with the moving averages where there are some.

    The averages are tensors, where they are computed with.
    """
    updating = inner(optimizer)
    steps = int(ops.convert_to_numpy(updating.iterations.value))
    if not updating.use_ema or not steps:
        return weights
    names = {id(variable): key for key, variable in architectures.variables(network)}
    averages = updating._model_variables_moving_average
    whole = _followed(updating.ema_momentum, steps)
    return weights | {
        names[id(variable)]: ops.stop_gradient(average.value) / whole
        for variable, average in zip(updating._trainable_variables, averages, strict=True)
    }


def _followed(momentum: float, steps: int) -> np.float32:
    """Return how much of an average is of weights: it began with zeros, which some steps forget.

    After thirty steps all, to the last bit.
    """
    step = np.arange(steps)
    return np.float32(1 - np.minimum(momentum, (1 + step) / (10 + step)).prod())


def part(network: keras.Model, until: str) -> keras.Model:
    """Return the graph from the film to the layer `until`."""
    return keras.Model(network.input, network.get_layer(until).output)


def rates(config: TrainConfig, stage: Stage, films: int) -> np.ndarray:
    """Return the learning rate of each step of a stage, and of one after it, ``(n,) float32``.

    Constant, or cosine decay to 2% (Loshchilov and Hutter 2017), after a linear warm-up: a new
    optimiser must not shake old weights.
    """
    steps = stage.epochs * steps_per_epoch(config, films)
    top = config.learning_rate * stage.factor
    end = {"constant": 1.0, "cosine": 0.02}[config.schedule]
    rise = round(config.warmup * steps)
    step = np.arange(steps + 1)
    progress = np.clip((step - rise) / max(1, steps - rise), 0, 1)
    falling = top * (end + (1 - end) * (1 + np.cos(np.pi * progress)) / 2)
    if not rise:
        return falling.astype(np.float32)
    low = top / 20
    return np.where(step < rise, low + (top - low) * step / rise, falling).astype(np.float32)


class _Rates(keras.optimizers.schedules.LearningRateSchedule):
    """The rate of each step out of a table; after its end, the last."""

    def __init__(self, table: np.ndarray) -> None:
        super().__init__()
        self._table = table

    def __call__(self, step: keras.KerasTensor) -> keras.KerasTensor:
        index = ops.minimum(ops.cast(step, "int32"), len(self._table) - 1)
        return ops.take(ops.convert_to_tensor(self._table), index)

    def get_config(self) -> dict[str, Any]:
        return {"table": self._table.tolist()}
