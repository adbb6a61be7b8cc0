"""Several runs together: the mean of calibrated probabilities, measured on both splits."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from kneeoa.analysis import ensembles
from kneeoa.metrics import calibration
from kneeoa.records import results


def predictions(seed, *, sharpness=2.0, films=120):
    """Return predictions that are right more often than not, the errors differing by seed."""
    draw = np.random.default_rng(seed)
    tables = []
    for split, first in (("val", 0), ("test", 1000)):
        grades = np.arange(films) % 5
        logits = 2 * np.eye(5)[grades] + draw.normal(0, 1.2, (films, 5))
        names = [str(first + i) for i in range(films)]
        shares = calibration.softmax(sharpness * logits)
        patients = [str((first + i) // 2) for i in range(films)]
        tables.append(results.predictions_table(names, patients, split, grades, shares))
    return pd.concat(tables, ignore_index=True)


def test_one_run_alone_is_calibrated_on_its_validation_films():
    alone = predictions(1)
    found = ensembles.calibrated([alone])
    val = alone[alone["split"] == "val"]
    shares = results.PROBABILITY_COLUMNS
    temperature = calibration.fit_temperature(val[shares].to_numpy(), val["true_grade"].astype(int))
    expected = calibration.recalibrate(alone[shares].to_numpy(), temperature)
    # Fitted once more on what is already fitted: nothing is left to change.
    np.testing.assert_allclose(found[shares], expected, atol=1e-3)
    assert list(found.columns) == list(alone.columns)


def test_members_may_list_the_films_in_any_order():
    one, two = predictions(1), predictions(2)
    mixed = two.sample(frac=1, random_state=3)
    shares = results.PROBABILITY_COLUMNS
    straight, shuffled = (ensembles.calibrated([one, other]) for other in (two, mixed))
    np.testing.assert_allclose(straight[shares], shuffled[shares], atol=1e-6)


def test_sharper_members_do_not_speak_louder():
    one, two = predictions(1), predictions(2)
    sharp = predictions(2, sharpness=3.0)
    shares = results.PROBABILITY_COLUMNS
    expected, found = (ensembles.calibrated([one, other]) for other in (two, sharp))
    np.testing.assert_allclose(found[shares], expected[shares], atol=5e-3)


def test_the_table_measures_each_network_and_both():
    runs = {"mobilenet": [predictions(1), predictions(2)], "resnet50": [predictions(3)]}
    table = ensembles.ensembles(runs)
    assert list(table["ensemble"].unique()) == ["MobileNet", "ResNet50", ensembles.TOGETHER]
    assert table.groupby("ensemble")["members"].first()[ensembles.TOGETHER] == 3
    accuracy = table[table["metric"] == "accuracy"].set_index(["ensemble", "split"])
    both = ensembles.calibrated([ensembles.calibrated(tables) for tables in runs.values()])
    test = both[both["split"] == "test"]
    predicted = test[results.PROBABILITY_COLUMNS].to_numpy().argmax(axis=1)
    expected = metrics.accuracy_score(test["true_grade"].astype(int), predicted)
    row = accuracy.loc[(ensembles.TOGETHER, "test")]
    assert row["value"] == pytest.approx(expected)
    assert row["low"] < expected < row["high"]
    assert accuracy["value"].groupby("ensemble").max()[ensembles.TOGETHER] > 0.5


def test_one_network_has_no_row_for_both():
    table = ensembles.ensembles({"resnet50": [predictions(1)]})
    assert set(table["ensemble"]) == {"ResNet50"}


def test_a_run_without_films_of_a_split_does_not_take_the_others_away():
    alone = predictions(3)
    val_only = predictions(4).query("split == 'val'")
    table = ensembles.ensembles({"mobilenet": [predictions(1)], "resnet50": [alone, val_only]})
    members = table.groupby(["ensemble", "split"])["members"].first()
    assert members["ResNet50", "test"] == 1
    assert members["ResNet50", "val"] == 2
    assert members[ensembles.TOGETHER, "test"] == 2
    expected = ensembles.ensembles({"mobilenet": [predictions(1)], "resnet50": [alone]})
    tests = [made[made["split"] == "test"].reset_index(drop=True) for made in (table, expected)]
    pd.testing.assert_frame_equal(*tests)


def test_networks_are_measured_on_the_films_that_all_runs_of_both_have():
    few = predictions(3)
    few = few[few.groupby("split").cumcount() < 40]
    runs = {"mobilenet": [predictions(1), predictions(2)], "resnet50": [few]}
    table = ensembles.ensembles(runs)
    assert set(table["knees"]) == {40}
    films = set(zip(few["split"], few["image_id"], strict=True))
    cut = [
        run[[key in films for key in zip(run["split"], run["image_id"], strict=True)]]
        for run in runs["mobilenet"]
    ]
    expected = ensembles.ensembles({"mobilenet": cut, "resnet50": [few]})
    pd.testing.assert_frame_equal(table, expected)


def test_runs_without_validation_films_in_common_are_not_averaged():
    one, other = predictions(1), predictions(2)
    other.loc[other["split"] == "val", "image_id"] += "x"
    table = ensembles.ensembles({"mobilenet": [one], "resnet50": [other]})
    assert table.empty
