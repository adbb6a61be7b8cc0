"""Train one network once: stages of gradual unfreezing, the best epoch by validation loss kept."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from kneeoa import architectures
from kneeoa.errors import ConfigError
from kneeoa.networks import INPUT_SIDE
from train.config import TrainConfig
from train.dataset import Films


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained network with the record of how it got there.

    `history` has one row per epoch; `best_epoch` counts from 1 over all stages.
    """

    network: keras.Model
    initialisation: architectures.Initialisation
    history: tuple[dict, ...]
    best_epoch: int
    stopped_because: str
    seconds: float


def fit(config: TrainConfig, train: Films, val: Films, *, folder: Path) -> Fitted:
    """Train the network that `config` describes; scratch files go to `folder`.

    The weights kept are those of the epoch with the lowest validation loss over all stages.
    """
    started = time.monotonic()
    network = architectures.build(config.architecture, dropout=config.dropout, seed=config.seed)
    initialisation = architectures.initialise(network, config.init)
    trainer = _with_augmentation(network, config)
    best_file = folder / "best.weights.h5"
    keep_best = _KeepBest(network, best_file)
    history: list[dict] = []
    batches = _Batches(train, config)
    for stage_number, stage in enumerate(config.stages):
        unfreeze_from(network, stage.from_layer, always=initialisation.fresh_layers)
        trainer.compile(
            optimizer=keras.optimizers.Adam(_schedule(stage, len(batches))),
            loss=keras.losses.CategoricalCrossentropy(
                from_logits=True, label_smoothing=config.label_smoothing
            ),
            metrics=["accuracy"],
            # On a CPU, XLA makes TensorFlow ten times slower; JAX would not compile without it.
            jit_compile="auto" if keras.backend.backend() == "jax" else False,
        )
        early_stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=config.patience)
        recorder = _Recorder(history, stage_number, stage, len(train))
        trainer.fit(
            batches,
            validation_data=(val.images[..., None], keras.utils.to_categorical(val.grades, 5)),
            validation_batch_size=64,
            epochs=stage.epochs,
            shuffle=False,
            callbacks=[keep_best, early_stop, recorder],
            verbose=0,
        )
        stopped_because = "all epochs done"
        if early_stop.stopped_epoch:
            stopped_because = f"validation loss did not improve for {config.patience} epochs"
    network.load_weights(best_file)
    best_epoch = 1 + int(np.argmin([row["val_loss"] for row in history]))
    return Fitted(
        network,
        initialisation,
        tuple(history),
        best_epoch,
        stopped_because,
        time.monotonic() - started,
    )


def predict(network: keras.Model, films: Films, *, batch_size: int = 64) -> np.ndarray:
    """Return grade probabilities ``(N, 5) float32``, rows summing to 1."""
    logits = network.predict(films.images[..., None], batch_size=batch_size, verbose=0)
    return np.asarray(keras.ops.softmax(logits))


def unfreeze_from(network: keras.Model, layer_name: str, *, always: tuple[str, ...] = ()) -> None:
    """Make the layers from `layer_name` on trainable, and those in `always`, and no others."""
    names = [layer.name for layer in network.layers]
    if layer_name not in ("head", "all", *names):
        raise ConfigError(
            f"Expected 'head', 'all' or a layer of {network.name}. Received: {layer_name}."
        )
    start = {"head": names.index("pool"), "all": 0}.get(layer_name)
    start = names.index(layer_name) if start is None else start
    for index, layer in enumerate(network.layers):
        # A kernel that starts from noise needs its batch norm to learn along.
        anew = any(layer.name in (name, f"{name}_bn", _bn_of(name)) for name in always)
        layer.trainable = index >= start or anew


def _bn_of(convolution):
    return convolution.removesuffix("_conv") + "_bn"


def _with_augmentation(network, config):
    film = keras.Input((INPUT_SIDE, INPUT_SIDE, 1))
    layers = keras.layers
    fill = {"fill_mode": "nearest"}
    grey = {"value_range": (0, 255)}
    seeds = iter(range(1000 * config.seed, 1000 * config.seed + 10))
    x = film
    if config.horizontal_flip:
        x = layers.RandomFlip("horizontal", seed=next(seeds))(x)
    x = layers.RandomRotation(config.rotation / 360, seed=next(seeds), **fill)(x)
    x = layers.RandomTranslation(config.shift, config.shift, seed=next(seeds), **fill)(x)
    x = layers.RandomZoom(config.zoom, seed=next(seeds), **fill)(x)
    x = layers.RandomContrast(config.contrast, seed=next(seeds), **grey)(x)
    x = layers.RandomBrightness(config.brightness, seed=next(seeds), **grey)(x)
    return keras.Model(film, network(x))


def _schedule(stage, steps_per_epoch):
    """Cosine decay after a short linear warm-up: a new optimiser must not shake old weights."""
    steps = stage.epochs * steps_per_epoch
    warm_up = max(1, min(steps // 10, steps_per_epoch // 2))
    return keras.optimizers.schedules.CosineDecay(
        stage.learning_rate / 20,
        decay_steps=max(1, steps - warm_up),
        warmup_target=stage.learning_rate,
        warmup_steps=warm_up,
        alpha=0.02,
    )


class _Batches(keras.utils.PyDataset):
    """Shuffled batches; the order of every epoch follows from the seed alone."""

    def __init__(self, films, config):
        super().__init__(workers=1, use_multiprocessing=False)
        self._images = films.images
        self._targets = keras.utils.to_categorical(films.grades, 5)
        self._batch_size = config.batch_size
        self._generator = np.random.default_rng(config.seed)
        self._order = self._generator.permutation(len(films))

    def __len__(self):
        return math.ceil(len(self._order) / self._batch_size)

    def __getitem__(self, index):
        chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return self._images[chosen][..., None].astype("float32"), self._targets[chosen]

    def on_epoch_end(self):
        self._order = self._generator.permutation(len(self._order))


class _KeepBest(keras.callbacks.Callback):
    """Save the grader (not its training wrapper) whenever validation loss is the lowest so far."""

    def __init__(self, network, file):
        super().__init__()
        self._network, self._file, self._lowest = network, file, math.inf

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_loss"] < self._lowest:
            self._lowest = logs["val_loss"]
            self._network.save_weights(self._file, overwrite=True)


class _Recorder(keras.callbacks.Callback):
    """Progress bar with images per second and time left; one history row per epoch."""

    def __init__(self, history, stage_number, stage, images):
        super().__init__()
        self._history, self._stage_number, self._stage = history, stage_number, stage
        self._images = images

    def on_epoch_begin(self, epoch, logs=None):
        self._started = time.monotonic()
        self._bar = tqdm(
            total=self._images,
            unit="img",
            desc=f"stage {self._stage_number + 1}, epoch {epoch + 1}/{self._stage.epochs}",
            mininterval=1,
            dynamic_ncols=True,
        )
        self._seen = 0

    def on_train_batch_end(self, batch, logs=None):
        batch_size = math.ceil(self._images / self.params["steps"])
        step = min(batch_size, self._images - self._seen)
        self._seen += step
        self._bar.update(step)
        if self._seen == self._images:
            self._train_seconds = time.monotonic() - self._started

    def on_epoch_end(self, epoch, logs=None):
        self._bar.set_postfix(
            {key: f"{logs[key]:.3f}" for key in ("loss", "val_loss", "val_accuracy")}
        )
        self._bar.close()
        self._history.append(
            {
                "epoch": len(self._history) + 1,
                "stage": self._stage_number + 1,
                "trainable_from": self._stage.from_layer,
                **{
                    key: float(logs[key])
                    for key in ("loss", "accuracy", "val_loss", "val_accuracy")
                },
                "images_per_second": self._images / self._train_seconds,
                "seconds": time.monotonic() - self._started,
            }
        )
