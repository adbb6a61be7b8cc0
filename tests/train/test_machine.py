"""How exactly what training runs on computes; where it does: `test_quiet`."""

import numpy as np
import pytest

from tests.support.knees import drawn_films
from train import machine
from train.run.batches import predict


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
