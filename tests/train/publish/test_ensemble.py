"""Both networks together: what is chosen, what is served, and when nothing is published."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from kneeoa.errors import DataError, ModelError
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders import architectures, together
from kneeoa.graders.grading import Grader, Graders
from kneeoa.graders.published import find_model
from kneeoa.metrics import calibration
from kneeoa.networks import ARCHITECTURES, TOGETHER
from kneeoa.records import results
from tests.support import tiny
from tests.support.knees import drawn_films
from train.commands.sources import KNOWN
from train.config import preset
from train.publish import ensemble as publishing
from train.publish.network import measure, predictions_of, publish
from train.run.fit import Fitted
from train.run.record import record_run

SOURCE = json.loads((KNOWN / "chen2018.json").read_text())
SPLITS = {
    name: drawn_films(10, first=first)
    for name, first in (("train", 100), ("val", 300), ("test", 500))
}


@pytest.fixture(scope="module")
def runs(tiny_networks, tmp_path_factory):
    """Two kept runs of the MobileNet and one of the ResNet50, without training."""
    folder = tmp_path_factory.mktemp("results")
    for seed, name in ((0, "mobilenet"), (1, "mobilenet"), (0, "resnet50")):
        network = tiny.network(name, seed=seed)
        start = architectures.Initialisation("none", 0, ())
        fitted = Fitted(network, start, ({"epoch": 1, "val_loss": 1.0},), 1, "all epochs done", 1.0)
        config = preset("smoke", name, seed=seed)
        record_run(folder, config, fitted, SPLITS, publishing.split_hash(SPLITS))
    return folder


@pytest.fixture(scope="module")
def alone(runs, tmp_path_factory):
    """One run of each network, published by itself."""
    folder = tmp_path_factory.mktemp("alone")
    for run in sorted((runs / "runs").glob("*seed0*")):
        publish(run, SPLITS, SOURCE, folder)
    return folder


@pytest.fixture
def models(alone, tmp_path):
    """The published networks, in a folder that a test may change."""
    return shutil.copytree(alone, tmp_path / "models")


def make_undecided(models):
    """Give each network alone predictions that anything beats."""
    wrong = {name: (SPLITS[name].grades + 1) % 5 for name in ("val", "test")}
    shares = {name: 0.1 + 0.5 * np.eye(5)[grades] for name, grades in wrong.items()}
    table = predictions_of(SPLITS, shares)
    for name in ARCHITECTURES:
        results.write_predictions(models / name / "predictions.csv", table)


@pytest.fixture(scope="module")
def published(runs, alone, tmp_path_factory):
    """The ensemble beside the networks that are published by themselves."""
    models = shutil.copytree(alone, tmp_path_factory.mktemp("published") / "models")
    make_undecided(models)
    publishing.publish_together(runs, SPLITS, SOURCE, models, limit_ms=1e6)
    return models


def test_the_card_describes_what_is_served(published):
    found = together.find_together(published)
    films = SPLITS["test"].images
    served = Graders(published).probabilities(films)
    table = results.read_predictions(published / "together" / "predictions.csv")
    test = table[table["split"] == "test"][results.PROBABILITY_COLUMNS]
    np.testing.assert_allclose(served[TOGETHER], test, atol=1e-5)
    assert found.card["metrics"]["test"]["knees"] == 10
    assert {member.architecture for member in found.members} == set(ARCHITECTURES)
    assert sum(member.weight for member in found.members) == pytest.approx(1)
    # The networks that are published by themselves are not stored twice.
    stored = {path.name for path in (published / "together").glob("*.onnx")}
    assert len(stored) == len(found.members) - 2
    assert [path.name for path in published.iterdir() if path.name.startswith(".")] == []


def test_the_answer_is_the_mean_over_networks_and_mirror_images(published):
    found = together.find_together(published)
    films = SPLITS["test"].images[:3].astype(np.float32)
    total = np.zeros((3, 5))
    for member in found.members:
        grader = Grader(member.file, temperature=member.temperature)
        for seen in (films, films[:, :, ::-1]):
            total += member.weight / 2 * grader.grade_arrays(seen).probabilities
    expected = calibration.recalibrate(total, found.card["calibration"]["temperature"])
    np.testing.assert_allclose(Graders(published).probabilities(films)[TOGETHER], expected, 1e-4)


def test_a_mirrored_knee_gets_the_same_answer(published):
    graders = Graders(published)
    one, mirrored = (
        graders.probabilities(films)[TOGETHER]
        for films in (SPLITS["test"].images, SPLITS["test"].images[:, :, ::-1])
    )
    np.testing.assert_allclose(one, mirrored, atol=1e-5)


def test_one_knee_is_read_as_in_the_table(published):
    import io

    from PIL import Image

    stream = io.BytesIO()
    film = draw_knee(3, seed=1, marked=False)
    Image.fromarray(film).save(stream, "PNG")
    graders = Graders(published)
    reading = graders.read_both(read_radiograph(stream.getvalue(), "a.png"))[1]
    expected = graders.probabilities(film[None].astype(np.float32))[TOGETHER][0]
    np.testing.assert_allclose(reading.probabilities, expected, atol=1e-5)
    assert int(reading.grade) == expected.argmax()


def test_a_damaged_member_is_refused_by_name(published, tmp_path):
    published = shutil.copytree(published, tmp_path / "models")
    file = find_model("mobilenet", published).file
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"model\.onnx that the card describes"):
        together.find_together(published)


def test_nothing_is_published_that_is_no_better_than_each_alone(runs, models):
    right = {name: np.eye(5)[SPLITS[name].grades] for name in ("val", "test")}
    for name in ARCHITECTURES:
        results.write_predictions(models / name / "predictions.csv", predictions_of(SPLITS, right))
    with pytest.raises(DataError, match="better than each alone on the validation"):
        publishing.publish_together(runs, SPLITS, {}, models, limit_ms=1e6)
    assert together.find_together(models) is None
    assert sorted(path.name for path in models.iterdir()) == ["mobilenet", "resnet50"]
    assert TOGETHER not in Graders(models).probabilities(SPLITS["val"].images[:2])


def candidate(architecture, loss, answers, *, milliseconds=10.0, size=1000):
    file = SimpleNamespace(stat=lambda: SimpleNamespace(st_size=size))
    name = f"{architecture}-{loss}"
    return publishing.Candidate(architecture, name, file, name, 1.0, answers, loss, milliseconds)


def test_the_choice_follows_validation_time_and_size():
    grades = np.arange(200) % 5
    draw = np.random.default_rng(0)

    def answers(noise):
        logits = 2 * np.eye(5)[grades] + draw.normal(0, noise, (2, 200, 5))
        return calibration.softmax(logits)

    small = [candidate("mobilenet", float(i), answers(1.5)) for i in range(3)]
    large = [candidate("resnet50", 0.0, answers(1.5)), candidate("resnet50", 9.0, answers(40))]

    def chosen(**limits):
        members = publishing.choose([*small, *large], grades, {}, **limits)
        return [one.run_id for one in members]

    # Errors of different seeds cancel; a network that only guesses stays out.
    free = chosen(limit_ms=1e3, room=1e9)
    assert free == ["mobilenet-0.0", "mobilenet-1.0", "mobilenet-2.0", "resnet50-0.0"]
    assert len(chosen(limit_ms=25, room=1e9)) == 2
    assert len(chosen(limit_ms=1e3, room=3000)) == 3
    with pytest.raises(DataError, match="fit the limits"):
        chosen(limit_ms=15, room=1e9)


def test_without_an_ensemble_there_is_no_third_answer(models):
    assert together.find_together(models) is None


def test_a_card_of_another_version_is_refused(published, tmp_path):
    published = shutil.copytree(published, tmp_path / "models")
    card = published / "together" / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"schema_version": 9}))
    with pytest.raises(ModelError, match="version"):
        together.find_together(published)


def test_films_that_a_metric_cannot_be_computed_on_are_refused():
    films = drawn_films(10)
    films = replace(films, grades=np.full(10, 3))
    with pytest.raises(DataError, match=r"auc_kl2 cannot on these 10 of KL 3 alone"):
        measure(films, np.full((10, 5), 0.2))


def test_a_card_has_no_interval_where_its_films_bear_none():
    grades = np.arange(10) % 5
    measured = measure(replace(drawn_films(10), grades=grades), np.eye(5)[grades])
    json.dumps(measured, allow_nan=False)
    assert measured["intervals_95"]["quadratic_kappa"] == [None, None]
    assert 0.6 < measured["intervals_95"]["accuracy"][0] < 0.9
