"""One run: resumed as if never interrupted, its averages, its refusals; on a tiny network."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from kneeoa.errors import ConfigError, TrainingError
from kneeoa.graders import architectures
from tests.support import tiny
from tests.support.knees import drawn_films
from train import machine
from train.config import Stage, preset
from train.graph import trainer
from train.machine import Machine
from train.run.batches import predict
from train.run.fit import check_batch, fit

STAGES = (Stage("head", 2), Stage("conv5", 2))
MEASURED = ("seconds", "images_per_second")


def without_times(history):
    return [{k: v for k, v in row.items() if k not in MEASURED} for row in history]


class Interrupted(Exception):
    """Stands for whatever ends a process."""


TRAIN, VAL = drawn_films(16), drawn_films(10, first=900)


@pytest.fixture(scope="module")
def config(tiny_networks, tmp_path_factory):
    start = tiny.write_weights(tmp_path_factory.mktemp("start") / "start.npz")
    return preset(
        "smoke",
        "mobilenet",
        stages=STAGES,
        init=str(start),
        schedule="cosine",
        warmup=0.2,
        averaging=0.9,
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
    # Tried in another precision it is refused, and left as it is.
    other = Machine(precision="mixed_bfloat16")
    with pytest.raises(TrainingError, match="under tensorflow, float32, as it was begun"):
        fit(config, TRAIN, VAL, folder=tmp_path, machine=other)
    epochs = []
    resumed = fit(config, TRAIN, VAL, folder=tmp_path, report=lambda at: epochs.append(at.epoch))
    assert min(epochs) == interrupted_after + 1
    assert without_times(resumed.history) == without_times(whole.history)
    assert architectures.weights_hash(resumed.network) == architectures.weights_hash(whole.network)
    np.testing.assert_array_equal(predict(resumed.network, VAL), predict(whole.network, VAL))
    assert resumed.best_epoch == whole.best_epoch


def test_the_average_of_the_weights_is_what_is_validated(config, whole, tmp_path):
    # Training itself is the same until a stage ends with its best weights; validation is not.
    first = replace(config, averaging=0.0, stages=STAGES[:1])
    fitted = fit(first, TRAIN, VAL, folder=tmp_path)
    averages, weights = whole.history[:2], fitted.history
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


def test_after_few_steps_the_average_is_of_weights_and_not_of_what_it_began_with(tiny_networks):
    network = architectures.build("mobilenet", seed=5)
    trainer.unfreeze_from(network, "head")
    config = preset("smoke", "mobilenet", averaging=0.995, learning_rate=1e-30)
    optimizer = trainer.build_optimizer(config, config.stages[0], 16)
    optimizer.build(network.trainable_variables)
    weights = architectures.weight_arrays(network)
    for _ in range(40):
        optimizer.apply([np.zeros(v.shape, np.float32) for v in network.trainable_variables])
        kept = trainer.averaged(network, optimizer, weights)
        np.testing.assert_allclose(kept["grade/kernel"], weights["grade/kernel"], rtol=1e-5)
        [average] = optimizer._model_variables_moving_average[:1]
    # From here on nothing is changed: longer stages are as they were, to the last bit.
    np.testing.assert_array_equal(kept["grade/kernel"], np.asarray(average))


def test_many_steps_a_call_change_nothing(config, whole, tmp_path):
    # 16 films in batches of 8 are two steps: a call of 3 is not filled.
    first = replace(config, stages=STAGES[:1])
    many = fit(first, TRAIN, VAL, folder=tmp_path, machine=Machine(steps_per_call=3))
    assert without_times(many.history) == without_times(whole.history[:2])


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(tiny_networks, tmp_path):
    config = preset("smoke", "mobilenet", stages=(Stage("head", 3),), learning_rate=1e38)
    with pytest.raises(TrainingError, match=r"finite (val_)?loss.*lower learning_rate"):
        fit(config, drawn_films(16), drawn_films(5), folder=tmp_path)


def test_a_batch_that_cannot_be_filled_is_refused():
    with pytest.raises(ConfigError, match="at most the 7 training films"):
        check_batch(preset("smoke", "mobilenet"), 7)


def test_a_gpu_that_is_not_there_is_refused():
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("this machine has a GPU")
    with pytest.raises(ConfigError, match="Expected a GPU"):
        machine.prepare("gpu")
