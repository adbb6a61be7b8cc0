"""The runs of a selection, measured as a notebook would, and what a study's own tables spare."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from kneeoa.analysis import measuring, selection
from kneeoa.analysis.many.run_sets import run_sets
from kneeoa.analysis.run_names import run_names
from kneeoa.analysis.study_tables import stored_tables
from kneeoa.networks import ARCHITECTURES
from kneeoa.records import archive, results, studies
from kneeoa.records.studies import TABLES
from tests.support.research import drawn_predictions, write_run, write_study


def chosen(*folders, study=None, split="test", **more):
    found = archive.read_archive(folders)
    study = study and selection.study_labels(found)[study]
    return selection.select(found, study=study, networks=ARCHITECTURES, split=split, **more)


@pytest.fixture
def folder(tmp_path):
    write_study(tmp_path, cycles=2, failed=["mobilenet-seed1-00000000"])
    return tmp_path


def test_the_table_of_runs_has_what_their_files_say(folder):
    made = chosen(folder, study="one")
    table = measuring.run_table(made, measuring.observed(made)).set_index("run")
    assert table.index[-1] == "mobilenet-seed1-00000000"  # those without metrics stand last
    for run in table.index[:-1]:
        films = results.read_predictions(folder / "runs" / run / "predictions.csv")
        films = films[films["split"] == "test"]
        given = films[results.PROBABILITY_COLUMNS].to_numpy().argmax(axis=1)
        true = films["true_grade"].astype(int)
        assert table.loc[run, "accuracy"] == pytest.approx(sk.accuracy_score(true, given))
        assert table.loc[run, "quadratic_kappa"] == pytest.approx(
            sk.cohen_kappa_score(true, given, weights="quadratic")
        )
    assert table.loc["mobilenet-seed1-00000000", "why"] == "The disk is full."
    assert table["state"].tolist() == ["finished", "finished", "finished, unpaired", "failed"]
    assert "3 of 4 runs finished, 1 failed" in made.states()


def test_a_run_without_grades_is_listed_as_such(folder):
    file = folder / "runs" / "mobilenet-seed0-00000000" / "predictions.csv"
    table = results.read_predictions(file)
    results.write_predictions(file, table.assign(true_grade=pd.NA))
    made = chosen(folder)
    runs = measuring.run_table(made, measuring.observed(made)).set_index("run")
    assert runs.loc["mobilenet-seed0-00000000", "state"] == "finished, not graded"
    assert list(measuring.graded_films(made)) == ["resnet50"]


def test_runs_and_studies_of_folders_called_alike_have_names_of_their_own(tmp_path):
    one, other = tmp_path / "one" / "results", tmp_path / "other" / "results"
    for folder in (one, other):
        write_study(folder, cycles=1)
    write_run(other, "mobilenet", 7)
    made = chosen(one, other)
    assert made.runs["label"].is_unique
    assert "mobilenet-seed7-00000000" in set(made.runs["label"])
    assert set(selection.study_labels(made.archive)) == {f"{one}/one", f"{other}/one"}
    picked = (f"{other}/mobilenet-seed0-00000000",)
    assert chosen(one, other, picked=picked).runs["folder"].tolist() == [str(other)]


def test_a_copy_of_a_run_in_another_folder_is_no_other_run(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    write_study(one, cycles=2)
    shutil.copytree(one, other)
    write_run(other, "mobilenet", 1, model_sha256="9" * 64, run_id="mobilenet-seed7-00000000")
    both = chosen(one, other)
    alone = chosen(one)
    assert len(both.finished) == len(alone.finished) + 1
    sets = run_sets(both, run_names(both.archive))
    assert sets["network resnet50"].name == "ResNet50, all studies (2 runs)"
    assert len(sets["recipe ResNet50, reference"].labels) == 2
    # The study of the copied folder is still one of its own runs.
    assert len(chosen(one, other, study="other/one").finished) == 4


def test_of_copies_of_a_run_the_one_that_can_be_read_counts(tmp_path):
    folders = [tmp_path / name for name in "abc"]
    write_study(folders[0], cycles=1)
    for folder in folders[1:]:
        shutil.copytree(folders[0], folder)
    run = Path("runs", "resnet50-seed0-00000000", "predictions.csv")
    (folders[0] / run).write_text("cut off")
    made = chosen(*folders)
    assert set(measuring.graded_films(made)) == {"mobilenet", "resnet50"}
    assert len(made.finished) == 2
    # Two runs, however many folders they stand in.
    assert selection.copied(made.archive.runs) == 2
    for folder in folders[1:]:
        (folder / run).unlink()
    assert len(chosen(*folders).finished) == 2


def test_a_run_without_answers_on_these_films_is_said_to_be_without_grades(folder):
    write_run(folder, "resnet50", 5, predictions=drawn_predictions(5, splits=("val",)))
    for split, state in (("test", "finished, not graded"), ("val", "finished")):
        made = chosen(folder, split=split)
        runs = measuring.run_table(made, measuring.observed(made)).set_index("run")
        assert runs.loc["resnet50-seed5-00000000", "state"] == state


def test_the_split_of_its_films_is_a_setting_of_a_run(folder):
    write_run(folder, "resnet50", 5, split_hash="a" * 64)
    made = chosen(folder)
    table = measuring.setting_table(made, ["resnet50-seed0-00000000", "resnet50-seed5-00000000"])
    assert table.set_index("setting").loc["split"].tolist() == ["ffffffff", "aaaaaaaa"]


def test_the_lines_of_a_selection_make_it_again(folder):
    made = chosen(folder, study="one", split="val", picked=("resnet50-seed1-00000000",))
    printed = []
    exec(made.python("chosen.runs"), {"print": printed.append})
    pd.testing.assert_frame_equal(printed[0], made.runs)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """The tables of the study of `folder`: what they are made from is always the same."""
    folder = tmp_path_factory.mktemp("compared")
    write_study(folder, cycles=2, failed=["mobilenet-seed1-00000000"])
    return measuring.tables(chosen(folder, study="one"))


@pytest.fixture
def kept(folder, compared):
    """A study with the tables that training writes; and its selection."""
    place = folder / "studies" / "one"
    for name, table in compared.items():
        table.to_csv(place / f"{name}.csv", index=False)
    return place, chosen(folder, study="one")


def kept_tables(place, made):
    return stored_tables(place, measuring.observed(made), measuring.predictions(made))


def test_the_tables_that_a_study_keeps_are_those_of_its_runs(kept):
    place, made = kept
    found = kept_tables(place, made)
    for name, table in measuring.tables(made).items():
        pd.testing.assert_frame_equal(found[name], table, check_dtype=False)
    assert set(found) == set(TABLES)


def test_tables_of_other_runs_are_not_taken(kept, folder):
    place, made = kept
    write_run(folder, "mobilenet", 1)
    assert kept_tables(place, chosen(folder, study="one")) is None
    shutil.rmtree(folder / "runs" / "mobilenet-seed1-00000000")
    assert kept_tables(place, made) is not None


@pytest.mark.parametrize(
    "owners",
    [lambda ids: ids.str.slice(0, -1), lambda ids: pd.Series(np.roll(ids, 1), ids.index)],
    ids=["a tenth as many patients", "as many patients with other knees"],
)
def test_tables_over_other_patients_are_not_taken(kept, folder, owners):
    place, made = kept
    for run in made.finished["run_id"]:
        file = folder / "runs" / run / "predictions.csv"
        table = results.read_predictions(file)
        corrected = owners(table["patient_id"].astype(object))
        results.write_predictions(file, table.assign(patient_id=corrected))
    assert kept_tables(place, chosen(folder, study="one")) is None


@pytest.mark.parametrize("old", [{"estimate": 0.2}, {"note": "(means of 2 cycles and 1 cycle)."}])
def test_tables_that_compare_other_cycles_film_by_film_are_not_taken(kept, old):
    place, made = kept
    file = place / "comparisons.csv"
    table = pd.read_csv(file)
    by_film = (table["method"] == "McNemar") & (table["split"] == "test")
    assert by_film.sum() == 1
    table.loc[by_film, list(old)] = list(old.values())
    table.to_csv(file, index=False)
    assert kept_tables(place, made) is None


def test_tables_that_compare_runs_of_unlike_films_are_not_taken(kept, folder):
    place, _ = kept
    file = folder / "runs" / "resnet50-seed0-00000000" / "predictions.csv"
    table = results.read_predictions(file)
    results.write_predictions(file, table.assign(image_id="x" + table["image_id"]))
    assert kept_tables(place, chosen(folder, study="one")) is None


@pytest.mark.parametrize("name", ["observations", "anova", "comparisons", "ensembles"])
@pytest.mark.parametrize("lost", ["its end", "its last lines", "all of it"])
def test_a_kept_table_that_lost_rows_is_not_taken(kept, name, lost):
    place, made = kept
    file = Path(place, f"{name}.csv")
    lines = file.read_text().splitlines(keepends=True)
    content = {"its end": "".join(lines)[:-9], "its last lines": "".join(lines[:-3])}
    file.write_text(content.get(lost, lines[0]))
    assert kept_tables(place, made) is None


def test_a_kept_table_with_words_for_numbers_is_not_taken(kept):
    place, made = kept
    file = place / "comparisons.csv"
    pd.read_csv(file).assign(estimate="many").to_csv(file, index=False)
    assert kept_tables(place, made) is None


def test_the_papers_own_study_comes_first_and_says_on_how_many_cycles_it_stands(tmp_path):
    write_study(tmp_path, cycles=3, study_id="early", missing=["resnet50-seed2-00000000"])
    record = studies.read_study(tmp_path, "early")
    studies.write_study(tmp_path, replace(record, study_id="later", preset="paper", cycles=10))
    made = chosen(tmp_path, study="later")
    assert list(selection.study_labels(made.archive)) == ["later", "early"]
    said = (
        'The study "later" stands on 3 of 10 cycles of the MobileNet and 2 of 10 of the ResNet50.'
    )
    assert made.standing() == said
    assert chosen(tmp_path).standing() == ""
    picked = ("mobilenet-seed0-00000000", "resnet50-seed1-00000000", "mobilenet-seed2-00000000")
    assert chosen(tmp_path, study="later", picked=picked).standing() == (
        'Of the study "later" 2 of 3 finished cycles of the MobileNet and 1 of 2 of the ResNet50 '
        "are chosen."
    )
    run = next((tmp_path / "runs").glob("mobilenet-seed1-*/run.json"))
    run.write_text(json.dumps(json.loads(run.read_text()) | {"device": "gpu"}))
    assert chosen(tmp_path, study="later").standing() == (
        f"{said} They were trained on unlike devices, which round otherwise (MobileNet: 2 on CPU, "
        "1 on GPU; ResNet50: 2 on CPU)."
    )


def test_unlike_backends_and_precisions_and_what_learnt_nothing_are_said(tmp_path):
    write_study(tmp_path, cycles=2)
    for network, precision in (("mobilenet", "mixed_bfloat16"), ("resnet50", "float32")):
        for run in (tmp_path / "runs").glob(f"{network}-*/run.json"):
            libraries = {"tensorflow" if "resnet50-seed1" in run.parent.name else "torch": "2"}
            record = json.loads(run.read_text())
            run.write_text(json.dumps(record | {"precision": precision, "libraries": libraries}))
    made = chosen(tmp_path, study="one")
    assert (
        "trained on unlike backends and precisions, which round otherwise (MobileNet: 2 by PyTorch "
        "in mixed_bfloat16; ResNet50: 1 by PyTorch in float32, 1 by TensorFlow in float32)."
    ) in made.standing()
    assert "learnt nothing" not in made.standing()
    epochs = next((tmp_path / "runs").glob("resnet50-seed1-*/history.csv"))
    pd.read_csv(epochs).assign(val_loss=12.9).to_csv(epochs, index=False)
    made = chosen(tmp_path, study="one")
    assert "1 of them learnt nothing" in made.standing()
    assert "(ResNet50 seed 1)" in made.standing()
    table = measuring.run_table(made, measuring.observed(made))
    learnt_nothing = table["why"].str.contains("never below 1.61, that of guessing", regex=False)
    assert table.loc[learnt_nothing, "run"].tolist() == [epochs.parent.name]


def test_a_run_whose_folder_was_copied_is_one(tmp_path):
    (name, *_) = write_study(tmp_path, cycles=2)
    copy = tmp_path / "runs" / "a-backup"
    shutil.copytree(tmp_path / "runs" / name, copy)
    made = chosen(tmp_path)
    assert name in list(made.runs["run_id"])
    assert len(made.finished) == 4
    assert selection.copied(made.archive.runs) == 1
    (copy.parent / name / "predictions.csv").unlink()
    assert "a-backup" in list(chosen(tmp_path).runs["run_id"])
