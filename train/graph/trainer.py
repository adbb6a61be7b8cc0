"""The graph that is trained: augmentation, the network, dropout before its head; and how."""

import keras
import numpy as np
from keras import ops

from kneeoa.errors import ConfigError
from kneeoa.graders import architectures
from kneeoa.networks import INPUT_SIDE
from train.config import BLOCKS, Stage, TrainConfig
from train.graph.augment import Augment
from train.graph.chance import LOOKS, steps_per_epoch
from train.machine import backend


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


def _bn_of(convolution):
    return convolution.removesuffix("_conv") + "_bn"


def build_trainer(network: keras.Model, config: TrainConfig, stage: Stage, machine, films):
    """Return the compiled graph around `network`: augmentation before, dropout inside its head."""
    film = keras.Input((INPUT_SIDE, INPUT_SIDE, 1), dtype="uint8", name="film")
    warp = keras.Input((6,), name="warp")
    look = keras.Input((len(LOOKS),), name="look")
    mixing = keras.Input((1,), name="mixing")
    pool = network.get_layer("pool")
    kept = keras.Input(pool.output.shape[1:], dtype="uint8", name="kept")
    augment = Augment(
        stage.side,
        noisy=config.noise > 0,
        sharpened=config.sharpness > 0,
        lossy=config.jpeg > 0,
        seed=config.seed,
    )
    pooled = part(network, "pool")(augment(film, warp, look, mixing))
    dropped = pooled * ops.cast(kept, pooled.dtype) / (1 - config.dropout)
    inputs = {"film": film, "warp": warp, "look": look, "mixing": mixing, "kept": kept}
    trainer = keras.Model(inputs, network.get_layer("grade")(dropped))
    rate = _rate(config, stage, stage.epochs * steps_per_epoch(config, films))
    kind = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}[config.optimizer]
    options = {"weight_decay": config.weight_decay} if config.optimizer == "adamw" else {}
    if config.averaging:
        options |= {"use_ema": True, "ema_momentum": config.averaging}
    optimizer = _averaging(kind)(rate, **options)
    if config.optimizer == "adamw":
        # Decay of scales and shifts would pull batch norms towards nothing.
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    trainer.compile(
        optimizer,
        loss,
        metrics=["accuracy"],
        jit_compile=machine.compile,
        steps_per_execution=machine.steps_per_call,
    )
    return trainer


def _averaging(kind):
    """Return the optimiser with an average that follows quickly at first and replaces nothing."""

    class Averaging(kind):
        def _update_model_variables_moving_average(self, trainable_variables):
            """Forget the start of a stage within its first steps, as TensorFlow 1's average did."""
            if not self.use_ema:
                return
            step = ops.cast(self.iterations, "float32")
            momentum = ops.minimum(self.ema_momentum, (1 + step) / (10 + step))
            averages = self._model_variables_moving_average
            if backend() == "torch":
                from train.graph.native import follow

                follow(averages, trainable_variables, momentum)
                return
            for variable, average in zip(trainable_variables, averages, strict=True):
                average.assign(momentum * average + (1 - momentum) * variable)

        def finalize_variable_values(self, var_list):
            """Leave the weights: Keras would replace them after every `fit`, so every epoch."""

    return Averaging


def averaged(network: keras.Model, trainer: keras.Model) -> dict[str, np.ndarray]:
    """Return the weights to validate: the moving averages where the optimiser keeps them."""
    weights = architectures.weight_arrays(network)
    if trainer.optimizer.use_ema:
        names = {id(variable): key for key, variable in architectures.variables(network)}
        averages = trainer.optimizer._model_variables_moving_average
        for variable, average in zip(trainer.trainable_variables, averages, strict=True):
            weights[names[id(variable)]] = np.asarray(average)
    return weights


def part(network: keras.Model, until: str) -> keras.Model:
    """Return the graph from the film to the layer `until`, in the fastest form of the backend."""
    if backend() == "torch":
        from train.graph.native import native

        return native(network, until)
    return keras.Model(network.input, network.get_layer(until).output)


def _rate(config, stage, steps):
    """Constant, or cosine decay to 2% (Loshchilov and Hutter 2017), after a linear warm-up.

    A new optimiser must not shake old weights.
    """
    top = config.learning_rate * stage.factor
    end = {"constant": 1.0, "cosine": 0.02}[config.schedule]
    rise = round(config.warmup * steps)
    if not rise:
        return keras.optimizers.schedules.CosineDecay(top, max(1, steps), alpha=end)
    return keras.optimizers.schedules.CosineDecay(
        top / 20, max(1, steps - rise), alpha=end, warmup_target=top, warmup_steps=rise
    )
