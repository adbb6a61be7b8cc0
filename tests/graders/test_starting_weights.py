"""Where a network's weights come from: a seed, a file, or another network.

Tiny networks show it as well as large ones do; that the real ones come back from a file that Keras
has saved, `tests.train.run.test_backends` checks.
"""

import zipfile
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from kneeoa.errors import ConfigError, ModelError
from kneeoa.graders import architectures, published
from kneeoa.graders.grading import Grader
from tests.support import tiny
from train.publish.export import to_onnx

pytestmark = pytest.mark.usefixtures("tiny_networks")


def test_a_network_that_standardises_answers_alike_at_any_brightness_and_contrast(tmp_path):
    films = np.random.default_rng(2).uniform(0, 255, (2, 224, 224)).astype(np.float32)
    for standardise, expected in ((True, True), (False, False)):
        network = tiny.network("mobilenet", standardise=standardise)
        file = tmp_path / f"{standardise}.onnx"
        onnx.save(to_onnx(network), file)
        grader = Grader(file)
        before, after = (grader.grade_arrays(seen).evidence for seen in (films, 30 + films / 4))
        assert np.allclose(before, after, rtol=1e-2, atol=1e-2 * np.abs(before).max()) == expected


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
    partial = {k: v for k, v in donor.items() if k.split("/")[0] not in ("conv_dw_12", "grade")}
    network = architectures.build("mobilenet", seed=6)
    given = architectures.initialise(network, save(tmp_path, partial))
    assert given.fresh_layers == ("conv_dw_12",)
    assert given.assigned == len(partial)
    assert np.array_equal(
        architectures.weight_arrays(network)["conv_dw_4/kernel"], donor["conv_dw_4/kernel"]
    )


def test_a_failed_download_says_what_to_do_instead(monkeypatch):
    def offline(**_):
        raise OSError("no network")

    network = architectures.build("mobilenet")
    monkeypatch.setattr(keras.applications, "MobileNet", offline)
    with pytest.raises(ModelError, match="--init mobilenet=FILE"):
        architectures.initialise(network, "imagenet")


def test_a_published_model_that_cannot_be_taken_is_refused(tmp_path):
    model = published.find_model("mobilenet")
    with pytest.raises(ModelError, match="standardise off"):
        architectures.initialise(architectures.build("mobilenet"), str(model.file))
    network = architectures.build("mobilenet", standardise=True)
    (tmp_path / "damaged.onnx").write_bytes(model.file.read_bytes()[:4000])
    for name in ("damaged.onnx", "absent.onnx"):
        with pytest.raises(ModelError, match="exported as ONNX"):
            architectures.initialise(network, str(tmp_path / name))


def test_starting_weights_that_do_not_fit_are_refused(tmp_path):
    network = architectures.build("mobilenet")
    stranger = save(tmp_path, {"conv2_block1_1_conv/kernel": np.zeros((1, 1, 64, 64))})
    with pytest.raises(ModelError, match="same architecture"):
        architectures.initialise(network, stranger)
    with pytest.raises(ModelError, match=r"conv1/kernel of shape \(3, 3, 3, 8\)"):
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
