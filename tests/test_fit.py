"""One run: resumed as if never interrupted, and the same under every backend and device number."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from knees import drawn_films

from kneeoa import architectures, published
from kneeoa.errors import ConfigError, TrainingError
from kneeoa.networks import ARCHITECTURES
from train import machine, trainer
from train.batches import predict
from train.config import Stage, preset
from train.fit import check_batch, fit
from train.machine import Machine

TESTS = Path(__file__).parent
STAGES = (Stage("head", 2), Stage("conv5", 2))
MEASURED = ("seconds", "images_per_second")


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """The weights of the published MobileNet: layers whose activations are alive."""
    file = tmp_path_factory.mktemp("start") / "start.npz"
    np.savez(file, **published.read_weights(published.find_model("mobilenet").file))
    return file


def without_times(history):
    return [{k: v for k, v in row.items() if k not in MEASURED} for row in history]


class Interrupted(Exception):
    """Stands for whatever ends a process."""


TRAIN, VAL = drawn_films(16), drawn_films(10, first=900)


@pytest.fixture(scope="module")
def config(start):
    return preset(
        "smoke",
        "mobilenet",
        stages=STAGES,
        init=str(start),
        schedule="cosine",
        warmup=0.2,
        averaging=0.9,
        mixup=0.2,
        noise=0.1,
    )


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory):
    """The run that nothing interrupts."""
    return fit(config, TRAIN, VAL, folder=tmp_path_factory.mktemp("whole"))


def test_an_interrupted_run_goes_on_as_if_it_had_not_been(config, whole, tmp_path):
    interrupted_after = 2  # between two stages, where most is taken up anew

    def interrupt(progress):
        if progress.share == 1 and progress.epoch == interrupted_after:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(config, TRAIN, VAL, folder=tmp_path, report=interrupt)
    epochs = []
    resumed = fit(config, TRAIN, VAL, folder=tmp_path, report=lambda at: epochs.append(at.epoch))
    assert min(epochs) == interrupted_after + 1
    assert without_times(resumed.history) == without_times(whole.history)
    assert architectures.weights_hash(resumed.network) == architectures.weights_hash(whole.network)
    np.testing.assert_array_equal(predict(resumed.network, VAL), predict(whole.network, VAL))
    assert resumed.best_epoch == whole.best_epoch


def test_a_run_is_not_continued_in_another_precision(config, tmp_path):
    def interrupt(progress):
        if progress.share == 1:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(config, TRAIN, VAL, folder=tmp_path, report=interrupt)
    other = Machine(precision="mixed_bfloat16")
    with pytest.raises(TrainingError, match="under tensorflow, float32, as it was begun"):
        fit(config, TRAIN, VAL, folder=tmp_path, machine=other)


def test_the_average_of_the_weights_is_what_is_validated(config, whole, tmp_path):
    fitted = fit(replace(config, averaging=0.0), TRAIN, VAL, folder=tmp_path)
    # Training itself is the same until a stage ends with its best weights; validation is not.
    averages, weights = whole.history[:2], fitted.history[:2]
    assert [row["loss"] for row in averages] == [row["loss"] for row in weights]
    assert all(
        one["val_loss"] != other["val_loss"] for one, other in zip(averages, weights, strict=True)
    )


def test_the_average_follows_at_first_and_lags_by_its_momentum_later():
    weight = keras.Variable([0.0])
    optimizer = trainer._averaging(keras.optimizers.SGD)(1.0, use_ema=True, ema_momentum=0.5)
    optimizer.build([weight])
    for step in range(1, 41):
        optimizer.apply([np.array([-1.0], np.float32)])
        [average] = np.asarray(optimizer._model_variables_moving_average[0])
        assert step - 1.01 <= average < step
    # A momentum m is m / (1 - m) steps behind a weight that moves by one a step.
    assert average == pytest.approx(39, abs=1e-3)
    assert np.asarray(weight)[0] == 40


def test_many_steps_a_call_change_nothing(config, whole, tmp_path):
    # 16 films in batches of 8 are two steps: a call of 3 is not filled.
    many = fit(config, TRAIN, VAL, folder=tmp_path, machine=Machine(steps_per_call=3))
    assert without_times(many.history) == without_times(whole.history)


def run_apart(folder, start, backend, devices):
    folder.mkdir()
    (folder / "start.npz").symlink_to(start)
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    return subprocess.Popen(
        [sys.executable, str(TESTS / "fit_once.py"), str(folder), str(devices)],
        env=os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def apart(start, tmp_path_factory):
    """The same run under every backend, on one device and, where it can, on two virtual ones."""
    root = tmp_path_factory.mktemp("apart")
    kinds = [("tensorflow", 1), ("tensorflow", 2), ("jax", 1), ("jax", 2), ("torch", 1)]
    for pair in (kinds[:2], kinds[2:4], kinds[4:]):
        processes = {kind: run_apart(root / f"{kind[0]}{kind[1]}", start, *kind) for kind in pair}
        for kind, process in processes.items():
            output, _ = process.communicate(timeout=400)
            assert process.returncode == 0, f"{kind}: {output[-3000:]}"
    return root


def content(folder):
    return json.loads((folder / "history.json").read_text())


@pytest.mark.parametrize("other", ["tensorflow2", "jax1", "jax2", "torch1"])
def test_every_backend_and_number_of_devices_gives_the_same_curve(other, apart):
    one, another = (content(apart / name)["history"] for name in ("tensorflow1", other))
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(
            [row[name] for row in another], [row[name] for row in one], rtol=2e-3, err_msg=name
        )


@pytest.mark.parametrize("other", ["jax1", "torch1"])
def test_a_model_trained_without_tensorflow_loads_under_tensorflow(other, apart):
    assert content(apart / "jax2")["machine"] == "cpu x 2 (jax, float32)"
    network = keras.saving.load_model(apart / other / "model.keras", compile=False)
    expected = np.load(apart / other / "probabilities.npy")
    np.testing.assert_allclose(predict(network, drawn_films(10, first=900)), expected, atol=1e-4)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_unfreezing_reaches_back_to_the_named_depth(architecture):
    network = architectures.build(architecture)
    weighted = [layer for layer in network.layers if layer.weights]

    def trainable():
        return [layer.name for layer in weighted if layer.trainable]

    trainer.unfreeze_from(network, "head")
    assert trainable() == ["grade"]
    reached = []
    for depth in ("conv5", "conv4", "conv3", "all"):
        trainer.unfreeze_from(network, depth)
        reached.append(len(trainable()))
    assert reached == sorted(set(reached))
    assert reached[-1] == len(weighted)
    with pytest.raises(ConfigError, match=f"a layer of {architecture}"):
        trainer.unfreeze_from(network, "no_such_layer")


def test_layers_without_starting_weights_always_train():
    network = architectures.build("mobilenet")
    trainer.unfreeze_from(network, "head", always=("conv_pw_13",))
    trained = {layer.name for layer in network.layers if layer.trainable and layer.weights}
    assert trained == {"conv_pw_13", "conv_pw_13_bn", "grade"}


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(start, tmp_path):
    config = preset(
        "smoke", "mobilenet", init=str(start), stages=(Stage("head", 3),), learning_rate=1e38
    )
    with pytest.raises(TrainingError, match=r"finite (val_)?loss.*lower learning_rate"):
        fit(config, drawn_films(16), drawn_films(5), folder=tmp_path)


def test_a_batch_that_cannot_be_filled_or_shared_is_refused():
    config = preset("smoke", "mobilenet")
    with pytest.raises(ConfigError, match="at most the 7 training films"):
        check_batch(config, Machine(), 7)
    with pytest.raises(ConfigError, match="a multiple of the 3 devices"):
        check_batch(config, Machine(devices=3), 100)


def test_a_gpu_that_is_not_there_is_refused():
    if keras.distribution.list_devices("gpu"):
        pytest.skip("this machine has a GPU")
    with pytest.raises(ConfigError, match="Expected a GPU"):
        machine.prepare("gpu")
