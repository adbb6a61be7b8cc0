"""Training from folder to published model, on synthetic knees and in small."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kneeoa import results
from kneeoa.errors import ConfigError, DataError
from kneeoa.grading import Grader
from kneeoa.phantom import draw_knee
from kneeoa.published import find_model, load_keras
from train import config, dataset, fit
from train.__main__ import main


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A small data set as published: train, val, test, each with one folder per grade."""
    folder = tmp_path_factory.mktemp("data")
    patient = 9_000_000
    for split, per_grade in (("train", 4), ("val", 2), ("test", 2)):
        for grade in range(5):
            target = folder / split / str(grade)
            target.mkdir(parents=True)
            for number in range(per_grade):
                patient += 1
                film = draw_knee(grade, seed=patient, marked=False)
                side = "LR"[number % 2]
                Image.fromarray(film).save(target / f"{patient}{side}.png")
    (folder / "unknown").mkdir()
    Image.fromarray(draw_knee(2, seed=1, marked=False)).save(folder / "unknown" / "1000001L.png")
    return folder


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    """A finished smoke run."""
    out = tmp_path_factory.mktemp("results")
    arguments = ["fit", "--data", data, "--architecture", "mobilenet", "--preset", "smoke"]
    arguments += ["--seed", 3, "--out", out, "--predict", data / "unknown"]
    assert main([str(argument) for argument in arguments]) == 0
    (folder,) = (out / "runs").iterdir()
    return folder


def test_a_run_holds_what_the_contract_says(run):
    record = results.read_record(run)
    assert record.architecture == "mobilenet"
    assert record.seed == 3
    assert record.counts["train"] == {str(grade): 4 for grade in range(5)}
    history = pd.read_csv(run / "history.csv")
    assert history["stage"].tolist() == [1, 2]
    assert record.best_epoch == history["val_loss"].idxmin() + 1
    predictions = results.read_predictions(run / "predictions.csv")
    assert predictions["split"].value_counts().to_dict() == {"val": 10, "test": 10, "unknown": 1}
    assert predictions["true_grade"].isna().sum() == 1
    shares = predictions[results.PROBABILITY_COLUMNS].sum(axis=1)
    np.testing.assert_allclose(shares, 1, atol=1e-5)


def test_no_path_of_the_machine_is_kept(run, data):
    assert str(data.parent) not in (run / "run.json").read_text()


def test_the_same_run_is_not_trained_twice(run, data, capsys):
    arguments = ["fit", "--data", data, "--architecture", "mobilenet", "--preset", "smoke"]
    arguments += ["--seed", 3, "--out", run.parent.parent]
    assert main([str(argument) for argument in arguments]) == 2
    assert "already in" in capsys.readouterr().err


def test_a_run_is_published_and_measured(run, data, tmp_path):
    arguments = ["publish", run.parent.parent, "--architecture", "mobilenet", "--data", data]
    assert main([str(a) for a in [*arguments, "--models", tmp_path]]) == 0
    model = find_model("mobilenet", tmp_path)
    assert model.card["run_id"] == run.name
    assert model.card["parity_with_keras"] < 1e-4
    assert model.card["metrics"]["test"]["knees"] == 10
    film = dataset.read_ungraded(data / "unknown")
    served = Grader(model.file).grade_arrays(film.images).probabilities
    np.testing.assert_allclose(fit.predict(load_keras(model), film), served, atol=1e-4)
    # Again over the old one: the new model replaces it whole.
    assert main([str(a) for a in [*arguments, "--models", tmp_path]]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mobilenet"]


def test_publishing_on_another_split_is_refused(run, data, tmp_path, capsys):
    other = tmp_path / "data"
    shutil.copytree(data, other)
    next((other / "test" / "0").iterdir()).unlink()
    arguments = ["publish", run.parent.parent, "--architecture", "mobilenet", "--data", other]
    arguments += ["--models", tmp_path / "models"]
    assert main([str(a) for a in arguments]) == 2
    assert "on this split" in capsys.readouterr().err
    assert main([str(a) for a in [*arguments, "--run", run.name]]) == 2
    assert "Expected the split that" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["patient", "image"])
def test_a_patient_or_image_in_two_splits_is_refused(what, data, tmp_path):
    other = tmp_path / "data"
    shutil.copytree(data, other)
    source = next((other / "train" / "0").iterdir())
    if what == "patient":
        film = draw_knee(0, seed=99, marked=False)
        Image.fromarray(film).save(other / "test" / "0" / f"{source.stem[:-1]}R.png")
        source.rename(source.with_name(f"{source.stem[:-1]}L.png"))
    else:
        shutil.copy(source, other / "test" / "0" / "1234567L.png")
    with pytest.raises(DataError, match=f"every {what} in one split"):
        dataset.read_splits(other)


def test_a_wrong_folder_is_refused(tmp_path, capsys):
    arguments = ["fit", "--data", tmp_path, "--architecture", "mobilenet", "--init", "none"]
    assert main([str(a) for a in [*arguments, "--out", tmp_path]]) == 2
    assert "Missing: train, val, test" in capsys.readouterr().err


def test_impossible_options_are_refused(data, tmp_path, capsys):
    arguments = ["fit", "--data", data, "--architecture", "mobilenet", "--out", tmp_path]
    assert main([str(a) for a in [*arguments, "--dropout", 1.5]]) == 2
    assert "Expected dropout to be in [0, 1). Received: 1.5." in capsys.readouterr().err
    with pytest.raises(ConfigError, match="at least one stage"):
        config.TrainConfig("mobilenet", "none", 0, ())


def test_unfreezing_reaches_back_to_the_named_layer():
    from kneeoa import architectures

    network = architectures.build("mobilenet")

    def trainable():
        return {layer.name for layer in network.layers if layer.trainable and layer.weights}

    fit.unfreeze_from(network, "head", always=("conv_pw_13",))
    assert trainable() == {"conv_pw_13", "conv_pw_13_bn", "grade"}
    fit.unfreeze_from(network, "conv_dw_13")
    assert trainable() == {"conv_dw_13", "conv_dw_13_bn", "conv_pw_13", "conv_pw_13_bn", "grade"}
    fit.unfreeze_from(network, "all")
    assert {"conv1", "conv1_bn"} < trainable()
    with pytest.raises(ConfigError, match="a layer of mobilenet"):
        fit.unfreeze_from(network, "no_such_layer")


def test_known_data_sets_are_described():
    from train.__main__ import DEFAULT_SOURCE

    source = json.loads(DEFAULT_SOURCE.read_text())
    assert {"name", "author", "doi", "licence", "origin", "split"} <= source.keys()
