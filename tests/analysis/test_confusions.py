"""Confusion, per-grade metrics and film lists, against scikit-learn and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as sk

from kneeoa.analysis import confusions, film_cards
from kneeoa.records.results import PROBABILITY_COLUMNS
from tests.support.research import drawn_predictions

FILMS = confusions.graded(drawn_predictions(0, blind=4), "test")


def test_ungraded_films_and_other_splits_are_left_out():
    assert len(FILMS) == 60
    assert set(FILMS["split"]) == {"test"}
    assert confusions.graded(drawn_predictions(0, blind=4), "blind").empty


def test_shares_of_rows_and_columns():
    counts = confusions.matrix(FILMS)
    assert np.array_equal(
        counts, sk.confusion_matrix(FILMS["true_grade"], FILMS["predicted"], labels=range(5))
    )
    rows = sk.confusion_matrix(
        FILMS["true_grade"], FILMS["predicted"], labels=range(5), normalize="true"
    )
    np.testing.assert_allclose(confusions.share(counts, "row"), 100 * rows)
    empty = counts.copy()
    empty[:, 4] = 0
    assert np.isnan(confusions.share(empty, "column")[:, 4]).all()
    assert np.array_equal(confusions.share(counts, "counts"), counts)


def test_mean_and_spread_over_runs():
    matrices = [
        confusions.matrix(confusions.graded(drawn_predictions(seed), "test")) for seed in range(3)
    ]
    mean, spread = confusions.mean_and_spread(matrices, "counts")
    np.testing.assert_allclose(mean, np.mean(matrices, axis=0))
    np.testing.assert_allclose(spread, np.std(matrices, axis=0, ddof=1))
    assert np.isnan(confusions.mean_and_spread(matrices[:1], "row")[1]).all()


def test_a_run_that_never_gives_a_grade_leaves_its_column_to_the_others():
    matrices = [
        confusions.matrix(confusions.graded(drawn_predictions(seed), "test")) for seed in range(3)
    ]
    matrices[0][:, 1] = 0
    mean, spread = confusions.mean_and_spread(matrices, "column")
    others = [confusions.share(counts, "column")[:, 1] for counts in matrices[1:]]
    np.testing.assert_allclose(mean[:, 1], np.mean(others, axis=0))
    np.testing.assert_allclose(spread[:, 1], np.std(others, axis=0, ddof=1))
    for counts in matrices:
        counts[:, 1] = 0
    assert np.isnan(confusions.mean_and_spread(matrices, "column")[0][:, 1]).all()


def test_one_knee_of_a_grade_tells_little_of_others():
    knee = FILMS[FILMS["true_grade"] == 3].iloc[:1].assign(predicted=3)
    films = pd.concat([FILMS[FILMS["true_grade"] != 3], knee])
    table = confusions.per_grade(films).set_index(["metric", "grade"])
    assert table.loc[("recall", 3), "value"] == 1
    assert table.loc[("recall", 3), "low"] == pytest.approx(0.207, abs=1e-3)


def test_per_grade_metrics_agree_with_scikit_learn():
    table = confusions.per_grade(FILMS).set_index(["metric", "grade"])
    expected = sk.precision_recall_fscore_support(
        FILMS["true_grade"], FILMS["predicted"], labels=range(5), zero_division=np.nan
    )
    for metric, values in zip(("precision", "recall", "f1"), expected, strict=False):
        np.testing.assert_allclose(table.loc[metric, "value"], values)
        assert (table.loc[metric, "low"] <= table.loc[metric, "value"] + 1e-9).all()
        assert (table.loc[metric, "value"] <= table.loc[metric, "high"] + 1e-9).all()
    assert table.loc["recall", "reference"].tolist() == expected[3].tolist()


def test_a_grade_that_is_not_there_has_no_recall():
    table = confusions.per_grade(FILMS[FILMS["true_grade"] != 4]).set_index(["metric", "grade"])
    assert table.loc[("recall", 4), ["value", "low", "high"]].isna().all()
    assert table.loc[("recall", 4), "reference"] == 0


def test_error_sizes_count_every_knee():
    table = confusions.error_sizes(FILMS)
    off = FILMS["error"].abs()
    assert table["knees"].tolist() == [(off == 0).sum(), (off == 1).sum(), (off >= 2).sum()]
    assert table["share"].sum() == pytest.approx(1)


def test_films_that_all_runs_get_wrong():
    runs = {seed: confusions.graded(drawn_predictions(seed), "test") for seed in range(3)}
    found = confusions.always_wrong(runs)
    right = np.stack([films["error"].to_numpy() == 0 for films in runs.values()])
    names = runs[0]["image_id"].to_numpy()[~right.any(axis=0)]
    assert set(found["image_id"]) == set(names)
    assert len(names) > 0
    assert found["confidence"].is_monotonic_decreasing
    assert (found["given"] != found["true_grade"]).mean() > 0.5


def test_a_film_that_one_run_lacks_is_not_compared():
    runs = {seed: confusions.graded(drawn_predictions(seed), "test") for seed in range(2)}
    runs[1] = runs[1].iloc[1:]
    assert len(confusions.film_by_film(runs)) == 59


def test_networks_are_apart_by_the_earth_movers_distance():
    one, two = (
        confusions.film_by_film({0: confusions.graded(drawn_predictions(seed), "test")})
        for seed in (0, 1)
    )
    found = confusions.most_apart(one, two)
    assert found["apart"].is_monotonic_decreasing
    film = found.iloc[0]
    shares = [
        table.set_index("image_id").loc[film["image_id"], PROBABILITY_COLUMNS].to_numpy(float)
        for table in (one, two)
    ]
    grades = np.arange(5)
    assert film["apart"] == pytest.approx(
        stats.wasserstein_distance(grades, grades, *shares), rel=1e-6
    )
    assert film["first"] == pytest.approx(shares[0] @ grades)


def test_the_films_of_a_cell_are_those_that_some_run_puts_there():
    runs = {seed: confusions.graded(drawn_predictions(seed), "test") for seed in range(3)}
    found = confusions.in_cell(runs, 0, 1).set_index("image_id")
    counts = sum(confusions.matrix(films)[0, 1] for films in runs.values())
    assert found["runs_here"].sum() == counts > 0
    assert (found["runs"] == 3).all()
    name = found.index[0]
    shares = [films.set_index("image_id").loc[name, "p1"] for films in runs.values()]
    assert found.loc[name, "confidence"] == pytest.approx(np.mean(shares))
    assert confusions.in_cell(runs, 0, 4).empty == (
        sum(confusions.matrix(films)[0, 4] for films in runs.values()) == 0
    )


def test_films_in_common_have_the_same_patient_and_reference():
    other = FILMS.iloc[2:].copy()
    other.iloc[0, other.columns.get_loc("true_grade")] += 1
    other.iloc[1, other.columns.get_loc("patient_id")] = "another"
    left = confusions.in_common({"one": FILMS, "other": other})
    wanted = FILMS["image_id"].tolist()[4:]
    assert left["one"]["image_id"].tolist() == left["other"]["image_id"].tolist() == wanted


def test_answers_of_networks_stand_beside_each_film():
    runs = {
        name: {seed: confusions.graded(drawn_predictions(seed), "test") for seed in seeds}
        for name, seeds in (("mobilenet", (0, 1)), ("resnet50", (2,)))
    }
    runs["resnet50"][2] = runs["resnet50"][2].iloc[1:]
    answers = {name: confusions.mean_answers(of) for name, of in runs.items()}
    table = confusions.with_answers(FILMS[["image_id"]], answers)
    shares = [films["p3"].to_numpy() for films in runs["mobilenet"].values()]
    np.testing.assert_allclose(table["MobileNet p3"], np.mean(shares, axis=0))
    assert table["ResNet50 p0"].isna().tolist() == [True] + [False] * 59
    common = confusions.shared_films(runs)
    assert {len(films) for films in confusions.all_runs(common).values()} == {59}
    joined = confusions.of_networks(
        {name: confusions.error_sizes(of) for name, of in answers.items()}
    )
    assert joined["network"].tolist() == ["MobileNet"] * 3 + ["ResNet50"] * 3
    assert joined.columns[0] == "network"


def test_the_sentence_of_a_cell_tells_the_cell_from_its_list():
    table = confusions.graded(drawn_predictions(0), "test")
    true = table["true_grade"].to_numpy()
    rows = np.flatnonzero(true == 1)[:3]
    runs = {}
    for name, wrong in {"a": rows[:2], "b": rows[1:]}.items():
        given = true.copy()
        given[wrong] = 0
        runs[name] = table.assign(predicted=given, error=given - true)
    knees = int((true == 1).sum())
    said = film_cards.cell_sentence(runs, "MobileNet", 1, 0)
    assert "there are 2.0 knees with reference KL 1 to which MobileNet gives KL 0" in said
    assert f"({200 / knees:.0f}% of {knees})" in said
    assert (
        "One or more of the 2 runs put 3 films there; all of the runs put 1 of them there." in said
    )
    single = film_cards.cell_sentence({"a": runs["a"]}, "MobileNet", 1, 0)
    assert single.startswith("2 knees with reference KL 1")
    assert "%" not in film_cards.cell_sentence({"a": table[true != 4]}, "MobileNet", 4, 0)


def test_rows_as_they_are_read_give_the_answers_that_graded_films_give():
    tables = {seed: drawn_predictions(seed, blind=3) for seed in range(3)}
    graded = {seed: confusions.graded(table, "test") for seed, table in tables.items()}
    as_read = {seed: confusions.with_reference(table, "test") for seed, table in tables.items()}
    expected = confusions.mean_answers(graded)
    pd.testing.assert_frame_equal(confusions.mean_answers(as_read), expected, check_dtype=False)
    # Of runs whose films stand in another order, too.
    as_read[1] = as_read[1].sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(confusions.mean_answers(as_read), expected, check_dtype=False)
    grades = expected["true_grade"].to_numpy()
    assert (expected["error"].to_numpy() == expected["predicted"].to_numpy() - grades).all()
