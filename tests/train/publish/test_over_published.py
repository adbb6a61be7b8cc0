"""A network or both together, published over models that are there: they go on grading."""

import json
import shutil

import numpy as np
import pytest

from kneeoa.errors import DataError, ModelError
from kneeoa.graders import architectures, together
from kneeoa.graders.grading import Graders
from kneeoa.networks import ARCHITECTURES, TOGETHER
from kneeoa.records import results
from tests.support import tiny
from tests.support.knees import drawn_films
from train.commands.sources import KNOWN
from train.config import preset
from train.publish import ensemble, members
from train.publish.network import predictions_of, publish
from train.run.fit import Fitted
from train.run.record import record_run

SOURCE = json.loads((KNOWN / "chen2018.json").read_text())
SPLITS = {
    name: drawn_films(10, first=first)
    for name, first in (("train", 100), ("val", 300), ("test", 500))
}
OTHERS = SPLITS | {"test": drawn_films(10, first=700)}


@pytest.fixture(scope="module")
def runs(tiny_networks, tmp_path_factory):
    """A kept run of each network, and another ResNet50, without training."""
    folder = tmp_path_factory.mktemp("results")
    kept = {}
    for seed, name in ((0, "mobilenet"), (0, "resnet50"), (1, "resnet50")):
        network = tiny.network(name, seed=seed)
        start = architectures.Initialisation("none", 0, ())
        fitted = Fitted(network, start, ({"epoch": 1, "val_loss": 1.0},), 1, "all epochs done", 1.0)
        config = preset("smoke", name, seed=seed)
        kept[name, seed] = record_run(folder, config, fitted, SPLITS, ensemble.split_hash(SPLITS))
    return kept


@pytest.fixture(scope="module")
def published(runs, tmp_path_factory):
    """Both networks and both together, which have the networks' own files as members."""
    models = tmp_path_factory.mktemp("models")
    for name in ARCHITECTURES:
        publish(runs[name, 0], SPLITS, SOURCE, models)
    wrong = {name: (SPLITS[name].grades + 1) % 5 for name in ("val", "test")}
    shares = {name: 0.1 + 0.5 * np.eye(5)[grades] for name, grades in wrong.items()}
    for name in ARCHITECTURES:
        results.write_predictions(models / name / "predictions.csv", predictions_of(SPLITS, shares))
    results_of_two = tmp_path_factory.mktemp("two")
    for name in ARCHITECTURES:
        run = runs[name, 0]
        shutil.copytree(run, results_of_two / "runs" / run.name)
    ensemble.publish_together(results_of_two, SPLITS, SOURCE, models, limit_ms=1e6)
    assert not list((models / "together").glob("*.onnx"))
    return models


@pytest.fixture
def models(published, tmp_path):
    """The published models, in a folder that a test may change."""
    return shutil.copytree(published, tmp_path / "models")


def content(models):
    return {file: file.read_bytes() for file in models.rglob("*") if file.is_file()}


def test_both_together_grade_as_before_whatever_network_is_published(runs, models):
    films = SPLITS["test"].images
    before = Graders(models).probabilities(films)
    assert members.note_on_together(models, "resnet50") == ""
    publish(runs["resnet50", 1], SPLITS, SOURCE, models)
    after = Graders(models).probabilities(films)
    np.testing.assert_array_equal(after[TOGETHER], before[TOGETHER])
    assert not np.array_equal(after["ResNet50"], before["ResNet50"])
    assert "those of before, without this resnet50" in members.note_on_together(models, "resnet50")
    # Of a network that both together have beside the others, too.
    publish(runs["resnet50", 0], SPLITS, SOURCE, models)
    assert members.note_on_together(models, "resnet50") == ""
    np.testing.assert_array_equal(Graders(models).probabilities(films)[TOGETHER], before[TOGETHER])


def test_a_member_that_is_damaged_already_is_not_kept(runs, models):
    file = models / "resnet50" / "model.onnx"
    file.write_bytes(file.read_bytes()[:-1])
    publish(runs["resnet50", 0], SPLITS, SOURCE, models)
    # The same weights anew: what was refused is whole again.
    assert together.find_together(models) is not None
    assert not list((models / "together").glob("*.onnx"))


@pytest.mark.parametrize("spoil", [lambda file: file.write_bytes(b""), lambda file: file.unlink()])
def test_where_a_member_was_lost_it_is_said_how_to_grade_again(runs, models, spoil):
    spoil(models / "resnet50" / "model.onnx")
    publish(runs["resnet50", 1], SPLITS, SOURCE, models)
    note = members.note_on_together(models, "resnet50")
    assert "cannot be read, and nothing is graded" in note
    assert note.endswith(f"until then remove {models / 'together'}.")
    assert "those of before" not in note
    with pytest.raises(ModelError):
        Graders(models)
    shutil.rmtree(models / "together")
    assert "ResNet50" in Graders(models).probabilities(SPLITS["test"].images)
    assert members.note_on_together(models, "resnet50") == ""


def test_the_same_weights_published_again_are_not_kept_twice(runs, models):
    films = SPLITS["test"].images
    before = Graders(models).probabilities(films)
    publish(runs["resnet50", 0], SPLITS, SOURCE, models)
    assert not list((models / "together").glob("*.onnx"))
    np.testing.assert_array_equal(Graders(models).probabilities(films)[TOGETHER], before[TOGETHER])


@pytest.mark.parametrize("broken", ["together/predictions.csv", "mobilenet/card.json"])
def test_where_the_answer_cannot_be_written_nothing_is_replaced(runs, models, broken):
    (models / broken).write_text("")
    before = content(models)
    with pytest.raises(Exception, match=broken.partition("/")[2]):
        publish(runs["resnet50", 1], SPLITS, SOURCE, models)
    assert content(models) == before


def test_a_network_that_is_killed_after_its_swap_has_its_answer(runs, models, monkeypatch):
    def killed(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr("train.publish.answer.write", killed)
    with pytest.raises(KeyboardInterrupt):
        publish(runs["resnet50", 1], SPLITS, SOURCE, models)
    cards = [json.loads((models / name / "card.json").read_text()) for name in ARCHITECTURES]
    assert cards[0]["answer"]["rule"] == cards[1]["answer"]["rule"]
    assert cards[1]["run_id"] == runs["resnet50", 1].name


def test_both_together_are_not_compared_with_networks_of_other_films(models):
    before = content(models)
    with pytest.raises(DataError, match="trained on another split or other films"):
        ensemble.publish_together(models.parent / "none", OTHERS, SOURCE, models, limit_ms=1e6)
    assert content(models) == before
