"""The two Keras networks as they are, and their exported form."""

import keras
import numpy as np
import onnx
import pytest

from kneeoa.graders import architectures, published
from kneeoa.graders.grading import Grader
from kneeoa.graders.weights import read_weights
from kneeoa.metrics.calibration import softmax
from kneeoa.networks import ARCHITECTURES, FEATURE_LAYER
from train.publish.export import round_to_storage, to_onnx


@pytest.fixture(scope="module", params=ARCHITECTURES)
def network(request):
    """A network whose batch norms have lively statistics, as trained ones do."""
    network = architectures.build(request.param, seed=1, standardise=request.param == "resnet50")
    generator = np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            layer.set_weights(
                [
                    generator.uniform(0.8, 1.2, gamma.shape),
                    generator.normal(0, 0.1, beta.shape),
                    generator.normal(0, 0.1, mean.shape),
                    generator.uniform(0.5, 1.5, variance.shape),
                ]
            )
    round_to_storage(network)
    network.run_eagerly = True  # for a few films, compiling costs more than it spares
    return network


@pytest.fixture(scope="module")
def films():
    return np.random.default_rng(2).uniform(0, 255, (2, 224, 224)).astype(np.float32)


def test_the_graph_is_flat_and_has_its_grad_cam_layer(network):
    assert not any(isinstance(layer, keras.Model) for layer in network.layers)
    feature = network.get_layer(FEATURE_LAYER[network.name])
    assert feature.output.shape[1:3] == (7, 7)
    assert network.output_shape == (None, 5)


@pytest.fixture(scope="module")
def exported(network, tmp_path_factory):
    """It as ONNX, and the file."""
    file = tmp_path_factory.mktemp("exported") / "model.onnx"
    model = to_onnx(network)
    onnx.save(model, file)
    return model, file


def test_the_exported_file_gives_the_same_probabilities(network, films, exported):
    served = Grader(exported[1]).grade_arrays(films)
    expected = softmax(network.predict(films[..., None], verbose=0))
    assert np.abs(served.probabilities - expected).max() < 1e-5
    assert served.evidence.shape == (2, 7, 7, 5)


def test_weights_survive_the_file_bit_by_bit(network, exported):
    back = read_weights(exported[1])
    original = architectures.weight_arrays(network)
    assert back.keys() == original.keys()
    assert all(np.array_equal(back[key], original[key]) for key in original)


def test_each_kernel_is_stored_once_as_half(exported):
    stored = {item.name: item for item in exported[0].graph.initializer}
    kernel = stored["grade/kernel"]
    assert kernel.data_type == onnx.TensorProto.FLOAT16
    assert stored["grade/bias"].data_type == onnx.TensorProto.FLOAT
    assert sum(name.startswith("grade/") for name in stored) == 2


def test_a_published_model_gives_all_of_its_weights():
    model = published.find_model("mobilenet")
    network = architectures.build("mobilenet", standardise=True)
    assert not architectures.initialise(network, str(model.file)).fresh_layers
    given, stored = architectures.weight_arrays(network), read_weights(model.file)
    assert given.keys() == stored.keys()
    assert all(np.array_equal(given[key], stored[key]) for key in given)
