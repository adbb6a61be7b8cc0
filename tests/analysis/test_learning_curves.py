"""Learning curves: bands over runs, where stages begin, which settings differ."""

import numpy as np
import pandas as pd
import pytest

from kneeoa.analysis import learning_curves
from tests.support.research import drawn_history

HISTORIES = {
    "a": ("mobilenet", drawn_history(0)),
    "b": ("mobilenet", drawn_history(1, epochs=4)),
    "c": ("resnet50", drawn_history(2)),
}


def test_the_band_is_over_the_runs_that_got_so_far():
    table = learning_curves.band(learning_curves.learning_curves(HISTORIES), "val_loss")
    rows = table.set_index(["architecture", "epoch"])
    values = [HISTORIES[name][1]["val_loss"][2] for name in "ab"]
    assert rows.loc[("mobilenet", 3), "mean"] == pytest.approx(np.mean(values))
    assert rows.loc[("mobilenet", 3), "high"] == pytest.approx(
        np.mean(values) + np.std(values, ddof=1)
    )
    assert rows.loc[("mobilenet", 5), "runs"] == 1
    assert np.isnan(rows.loc[("mobilenet", 5), "sd"])
    assert rows.loc[("mobilenet", 5), "mean"] == HISTORIES["a"][1]["val_loss"][4]


def test_stages_begin_where_the_runs_say():
    later = drawn_history(3).assign(stage=[1, 1, 1, 2, 2, 2])
    later["trainable_from"] = ["head"] * 3 + ["all"] * 3
    curves = learning_curves.learning_curves(HISTORIES | {"d": ("mobilenet", later)})
    rows = learning_curves.stages(curves).set_index(["architecture", "stage"])
    assert rows.loc[("mobilenet", 2), ["first", "last"]].tolist() == [3, 4]
    assert rows.loc[("resnet50", 2), "trainable_from"] == "all"


def test_without_runs_there_are_no_curves():
    empty = learning_curves.learning_curves({})
    assert learning_curves.band(empty, "val_loss").empty
    assert learning_curves.stages(empty).empty


def test_runs_of_unlike_recipes_are_not_averaged_together():
    recipes = {"a": "plain", "b": "noisy", "c": "plain"}
    table = learning_curves.band(learning_curves.learning_curves(HISTORIES, recipes), "val_loss")
    assert set(table["runs"]) == {1}
    rows = table.set_index(["architecture", "recipe", "epoch"])["mean"]
    assert rows["mobilenet", "noisy", 3] == HISTORIES["b"][1]["val_loss"][2]


def test_a_loss_that_is_no_number_is_named_and_left_out_of_means():
    broken = drawn_history(1)
    broken.loc[2:3, "val_loss"] = [np.inf, np.nan]
    curves = learning_curves.learning_curves(HISTORIES | {"b": ("mobilenet", broken)})
    (row,) = learning_curves.not_finite(curves).to_dict("records")
    assert row == {"run_id": "b", "measure": "val_loss", "first": 3, "epochs": 2}
    table = learning_curves.band(learning_curves.finite(curves, "val_loss"), "val_loss")
    rows = table.set_index(["architecture", "epoch"])
    assert rows.loc[("mobilenet", 3), "mean"] == HISTORIES["a"][1]["val_loss"][2]


def test_smoothing_is_the_mean_of_a_runs_own_neighbours():
    curves = learning_curves.learning_curves(HISTORIES)
    flat = learning_curves.smoothed(curves, "val_loss", 3)
    values = HISTORIES["b"][1]["val_loss"]
    found = flat.loc[flat["run_id"] == "b", "val_loss"].tolist()
    assert found[1] == pytest.approx(values[:3].mean())
    assert found[0] == pytest.approx(values[:2].mean())
    assert found[3] == pytest.approx(values[2:4].mean())
    pd.testing.assert_frame_equal(learning_curves.smoothed(curves, "val_loss", 1), curves)


def test_only_settings_that_differ_are_listed():
    configs = {
        "a": {"dropout": 0.2, "stages": [{"epochs": 1}], "seed": 0},
        "b": {"dropout": 0.2, "stages": [{"epochs": 2}], "seed": 0, "noise": 0.1},
    }
    table = learning_curves.config_differences(configs)
    assert sorted(table.index) == ["noise", "stages"]
    assert table.loc["stages", "b"] == [{"epochs": 2}]
    assert pd.isna(table.loc["noise", "a"])
    assert learning_curves.config_differences({"a": configs["a"]}).empty


def test_training_accuracy_of_soft_targets_is_said_to_be_none_of_the_readers():
    soft, hard = {"teacher": "soft.csv"}, {"teacher": ""}
    assert "agreement with the likeliest grade" in learning_curves.note_of("accuracy", [hard, soft])
    assert not learning_curves.note_of("val_accuracy", [soft])
    assert not learning_curves.note_of("accuracy", [hard, {}])
