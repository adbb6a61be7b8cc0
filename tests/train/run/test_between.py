"""The mean of a run and the weights that it went on from: a run like any other."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kneeoa.data.arrays import split_hash
from kneeoa.errors import ConfigError, DataError
from kneeoa.graders import architectures
from kneeoa.graders.published import find_model
from kneeoa.graders.weights import read_weights
from kneeoa.records import lineage, results
from kneeoa.spreadsheet import csv_text
from tests.support import tiny
from tests.support.knees import drawn_films
from train.config import preset
from train.run.between import between
from train.run.fit import Fitted, fit
from train.run.record import load_network, record_run
from train.run.start import facts_of, warning_of

SPLITS = {
    name: drawn_films(10, first=first)
    for name, first in (("train", 100), ("val", 300), ("test", 500))
}
UNGRADED = {"blind": drawn_films(3, first=700)}


@pytest.fixture(scope="module")
def start(tiny_networks, tmp_path_factory):
    """Exported weights to go on from."""
    return tiny.write_exported(tmp_path_factory.mktemp("start") / "before.onnx")


@pytest.fixture(scope="module")
def run(start, tmp_path_factory):
    """A kept run that went on from `start`, without training."""
    folder = tmp_path_factory.mktemp("results")
    network = tiny.network("mobilenet", standardise=True)
    kernel = network.get_layer("grade").kernel
    kernel.assign(np.asarray(kernel) + np.random.default_rng(0).normal(0, 3, kernel.shape))
    went_on = architectures.Initialisation(start.name, 0, ())
    history = ({"epoch": 1, "val_loss": 1.0},)
    config = preset("smoke", "mobilenet", init=str(start), standardise=True)
    known = facts_of(config)
    fitted = Fitted(network, went_on, history, 1, "all epochs done", 1.0, known)
    return record_run(folder, config, fitted, SPLITS, split_hash(SPLITS))


def test_the_mean_is_a_run_of_its_own(run, start):
    folder = between(run, start, 0.25, SPLITS, ungraded=UNGRADED)
    assert folder.parent == run.parent != folder
    before = read_weights(start)
    after = architectures.weight_arrays(load_network(run))
    found = architectures.weight_arrays(load_network(folder))
    assert not np.allclose(after["grade/kernel"], before["grade/kernel"], atol=0.1)
    for key, array in found.items():
        expected = 0.25 * before[key] + 0.75 * after[key]
        np.testing.assert_allclose(array, expected, rtol=1e-5, atol=1e-6)
    first, record = results.read_record(run), results.read_record(folder)
    assert record.run_id == folder.name != first.run_id
    assert record.model_sha256 == architectures.weights_hash(load_network(folder))
    assert record.config["start_share"] == 0.25
    assert record.config["mean_of"] == first.run_id
    assert (folder / "history.csv").read_bytes() == (run / "history.csv").read_bytes()
    told, said = (results.read_predictions(each / "predictions.csv") for each in (run, folder))
    assert said["split"].value_counts().to_dict() == {"val": 10, "test": 10, "blind": 3}
    shared = results.probabilities_of(said)[: len(told)]
    assert not np.allclose(shared, results.probabilities_of(told), atol=0.01)
    with pytest.raises(DataError, match=folder.name):
        between(run, start, 0.25, SPLITS)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, float("nan")])
def test_a_share_that_leaves_nothing_to_mix_is_refused(run, start, share):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        between(run, start, share, SPLITS)


def test_weights_of_another_lineage_are_refused(run, start, tmp_path):
    other = tiny.write_exported(tmp_path / "other.onnx", seed=6)
    with pytest.raises(DataError, match=r"went on from before\.onnx; received: other\.onnx"):
        between(run, other, 0.5, SPLITS)
    same_name = shutil.copy(other, tmp_path / "before.onnx")
    with pytest.raises(DataError, match=r"received: before\.onnx, with another SHA-256"):
        between(run, same_name, 0.5, SPLITS)


def test_weights_are_known_by_their_content_whatever_their_name(run, start, tmp_path):
    renamed = shutil.copy(start, tmp_path / "model.onnx")
    folder = between(run, renamed, 0.75, SPLITS)
    assert results.read_record(folder).config["start_share"] == 0.75


def test_of_a_run_of_an_earlier_version_the_name_is_known_and_no_fault_of_ours_follows(
    run, start, tmp_path
):
    old = Path(shutil.copytree(run, tmp_path / "runs" / run.name))
    content = json.loads((old / "run.json").read_text())
    del content["initialisation"]["sha256"]
    (old / "run.json").write_text(json.dumps(content))
    (tmp_path / "elsewhere").mkdir()
    resnet = shutil.copy(find_model("resnet50").file, tmp_path / "elsewhere" / "before.onnx")
    with pytest.raises(DataError, match="another network"):
        between(old, resnet, 0.5, SPLITS)


def test_other_films_under_the_same_names_are_refused(run, start):
    split_hash_of_run = results.read_record(run).split_hash
    file = run.parent.parent / "splits" / f"{split_hash_of_run[:16]}.csv"
    table = lineage.of_films(SPLITS).assign(side="", grade=0, split="val")
    file.parent.mkdir()
    try:
        file.write_text(csv_text(table[list(lineage.COLUMNS)]))
        lineage.check(run.parent.parent, split_hash_of_run, lineage.of_films(SPLITS))
        val = replace(SPLITS["val"], images=SPLITS["val"].images[::-1])
        with pytest.raises(DataError, match="another image under the same name"):
            between(run, start, 0.5, SPLITS | {"val": val})
    finally:
        shutil.rmtree(file.parent)


def test_a_run_that_went_on_from_another_runs_weights_is_mixed_with_these(run, tmp_path):
    kept = run / "model.keras"
    config = preset("smoke", "mobilenet", init=str(kept), standardise=True)
    network = tiny.network("mobilenet", seed=8, standardise=True)
    went_on = architectures.initialise(network, str(kept))
    assert not went_on.fresh_layers
    first = results.read_record(run)
    assert architectures.weights_hash(network) == first.model_sha256
    known = facts_of(config)
    assert (known["run_id"], known["split_hash"]) == (first.run_id, first.split_hash)
    assert "trained on another split" in warning_of(config, "0" * 64)
    assert not warning_of(config, first.split_hash)
    kernel = network.get_layer("grade").kernel
    kernel.assign(np.asarray(kernel) + 1)
    fitted = Fitted(network, went_on, ({"epoch": 1, "val_loss": 1.0},), 1, "done", 1.0, known)
    second = record_run(tmp_path, config, fitted, SPLITS, split_hash(SPLITS))
    mean = load_network(between(second, kept, 0.5, SPLITS))
    middle = np.asarray(kernel) - 0.5
    np.testing.assert_allclose(mean.get_layer("grade").kernel, middle, rtol=1e-5, atol=1e-6)


def test_kept_weights_that_are_not_the_runs_are_refused(run, start, tmp_path):
    odd = Path(shutil.copytree(run, tmp_path / "runs" / run.name))
    tiny.network("mobilenet", seed=9, standardise=True).save(odd / "model.keras")
    with pytest.raises(DataError, match="holds other weights"):
        between(odd, start, 0.5, SPLITS)
    config = preset("smoke", "mobilenet", init=str(odd / "model.keras"), standardise=True)
    films = SPLITS["val"]
    with pytest.raises(DataError, match="holds other weights"):
        fit(config, films, films, folder=tmp_path / "state")


def test_another_split_is_refused(run, start):
    with pytest.raises(DataError, match="the split that"):
        between(run, start, 0.5, SPLITS | {"test": drawn_films(4, first=900)})


def test_a_run_whose_network_was_not_kept_is_refused(run, start, tmp_path):
    bare = tmp_path / "runs" / run.name
    bare.mkdir(parents=True)
    for name in ("run.json", "history.csv", "predictions.csv"):
        shutil.copy(run / name, bare)
    with pytest.raises(DataError, match="was not kept"):
        between(bare, start, 0.5, SPLITS)
    assert json.loads((bare / "run.json").read_text())["run_id"] == run.name
    assert [folder.name for folder in bare.parent.iterdir()] == [run.name]
