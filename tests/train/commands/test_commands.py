"""From a finished run to a published model, on synthetic knees and in small."""

import json
import shutil

import numpy as np
import pytest

from kneeoa.data.dataset import read_dataset, read_ungraded
from kneeoa.errors import DataError
from kneeoa.graders.grading import Grader
from kneeoa.graders.published import DEFAULT_MODELS, find_model, load_keras
from kneeoa.records import results
from tests.support import tiny
from tests.support.knees import write_source, write_tree
from train.__main__ import main
from train.commands import sources
from train.run.batches import predict


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A small data set as published, and a folder of films without grades."""
    folder = write_tree(tmp_path_factory.mktemp("data"), train=4, val=2, test=2)
    unknown = folder.parent / "unknown"
    unknown.mkdir()
    film = next((folder / "test" / "2").iterdir())
    shutil.copy(film, unknown / "1000001L.png")
    return folder


@pytest.fixture(scope="module")
def run(data, tiny_networks, tmp_path_factory):
    """A finished smoke run."""
    out = tmp_path_factory.mktemp("results")
    arguments = ["fit", "--data", data, "--architecture", "mobilenet", "--preset", "smoke"]
    arguments += ["--seed", 3, "--stages", "head:1", "--out", out]
    arguments += ["--predict", data.parent / "unknown"]
    assert main([str(argument) for argument in arguments]) == 0
    (folder,) = (out / "runs").iterdir()
    assert not list((out / "unfinished").iterdir())
    return folder


def test_a_run_holds_what_the_contract_says(run):
    record = results.read_record(run)
    assert (record.architecture, record.seed) == ("mobilenet", 3)
    assert record.counts["train"] == {str(grade): 4 for grade in range(5)}
    predictions = results.read_predictions(run / "predictions.csv")
    assert predictions["split"].value_counts().to_dict() == {"val": 10, "test": 10, "unknown": 1}
    assert predictions["true_grade"].isna().sum() == 1
    shares = predictions[results.PROBABILITY_COLUMNS].sum(axis=1)
    np.testing.assert_allclose(shares, 1, atol=1e-5)


def test_no_path_of_the_machine_is_kept(run, data):
    assert str(data.parent) not in (run / "run.json").read_text()


def test_the_same_run_is_not_trained_twice(run, data, capsys):
    arguments = ["fit", "--data", data, "--architecture", "mobilenet", "--preset", "smoke"]
    arguments += ["--seed", 3, "--stages", "head:1", "--out", run.parent.parent]
    assert main([str(argument) for argument in arguments]) == 2
    assert "already in" in capsys.readouterr().err


def test_a_run_is_published_calibrated_and_measured(run, data, tmp_path, capsys):
    arguments = ["publish", run.parent.parent, "--architecture", "mobilenet", "--data", data]
    arguments = [str(a) for a in [*arguments, "--models", tmp_path / "models"]]
    assert main(arguments) == 2
    assert "Expected --source FILE" in capsys.readouterr().err
    arguments += ["--source", str(write_source(tmp_path / "source.json"))]
    tmp_path = tmp_path / "models"
    assert main([*arguments, "--keras"]) == 0
    model = find_model("mobilenet", tmp_path)
    assert model.card["run_id"] == run.name
    assert model.card["parity_with_keras"] < 1e-4
    assert model.card["metrics"]["test"]["knees"] == 10
    assert model.temperature == model.card["calibration"]["temperature"]
    film = read_ungraded(data.parent / "unknown")
    served = Grader(model.file).grade_arrays(film.images).probabilities
    np.testing.assert_allclose(predict(load_keras(model), film), served, atol=1e-4)
    # What the card and its predictions say is said at the temperature of the card.
    table = results.read_predictions(tmp_path / "mobilenet" / "predictions.csv")
    films = read_ungraded(data / "val" / "3")
    graded = Grader(model.file, temperature=model.temperature).grade_arrays(films.images)
    rows = table.set_index("image_id").loc[list(films.image_ids), results.PROBABILITY_COLUMNS]
    np.testing.assert_allclose(rows, graded.probabilities, atol=1e-5)
    import keras

    kept = keras.saving.load_model(tmp_path / "mobilenet" / "model.keras", compile=False)
    np.testing.assert_array_equal(predict(kept, film), predict(load_keras(model), film))
    # Again over the old one: the new model replaces it whole.
    assert main(arguments) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mobilenet"]
    assert not (tmp_path / "mobilenet" / "model.keras").exists()


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
    assert main([str(a) for a in [*arguments, "--run", "another"]]) == 2
    assert "There is none of that name" in capsys.readouterr().err


def test_one_learns_from_a_runs_soft_targets_and_goes_on_from_a_published_model(
    run, data, tmp_path, capsys
):
    soft = tmp_path / "soft.csv"
    arguments = ["soft-targets", run.parent.parent, "--runs", run.name, "--data", data]
    arguments += ["--csv", soft]
    assert main([str(a) for a in arguments]) == 0
    table = results.read_predictions(soft)
    assert len(table) == 20
    assert set(table["split"]) == {"train"}
    arguments = ["fit", "--data", data, "--architecture", "mobilenet", "--preset", "smoke"]
    start = tiny.write_exported(tmp_path / "model.onnx")
    arguments += ["--init", start, "--standardise", "true"]
    arguments += ["--stages", "head:1", "--out", tmp_path, "--soft-targets"]
    assert main([str(a) for a in [*arguments, soft]]) == 0
    (made,) = (tmp_path / "runs").iterdir()
    config = results.read_record(made).config
    assert (config["teacher"], config["init"]) == ("soft.csv", start.name)
    assert main([str(a) for a in [*arguments, tmp_path / "none.csv"]]) == 2
    assert "to be a table of predictions" in capsys.readouterr().err


def test_some_films_of_the_split_are_not_called_another_split(data, tmp_path, capsys):
    models = tmp_path / "models"
    for name in ("mobilenet", "resnet50"):
        shutil.copytree(DEFAULT_MODELS / name, models / name)
        file = models / name / "card.json"
        card = json.loads(file.read_text())
        file.write_text(json.dumps(card | {"split_hash": read_dataset(data).split_hash}))
    arguments = ["evaluate", models, "--data", data, "--split", "test", "--films", "3"]
    assert main([str(a) for a in arguments]) == 0
    printed = capsys.readouterr().out
    assert "3 knees of 3 patients" in printed
    assert "another split" not in printed
    # Both together were left from before: their members come along, and their card is of others.
    shutil.copytree(DEFAULT_MODELS / "together", models / "together")
    assert main([str(a) for a in arguments]) == 0
    (note,) = [line for line in capsys.readouterr().out.splitlines() if "another split" in line]
    assert note.startswith("Note: Both together learnt from another split or other films.")


def test_the_published_models_are_measured_with_intervals(data, tmp_path, capsys):
    csv = tmp_path / "metrics.csv"
    arguments = ["evaluate", DEFAULT_MODELS, "--data", data, "--split", "test", "--csv", csv]
    assert main([str(a) for a in arguments]) == 0
    printed = capsys.readouterr().out
    assert "10 knees of 10 patients" in printed
    assert "MobileNet learnt from another split or other films" in printed
    import pandas as pd

    table = pd.read_csv(csv)
    assert set(table["model"]) == {"MobileNet", "ResNet50", "Both together"}
    accuracy = table[table["metric"] == "accuracy"]
    assert ((accuracy["low"] <= accuracy["value"]) & (accuracy["value"] <= accuracy["high"])).all()


@pytest.mark.parametrize(
    ("command", "work"),
    [
        ("evaluate", "evaluate.evaluate"),
        ("robustness", "robustness.robustness"),
        ("maps", "maps.measure"),
        ("jointspace", "joint_space.measured"),
    ],
)
def test_what_measures_published_models_says_who_stands_for_them(
    command, work, data, tmp_path, monkeypatch, capsys
):
    def measure(*_, **__):
        raise DataError("This far.")

    monkeypatch.setattr(f"train.publish.{work}", measure)
    monkeypatch.setenv("KNEEOA_TRUSTED_KEYS", "")
    models = shutil.copytree(DEFAULT_MODELS, tmp_path / "models")
    (models / "signed.json").unlink()
    named = ["--models", models] if command == "jointspace" else [models]
    assert main([str(word) for word in (command, *named, "--data", data)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "train: The networks in use are not signed: nobody known stands for them.",
        "train: This far.",
    ]


def test_before_hours_of_work_a_table_is_refused_that_cannot_be_written(data, tmp_path, capsys):
    (tmp_path / "file").touch()
    csv = tmp_path / "file" / "t.csv"
    arguments = ["evaluate", tmp_path / "none", "--data", data, "--csv", csv]
    assert main([str(a) for a in arguments]) == 2
    assert "Expected to write the table t.csv into" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["evaluate", "robustness", "maps", "jointspace"])
def test_before_hours_of_work_a_table_is_refused_that_would_take_a_films_place(
    command, data, tmp_path, capsys
):
    film = next(data.rglob("*.png"))
    before = film.read_bytes()
    models = [] if command == "jointspace" else [tmp_path / "none"]  # which nobody comes to see
    arguments = [command, *models, "--data", data, "--csv", film]
    assert main([str(a) for a in arguments]) == 2
    assert "which would be lost" in capsys.readouterr().err
    assert film.read_bytes() == before


def test_a_data_set_is_described_and_split(data, tmp_path, capsys):
    out = tmp_path / "split.csv"
    assert main(["data", str(data), "--resplit", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "40 films of 40 patients" in printed
    assert "Split hash: " in printed
    assert len(out.read_text().splitlines()) == 41


def test_a_wrong_folder_is_refused(tmp_path, capsys):
    arguments = ["fit", "--data", tmp_path, "--architecture", "mobilenet", "--init", "none"]
    assert main([str(a) for a in [*arguments, "--out", tmp_path]]) == 2
    assert "Missing: train, val, test" in capsys.readouterr().err


def test_known_films_are_described_and_no_others():
    published = find_model("mobilenet").card
    assert sources.described(None, published["split_hash"]) == published["data"]
    with pytest.raises(DataError, match="Expected --source FILE"):
        sources.described(None, "0" * 64)
    with pytest.raises(DataError, match="none of them"):
        sources.described(sources.KNOWN / "chen2018.json", "0" * 64)
