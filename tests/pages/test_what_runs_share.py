"""The research pages on runs that do not belong together: other films, copies, missing answers."""

import os
import shutil

import pytest

from tests.support.opening import opened
from tests.support.research import drawn_predictions, write_run, write_study


def text(app):
    assert not app.exception
    blocks = [*app.markdown, *app.info, *app.warning, *app.caption]
    return " ".join(str(block.value) for block in blocks).replace("\\", "")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_RESULTS", str(tmp_path))
    return tmp_path


def test_cycles_on_other_films_are_not_tested_against_each_other(folder):
    write_study(folder, cycles=2)
    for seed in (0, 1):
        place = folder / "runs" / f"resnet50-seed{seed}-00000000"
        shutil.rmtree(place)
        table = drawn_predictions(seed, skill=5.0)
        other = table.assign(image_id="x" + table["image_id"])
        write_run(folder, "resnet50", seed, predictions=other, split_hash="a" * 64)
    said = text(opened("results"))
    assert "ANOVA is not defined. The runs were measured on different films" in said
    assert "beyond seed spread" not in said
    assert "F(1" not in said
    runs = text(opened("runs", runs_part="across"))
    assert "differ in their seed alone" not in runs


def test_runs_of_one_network_on_other_films_are_of_two_recipes(folder):
    write_study(folder, cycles=2)
    write_run(folder, "mobilenet", 2, split_hash="a" * 64)
    said = text(opened("results", study="all runs"))
    assert "These 3 runs of the MobileNet are of 2 recipes" in said


def test_a_run_that_stands_in_two_folders_counts_once(tmp_path, monkeypatch):
    one, other = tmp_path / "one", tmp_path / "other"
    write_study(one, cycles=2)
    shutil.copytree(one, other)
    monkeypatch.setenv("KNEEOA_RESULTS", f"{one}{os.pathsep}{other}")
    said = text(opened("results", study="all runs"))
    assert "4 runs stand here more than once, in copied folders: each run counts once." in said
    assert "MobileNet (2 runs, 60 films)" in said
    assert "F(1, 2) = " in said


def test_a_run_without_test_answers_is_named_and_takes_no_network_away(folder):
    write_study(folder, cycles=2)
    shutil.rmtree(folder / "runs" / "resnet50-seed1-00000000")
    write_run(folder, "resnet50", 1, predictions=drawn_predictions(101, splits=("val",)))
    said = text(opened("results"))
    assert "1 of 4 finished runs is not counted here" in said
    assert "ResNet50 (1 run, 60 films)" in said
    assert "both together (3 runs, 60 films)" in said
    assert "accuracy on the test films" in said


def test_picked_runs_of_a_study_are_not_all_that_it_stands_on(folder):
    names = write_study(folder, cycles=3)
    said = text(opened("results", runs=[names[0], names[1], names[2]]))
    assert 'Of the study "one" 2 of 3 finished cycles of the MobileNet and 1 of 3 of the' in said
