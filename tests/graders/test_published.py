"""The published models on disk: what their cards promise, and what is refused."""

import json
import shutil

import numpy as np
import pytest

from kneeoa.errors import ModelError
from kneeoa.films.phantom import draw_knee
from kneeoa.graders import serving
from kneeoa.graders.grading import Grader, Graders
from kneeoa.graders.published import DEFAULT_MODELS, find_model
from kneeoa.metrics import agreement
from kneeoa.networks import ARCHITECTURES
from kneeoa.records import results


@pytest.fixture
def copied(tmp_path):
    """The published MobileNet in a folder that a test may damage."""
    shutil.copytree(DEFAULT_MODELS / "mobilenet", tmp_path / "mobilenet")
    return tmp_path


def test_the_published_models_match_their_cards():
    for architecture in ARCHITECTURES:
        assert find_model(architecture).card["architecture"] == architecture


def test_both_networks_were_trained_and_measured_on_the_same_split():
    cards = {architecture: find_model(architecture).card for architecture in ARCHITECTURES}
    assert len({card["split_hash"] for card in cards.values()}) == 1
    assert all(sum(card["counts"]["train"].values()) == 5778 for card in cards.values())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("split", ["val", "test"])
def test_the_card_says_what_the_predictions_give(architecture, split):
    card = find_model(architecture).card["metrics"][split]
    table = results.read_predictions(DEFAULT_MODELS / architecture / "predictions.csv")
    table = table[table["split"] == split]
    true = table["true_grade"].to_numpy(int)
    probabilities = table[results.PROBABILITY_COLUMNS].to_numpy()
    assert len(table) == card["knees"]
    for name, value in agreement.summary(true, probabilities).items():
        assert value == pytest.approx(card["values"][name], abs=2e-4), name
        low, high = card["intervals_95"][name]
        # Resampling pulls macro averages and calibration error to one side; the rest must enclose.
        if name in ("accuracy", "quadratic_kappa", "mean_absolute_error", "within_one_grade"):
            assert low < value < high
    confusion = agreement.confusion_matrix(true, probabilities.argmax(axis=1))
    assert np.array_equal(confusion, card["confusion"])


def test_the_yardsticks_are_met_by_the_mobilenet():
    values = find_model("mobilenet").card["metrics"]["test"]["values"]
    assert values["accuracy"] > 0.60
    assert values["quadratic_kappa"] > 0.75


def test_a_changed_model_file_is_refused(copied):
    file = copied / "mobilenet" / "model.onnx"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelError, match="damaged or was replaced"):
        find_model("mobilenet", copied)


def test_a_missing_model_or_card_is_refused(copied, tmp_path):
    (copied / "mobilenet" / "model.onnx").unlink()
    with pytest.raises(ModelError, match="missing or unreadable"):
        find_model("mobilenet", copied)
    with pytest.raises(ModelError, match="Expected a published model"):
        find_model("resnet50", tmp_path)


def test_an_unknown_card_version_is_refused_by_name(copied):
    file = copied / "mobilenet" / "card.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema_version": 99}))
    with pytest.raises(ModelError, match=r"version 1.*has version 99"):
        find_model("mobilenet", copied)
    file.write_text("{ not json")
    with pytest.raises(ModelError, match="cannot be read"):
        find_model("mobilenet", copied)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Grader(tmp_path / "model.onnx")


def test_films_of_another_shape_are_refused():
    grader = Grader(find_model("mobilenet").file)
    with pytest.raises(ModelError, match=r"Received: \(2, 100, 100\)"):
        grader.grade_arrays(np.zeros((2, 100, 100), np.float32))


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_no_number_is_no_answer(place, monkeypatch, tmp_path):
    given = [np.zeros((1, 5), np.float32), np.zeros((1, 7, 7, 5), np.float32)]
    given[place].flat[0] = np.nan

    class Damaged:
        def run(self, names, feed):
            return given

    monkeypatch.setattr(serving, "session_of", lambda file, threads=0: Damaged())
    with pytest.raises(ModelError, match="its weights are damaged"):
        Grader(tmp_path / "model.onnx").grade_arrays(np.zeros((1, 224, 224), np.float32))


def test_a_network_of_both_is_loaded_once_and_reads_a_film_once(monkeypatch):
    loaded, seen = [], []
    session_of = serving.session_of

    class Counting:
        def __init__(self, file, threads):
            loaded.append(file)
            self.file, self._session = file, session_of(file, threads=threads)

        def run(self, names, feed):
            seen.extend([self.file] * len(feed["film"]))
            return self._session.run(names, feed)

    monkeypatch.setattr(serving, "session_of", lambda file, threads=0: Counting(file, threads))
    graders = Graders()
    assert len(loaded) == len(set(loaded)) == 3
    films = np.stack([draw_knee(2, seed=1), draw_knee(4, seed=2)]).astype(np.float32)
    given = graders.grade_arrays(films)
    assert sorted(seen) == sorted([*loaded, find_model("resnet50").file, *loaded[2:]] * 2)
    card = graders.together.card
    alone = serving.Ensemble(
        graders.together.members, temperature=card["calibration"]["temperature"]
    )
    np.testing.assert_allclose(given["together"], alone.grade_arrays(films), atol=1e-5)
    assert "together" not in graders.grade_arrays(films[:1], together=False)
