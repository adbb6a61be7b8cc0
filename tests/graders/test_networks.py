"""The two Keras networks, their starting weights, and their exported form."""

import zipfile
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from kneeoa.errors import ConfigError, ModelError
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
    return np.random.default_rng(2).uniform(0, 255, (3, 224, 224)).astype(np.float32)


def test_the_graph_is_flat_and_has_its_grad_cam_layer(network):
    assert not any(isinstance(layer, keras.Model) for layer in network.layers)
    feature = network.get_layer(FEATURE_LAYER[network.name])
    assert feature.output.shape[1:3] == (7, 7)
    assert network.output_shape == (None, 5)


def test_the_exported_file_gives_the_same_probabilities(network, films, tmp_path):
    file = tmp_path / "model.onnx"
    onnx.save(to_onnx(network), file)
    served = Grader(file).grade_arrays(films)
    expected = softmax(network.predict(films[..., None], verbose=0))
    assert np.abs(served.probabilities - expected).max() < 1e-5
    assert served.evidence.shape == (3, 7, 7, 5)


def test_a_network_that_standardises_answers_alike_at_any_brightness_and_contrast(films, tmp_path):
    for standardise, expected in ((True, True), (False, False)):
        network = architectures.build("mobilenet", seed=1, standardise=standardise)
        file = tmp_path / f"{standardise}.onnx"
        onnx.save(to_onnx(network), file)
        grader = Grader(file)
        before, after = (grader.grade_arrays(seen).evidence for seen in (films, 30 + films / 4))
        assert np.allclose(before, after, rtol=1e-2, atol=1e-2 * np.abs(before).max()) == expected


def test_weights_survive_the_file_bit_by_bit(network, tmp_path):
    file = tmp_path / "model.onnx"
    onnx.save(to_onnx(network), file)
    back = read_weights(file)
    original = architectures.weight_arrays(network)
    assert back.keys() == original.keys()
    assert all(np.array_equal(back[key], original[key]) for key in original)


def test_each_kernel_is_stored_once_as_half(network):
    stored = {item.name: item for item in to_onnx(network).graph.initializer}
    kernel = stored["grade/kernel"]
    assert kernel.data_type == onnx.TensorProto.FLOAT16
    assert stored["grade/bias"].data_type == onnx.TensorProto.FLOAT
    assert sum(name.startswith("grade/") for name in stored) == 2


def test_the_same_seed_gives_the_same_network():
    first, again, other = (
        architectures.weight_arrays(architectures.build("mobilenet", seed=seed))
        for seed in (3, 3, 4)
    )
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert not np.array_equal(first["grade/kernel"], other["grade/kernel"])


def test_an_unknown_architecture_is_refused():
    with pytest.raises(ConfigError, match="mobilenet, resnet50"):
        architectures.build("vgg")


def save(folder, arrays):
    file = folder / "weights.npz"
    np.savez(file, **arrays)
    return str(file)


def test_a_partial_file_says_what_it_left_out(tmp_path):
    donor = architectures.weight_arrays(architectures.build("mobilenet", seed=5))
    partial = {k: v for k, v in donor.items() if k.split("/")[0] not in ("conv_pw_13", "grade")}
    network = architectures.build("mobilenet", seed=6)
    given = architectures.initialise(network, save(tmp_path, partial))
    assert given.fresh_layers == ("conv_pw_13",)
    assert given.assigned == len(partial)
    assert np.array_equal(
        architectures.weight_arrays(network)["conv_dw_1/kernel"], donor["conv_dw_1/kernel"]
    )


def test_a_failed_download_says_what_to_do_instead(monkeypatch):
    def offline(**_):
        raise OSError("no network")

    network = architectures.build("mobilenet")
    monkeypatch.setattr(keras.applications, "MobileNet", offline)
    with pytest.raises(ModelError, match="--init mobilenet=FILE"):
        architectures.initialise(network, "imagenet")


def test_a_published_model_gives_all_of_its_weights(tmp_path):
    model = published.find_model("mobilenet")
    network = architectures.build("mobilenet", standardise=True)
    given = architectures.initialise(network, str(model.file))
    assert not given.fresh_layers
    assert architectures.weights_hash(network) == architectures.weights_hash(
        published.load_keras(model)
    )
    with pytest.raises(ModelError, match="standardise off"):
        architectures.initialise(architectures.build("mobilenet"), str(model.file))
    (tmp_path / "damaged.onnx").write_bytes(model.file.read_bytes()[:4000])
    for name in ("damaged.onnx", "absent.onnx"):
        with pytest.raises(ModelError, match="exported as ONNX"):
            architectures.initialise(network, str(tmp_path / name))


def test_starting_weights_that_do_not_fit_are_refused(tmp_path):
    network = architectures.build("mobilenet")
    stranger = save(tmp_path, {"conv2_block1_1_conv/kernel": np.zeros((1, 1, 64, 64))})
    with pytest.raises(ModelError, match="same architecture"):
        architectures.initialise(network, stranger)
    with pytest.raises(ModelError, match=r"conv1/kernel of shape \(3, 3, 3, 32\)"):
        architectures.initialise(network, save(tmp_path, {"conv1/kernel": np.zeros((3, 3, 1, 8))}))
    with pytest.raises(ModelError, match="There is none"):
        architectures.initialise(network, str(tmp_path / "absent.npz"))
    (tmp_path / "text.npz").write_text("not an archive")
    (tmp_path / "half.npz").write_bytes(Path(save(tmp_path, {"a/b": np.ones(9)})).read_bytes()[:80])
    np.save(tmp_path / "array.npy", np.ones(3))
    for name in ("text.npz", "half.npz", "array.npy"):
        with pytest.raises(ModelError, match=r"as an \.npz file, .* or damaged\.$"):
            architectures.initialise(network, str(tmp_path / name))


def damaged(file, folder):
    """Yield copies of a saved network that cannot be read, each damaged in another way."""
    data = file.read_bytes()
    middle = len(data) // 2
    for name, content in {
        "half": data[:middle],
        "text": b"no network",
        "changed": data[:middle] + bytes(999) + data[middle + 999 :],
    }.items():
        (folder / f"{name}.keras").write_bytes(content)
        yield folder / f"{name}.keras"
    for missing in ("config.json", "model.weights.h5"):
        with zipfile.ZipFile(file) as whole, zipfile.ZipFile(folder / "part.keras", "w") as part:
            for name in whole.namelist():
                if name != missing:
                    part.writestr(name, whole.read(name))
        yield folder / "part.keras"
    yield folder / "absent.keras"
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    keras.saving.save_model(layer, folder / "layer.keras")
    yield folder / "layer.keras"


def test_a_saved_network_gives_all_of_its_weights(tmp_path):
    donor = architectures.build("mobilenet", seed=5)
    file = tmp_path / "model.keras"
    donor.save(file)
    network = architectures.build("mobilenet", seed=6, side=None)
    assert not architectures.initialise(network, str(file)).fresh_layers
    assert architectures.weights_hash(network) == architectures.weights_hash(donor)
    with pytest.raises(ModelError, match="standardise on"):
        architectures.initialise(architectures.build("mobilenet", standardise=True), str(file))
    with pytest.raises(ModelError, match="same architecture"):
        architectures.initialise(architectures.build("resnet50"), str(file))
    for place in damaged(file, tmp_path):
        with pytest.raises(ModelError, match="that Keras has saved"):
            architectures.initialise(network, str(place))
