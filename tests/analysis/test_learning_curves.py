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
