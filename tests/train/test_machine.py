"""What training runs on, and how exactly that computes."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.support.knees import drawn_films
from tests.support.places import ROOT
from train import machine
from train.run.batches import predict


def test_keras_computes_where_training_does_and_not_on_apples_gpu():
    """Also where it was loaded before, as in a process that takes a run out of its wrapping."""
    pytest.importorskip("torch")
    code = (
        "import torch; torch.backends.mps.is_available = lambda: True\n"
        "torch.cuda.get_device_capability = lambda: (9, 0)\n"
        "from train import machine; print(machine.prepare('cpu').kind)\n"
        "from keras.src.backend.torch.core import get_device; print(get_device())\n"
        "torch.cuda.is_available = lambda: True\n"
        "print(machine.prepare('gpu').kind, get_device())"
    )
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_TORCH_DEVICE"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment | {"KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.split() == ["cpu", "cpu", "gpu", "cuda"]


@pytest.mark.skipif(machine.backend() != "tensorflow", reason="PyTorch has its own way")
def test_what_is_recorded_is_computed_without_tf32():
    import tensorflow as tf

    rounded = tf.config.experimental.tensor_float_32_execution_enabled
    told = []

    class Network:
        def predict(self, batches, verbose):
            told.append(rounded())
            return np.zeros((8, 5), np.float32)

    before = rounded()
    films = drawn_films(3)
    for exact in (True, False):
        assert predict(Network(), films, exact=exact).shape == (3, 5)
    assert told == [False, before]
    assert rounded() == before
