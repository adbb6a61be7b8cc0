"""The runs of a selection, measured as a notebook would, and what a study's own tables spare."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from sklearn import metrics as sk

from kneeoa.analysis import measuring, selection
from kneeoa.analysis.study_tables import stored_tables
from kneeoa.networks import ARCHITECTURES
from kneeoa.records import archive, results, studies
from kneeoa.records.studies import TABLES
from tests.support.research import write_run, write_study


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


def test_the_lines_of_a_selection_make_it_again(folder):
    made = chosen(folder, study="one", split="val", picked=("resnet50-seed1-00000000",))
    printed = []
    exec(made.python("chosen.runs"), {"print": printed.append})
    pd.testing.assert_frame_equal(printed[0], made.runs)


@pytest.fixture
def kept(folder):
    """A study with the tables that training writes; and its selection."""
    made = chosen(folder, study="one")
    place = folder / "studies" / "one"
    for name, table in measuring.tables(made).items():
        table.to_csv(place / f"{name}.csv", index=False)
    return place, made


def test_the_tables_that_a_study_keeps_are_those_of_its_runs(kept):
    place, made = kept
    found = stored_tables(place, measuring.observed(made))
    for name, table in measuring.tables(made).items():
        pd.testing.assert_frame_equal(found[name], table, check_dtype=False)
    assert set(found) == set(TABLES)


def test_tables_of_other_runs_are_not_taken(kept, folder):
    place, made = kept
    write_run(folder, "mobilenet", 1)
    assert stored_tables(place, measuring.observed(chosen(folder, study="one"))) is None
    shutil.rmtree(folder / "runs" / "mobilenet-seed1-00000000")
    assert stored_tables(place, measuring.observed(made)) is not None


@pytest.mark.parametrize("name", ["observations", "anova", "comparisons", "ensembles"])
@pytest.mark.parametrize("lost", ["its end", "its last lines", "all of it"])
def test_a_kept_table_that_lost_rows_is_not_taken(kept, name, lost):
    place, made = kept
    file = Path(place, f"{name}.csv")
    lines = file.read_text().splitlines(keepends=True)
    content = {"its end": "".join(lines)[:-9], "its last lines": "".join(lines[:-3])}
    file.write_text(content.get(lost, lines[0]))
    assert stored_tables(place, measuring.observed(made)) is None


def test_a_kept_table_with_words_for_numbers_is_not_taken(kept):
    place, made = kept
    file = place / "comparisons.csv"
    pd.read_csv(file).assign(estimate="many").to_csv(file, index=False)
    assert stored_tables(place, measuring.observed(made)) is None


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
    run = next((tmp_path / "runs").glob("mobilenet-seed1-*/run.json"))
    run.write_text(json.dumps(json.loads(run.read_text()) | {"device": "gpu"}))
    assert chosen(tmp_path, study="later").standing() == (
        f"{said} They were trained on unlike devices, which round otherwise (MobileNet: 2 on CPU, "
        "1 on GPU; ResNet50: 2 on CPU)."
    )
