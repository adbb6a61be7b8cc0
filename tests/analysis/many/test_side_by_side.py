"""Two sets of runs side by side, against scikit-learn and a bootstrap written out."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from kneeoa.analysis import confusions
from kneeoa.analysis.many import run_sets
from kneeoa.analysis.many.side_by_side import side_by_side
from kneeoa.analysis.many.verdicts import verdicts
from kneeoa.analysis.run_names import run_names
from kneeoa.analysis.selection import select
from kneeoa.errors import DataError
from kneeoa.records.archive import read_archive
from kneeoa.records.results import PROBABILITY_COLUMNS, probabilities_of
from tests.support.research import drawn_predictions, write_study


def runs(*seeds, skill=2.0, films=60):
    tables = {f"run {s}": drawn_predictions(s, skill=skill, films=films) for s in seeds}
    return {name: confusions.graded(table, "test") for name, table in tables.items()}


def row_of(found, metric):
    return found.table.set_index("metric").loc[metric]


def test_values_are_means_over_runs_as_scikit_learn_gives_them():
    first, second = runs(0, 1, 2), runs(3, 4, skill=3.0)
    found = side_by_side(first, second)
    scores = [
        [sk.accuracy_score(of["true_grade"], of["predicted"]) for of in side.values()]
        for side in (first, second)
    ]
    row = row_of(found, "accuracy")
    assert row["first"] == pytest.approx(np.mean(scores[0]))
    assert row["first_sd"] == pytest.approx(np.std(scores[0], ddof=1))
    assert row["difference"] == pytest.approx(np.mean(scores[1]) - np.mean(scores[0]))
    kappas = [
        sk.cohen_kappa_score(of["true_grade"], of["predicted"], weights="quadratic")
        for of in second.values()
    ]
    assert row_of(found, "quadratic_kappa")["second"] == pytest.approx(np.mean(kappas))
    expected = confusions.mean_and_spread([confusions.matrix(of) for of in first.values()], "row")
    np.testing.assert_allclose(found.matrices[0], expected[0])


def test_of_each_grade_the_share_that_is_found_has_its_difference_and_interval():
    first, second = runs(0, 1), runs(3, 4, skill=3.0)
    found = side_by_side(first, second)
    for grade in range(5):
        recalls = [
            [
                sk.recall_score(of["true_grade"], of["predicted"], labels=[grade], average="macro")
                for of in side.values()
            ]
            for side in (first, second)
        ]
        row = row_of(found, f"recall_kl{grade}")
        assert row["first"] == pytest.approx(np.mean(recalls[0]))
        assert row["second_sd"] == pytest.approx(np.std(recalls[1], ddof=1))
        assert row["difference"] == pytest.approx(np.mean(recalls[1]) - np.mean(recalls[0]))
        assert row["low"] <= row["difference"] <= row["high"]
    # Paired over patients: with other patients like these, as written out.
    one = next(iter(first.values()))
    hits = [
        np.mean([(of["error"] == 0).to_numpy(float) for of in side.values()], axis=0)
        for side in (first, second)
    ]
    frame = pd.DataFrame(
        {"gain": hits[1] - hits[0], "n": 1.0, "patient": one["patient_id"].to_numpy()}
    )[(one["true_grade"] == 0).to_numpy()]
    of = frame.groupby("patient")[["gain", "n"]].sum().reindex(one["patient_id"].unique())
    of = of.fillna(0.0).to_numpy()
    picked = np.random.default_rng(5).integers(len(of), size=(4000, len(of)))
    gains = of[picked].sum(axis=1)
    low, high = np.percentile(gains[:, 0] / gains[:, 1], [2.5, 97.5])
    row = row_of(found, "recall_kl0")
    assert row["low"] == pytest.approx(low, abs=0.03)
    assert row["high"] == pytest.approx(high, abs=0.03)


def test_the_interval_is_that_of_a_bootstrap_over_patients_written_out():
    first, second = runs(0), runs(5, skill=3.0)
    (one,), (other,) = first.values(), second.values()
    right = [(of["error"] == 0).to_numpy(float) for of in (one, other)]
    gain = pd.Series(right[1] - right[0]).groupby(one["patient_id"].to_numpy()).agg(["sum", "size"])
    draw = np.random.default_rng(99)
    picked = draw.integers(len(gain), size=(4000, len(gain)))
    totals = gain["sum"].to_numpy()[picked].sum(axis=1) / gain["size"].to_numpy()[picked].sum(
        axis=1
    )
    low, high = np.percentile(totals, [2.5, 97.5])
    row = row_of(side_by_side(first, second), "accuracy")
    assert row["low"] == pytest.approx(low, abs=0.03)
    assert row["high"] == pytest.approx(high, abs=0.03)


def test_a_set_against_itself_differs_by_nothing_and_has_no_interval():
    found = side_by_side(runs(0, 1), runs(0, 1))
    assert found.paired
    assert (found.table["difference"] == 0).all()
    assert found.table[["low", "high"]].isna().all(axis=None)
    assert "2 runs of the first set also in the second." in found.sentences


def test_one_knee_of_a_grade_is_no_difference_beyond_chance():
    (one,) = runs(0).values()
    knee = one.index[one["true_grade"] == 3][0]
    films = one[(one["true_grade"] != 3) | (one.index == knee)]
    sides = []
    for given in (2, 3):
        shares = films[PROBABILITY_COLUMNS].copy()
        shares.loc[knee] = np.eye(5)[given]
        sides.append(confusions.graded(films.assign(**shares), "test"))
    found = side_by_side({"a": sides[0]}, {"b": sides[1]})
    row = row_of(found, "recall_kl3")
    assert row["difference"] == 1
    assert np.isnan([row["low"], row["high"]]).all()
    assert not any("KL 3" in sentence for sentence in verdicts(found))


def test_a_difference_of_calibration_errors_has_no_interval_and_no_verdict():
    (one,) = runs(0, films=300).values()
    few = one["patient_id"].isin(one["patient_id"].unique()[:10])
    found = side_by_side({"a": one[~few]}, {"b": one[few]})
    row = row_of(found, "expected_calibration_error")
    assert np.isfinite(row["difference"])
    assert np.isnan([row["low"], row["high"]]).all()
    assert not any("calibration" in sentence for sentence in verdicts(found))


def test_unlike_numbers_of_runs_averaged_are_said_with_the_verdict():
    alike, unlike = (
        " ".join(verdicts(side_by_side(runs(0, 1, 2), second, averaged=True)))
        for second in (runs(3, 4, 5), runs(3))
    )
    assert "A mean over 3 runs stands beside one over 1 run." in unlike
    assert "stands beside" not in alike
    assert "stands beside" not in " ".join(verdicts(side_by_side(runs(0, 1, 2), runs(3))))


def test_films_are_matched_by_name_whatever_their_order():
    (one,) = runs(0).values()
    found = side_by_side({"a": one}, {"b": one.iloc[::-1]})
    assert (found.table["difference"] == 0).all()


def test_on_other_films_the_difference_is_not_paired_and_that_is_said():
    (one,) = runs(0).values()
    other = one.assign(image_id="x" + one["image_id"], patient_id="x" + one["patient_id"])
    found = side_by_side({"a": one}, {"b": other})
    row = row_of(found, "accuracy")
    assert not found.paired
    assert row["difference"] == 0
    assert row["low"] < -0.05 < 0.05 < row["high"]
    assert "no film in common" in found.sentences[0]


def test_films_that_one_run_lacks_are_left_out_and_counted():
    (one,) = runs(0).values()
    found = side_by_side({"a": one}, {"b": one.iloc[10:]})
    assert "same 50 films" in found.sentences[0]
    assert "of up to 60 in a run" in found.sentences[1]


def test_averaged_sets_are_one_answer_each():
    first = runs(0, 1, 2)
    mean = np.mean([probabilities_of(of) for of in first.values()], axis=0)
    true = next(iter(first.values()))["true_grade"]
    row = row_of(side_by_side(first, runs(3), averaged=True), "accuracy")
    assert row["first"] == pytest.approx((mean.argmax(axis=1) == true).mean())
    assert np.isnan(row["first_sd"])


def test_sets_without_films_are_refused():
    (one,) = runs(0).values()
    with pytest.raises(DataError, match="first set"):
        side_by_side({}, {"b": one})
    other = one.assign(image_id="x" + one["image_id"])
    with pytest.raises(DataError, match="second set"):
        side_by_side({"a": one}, {"b": one, "c": other})


def test_networks_recipes_and_published_models_are_sets(tmp_path):
    write_study(tmp_path, cycles=2)
    found = read_archive([tmp_path])
    chosen = select(found, study=None, networks=("mobilenet", "resnet50"), split="test")
    sets = run_sets.run_sets(chosen, run_names(found), ("resnet50", "Both together"))
    assert sets["network mobilenet"].labels == (
        "mobilenet-seed0-00000000",
        "mobilenet-seed1-00000000",
    )
    assert sets["network mobilenet"].name == "MobileNet, all studies (2 runs)"
    assert sets["recipe ResNet50, reference"].name == "Recipe: ResNet50, reference (2 runs)"
    assert sets["published Both together"].published == "Both together"
    python = run_sets.films_python(sets["network mobilenet"], "val", {})
    assert python.startswith("measuring.films_of(found, ['mobilenet-seed0-00000000', ")
