"""The real networks: trained once under each backend, and unfrozen where a stage says."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from kneeoa.errors import ConfigError
from kneeoa.graders import architectures, published
from kneeoa.graders.weights import read_weights
from kneeoa.networks import ARCHITECTURES
from tests.support.fit_once import fit_once
from tests.support.knees import drawn_films
from tests.support.places import ROOT
from train import machine
from train.graph import trainer
from train.run.batches import predict


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """The weights of the published MobileNet: layers whose activations are alive."""
    file = tmp_path_factory.mktemp("start") / "start.npz"
    np.savez(file, **read_weights(published.find_model("mobilenet").file))
    return file


@pytest.fixture(scope="module")
def apart(start, tmp_path_factory):
    """The same run under both backends, with PyTorch as if TensorFlow were not installed."""
    root = tmp_path_factory.mktemp("apart")
    for name in machine.BACKENDS:
        (root / name).mkdir()
        (root / name / "start.npz").symlink_to(start)
    assert machine.backend() == "tensorflow"
    fit_once(root / "tensorflow")
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.fit_once", str(root / "torch")],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "torch"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return root


def content(folder):
    return json.loads((folder / "history.json").read_text())


def test_both_backends_give_the_same_curve(apart):
    one, another = (content(apart / name)["history"] for name in machine.BACKENDS)
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(
            [row[name] for row in another], [row[name] for row in one], rtol=2e-3, err_msg=name
        )


def test_a_model_trained_without_tensorflow_loads_under_tensorflow(apart):
    assert content(apart / "torch")["machine"] == "cpu (torch, float32)"
    network = keras.saving.load_model(apart / "torch" / "model.keras", compile=False)
    expected = np.load(apart / "torch" / "probabilities.npy")
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
