"""What is added to the paper's ANOVA, against second implementations and published examples."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from kneeoa.analysis import anova, comparisons, findings
from kneeoa.analysis.between_cycles import _permutation, between_cycles, hedges_g
from kneeoa.analysis.study_tables import study_tables
from tests.support.cycles import PATIENTS, study


@pytest.fixture(scope="module")
def observed_and_predictions():
    return study()


@pytest.fixture(scope="module")
def table(observed_and_predictions):
    return comparisons.comparisons(*observed_and_predictions, "test")


def row(table, method, metric="accuracy", comparison="ResNet50 - MobileNet"):
    here = table[(table["method"] == method) & (table["metric"] == metric)]
    return here[here["comparison"] == comparison].iloc[0]


def accuracies(observed, name):
    return observed.loc[observed["architecture"] == name, "accuracy"].to_numpy()


def test_every_row_says_what_it_shows_and_cannot(table):
    assert list(table.columns) == comparisons.COLUMNS
    assert (table["shows"].str.len() > 20).all()
    assert (table["cannot_show"].str.len() > 20).all()
    assert set(table["metric"]) == set(anova.METRICS)
    assert set(table["unit"]) == {"cycles", "patients", "knees"}


def test_cycles_of_several_recipes_have_no_pairs_by_seed():
    first, second = pd.Series([0.6, 0.7, 0.8], [0, 0, 1]), pd.Series([0.5, 0.6, 0.9], [0, 1, 1])
    groups = {"mobilenet": first, "resnet50": second}
    paired = {made["method"]: made for made in between_cycles(groups)}["paired t test by seed"]
    assert paired["n"] == 0
    assert "the same seed" in paired["note"]
    assert "p" not in paired


def test_t_tests_are_scipys(table, observed_and_predictions):
    observed, _ = observed_and_predictions
    mobilenet, resnet50 = (accuracies(observed, name) for name in ("mobilenet", "resnet50"))
    welch = stats.ttest_ind(resnet50, mobilenet, equal_var=False)
    low, high = welch.confidence_interval()
    found = row(table, "Welch t test")
    assert found[["statistic", "p", "low", "high"]].tolist() == pytest.approx(
        [welch.statistic, welch.pvalue, low, high]
    )
    assert found["estimate"] == pytest.approx(resnet50.mean() - mobilenet.mean())
    paired = stats.ttest_rel(resnet50, mobilenet)
    found = row(table, "paired t test by seed")
    assert found[["statistic", "p"]].tolist() == pytest.approx([paired.statistic, paired.pvalue])
    assert found["n"] == 5


def test_the_permutation_test_counts_every_way_to_share_the_cycles_out(table):
    # Complete separation of 5 and 5: 2 of the 252 ways are as extreme.
    assert row(table, "permutation test")["p"] == pytest.approx(2 / 252)


def test_hedges_g_of_a_published_example():
    # Borenstein, Hedges, Higgins and Rothstein 2009, ch. 4: means 103 and 100, SD 5.5 and 4.5,
    # n = 50 each: g = 0.5924, variance 0.0411.
    draw = np.random.default_rng(0).normal(size=(2, 50))
    draw = (draw - draw.mean(axis=1, keepdims=True)) / draw.std(axis=1, ddof=1, keepdims=True)
    g, low, high = hedges_g(100 + 4.5 * draw[1], 103 + 5.5 * draw[0])
    assert g == pytest.approx(0.5924, abs=1e-3)
    assert ((high - low) / 2 / stats.norm.ppf(0.975)) ** 2 == pytest.approx(0.0411, abs=2e-4)


def test_holm_corrects_over_the_metrics_of_one_method(table):
    welch = table[table["method"] == "Welch t test"]
    expected = multipletests(welch["p"], method="holm")[1]
    np.testing.assert_allclose(welch["p_holm"], expected)
    assert len(welch) == len(anova.METRICS)


@pytest.mark.parametrize(
    "p", [[0.01, 0.04, 0.03, 0.005], [0.5, 0.9, 1.0], [0.02, 0.02, 0.02], [0.0, 0.3], [0.2]]
)
def test_holm_is_that_of_statsmodels(p):
    np.testing.assert_allclose(comparisons.holm(np.array(p)), multipletests(p, method="holm")[1])


def test_the_bootstrap_is_of_the_mean_over_cycles_and_of_the_paired_difference(
    table, observed_and_predictions
):
    observed, _ = observed_and_predictions
    method = "bootstrap over patients"
    alone = {name: row(table, method, comparison=name) for name in ("MobileNet", "ResNet50")}
    both = row(table, method)
    means = [accuracies(observed, name).mean() for name in ("mobilenet", "resnet50")]
    assert [found["estimate"] for found in alone.values()] == pytest.approx(means)
    assert both["estimate"] == pytest.approx(means[1] - means[0])
    assert both["low"] < both["estimate"] < both["high"]
    assert (both["n"], both["unit"]) == (PATIENTS, "patients")


def test_mcnemar_by_hand(table, observed_and_predictions):
    _, predicted = observed_and_predictions
    true = predicted["mobilenet-0"]["true_grade"].to_numpy(int)
    right = [
        np.mean([predicted[f"{name}-{seed}"].iloc[:, 4:] for seed in range(5)], axis=0).argmax(
            axis=1
        )
        == true
        for name in ("mobilenet", "resnet50")
    ]
    only_first, only_second = (right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum()
    exact = stats.binomtest(int(min(only_first, only_second)), int(only_first + only_second))
    found = row(table, "McNemar")
    assert found["p"] == pytest.approx(exact.pvalue)
    assert f"{only_first} films right by the MobileNet alone" in found["note"]
    assert 0 < row(table, "sign-flip test over patients")["p"] <= 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("cycles", [0, 1, 2])
def test_too_few_cycles_leave_rows_that_say_so(cycles):
    if cycles == 0:
        observed, predicted = study(cycles=1)
        observed = observed[observed["architecture"] == "mobilenet"]
    else:
        observed, predicted = study(cycles=cycles)
    table = comparisons.comparisons(observed, predicted, "test")
    undefined = table[table["p"].isna() & table["estimate"].isna()]
    assert (undefined["note"].str.len() > 10).all()
    if cycles == 0:
        assert "There are cycles of: MobileNet" in " ".join(table["note"])


def test_runs_on_different_films_are_not_compared_by_film(observed_and_predictions):
    observed, predicted = observed_and_predictions
    fewer = predicted | {"resnet50-0": predicted["resnet50-0"].iloc[:-2]}
    table = comparisons.comparisons(observed, fewer, "test")
    notes = table.loc[table["method"] == "by patient", "note"]
    assert len(notes) == len(anova.METRICS)
    assert notes.str.contains("different films").all()


def test_cycles_on_different_films_are_not_tested_against_each_other(observed_and_predictions):
    observed, predicted = observed_and_predictions
    turned = {
        name: table.assign(patient_id="x" + table["patient_id"]) if "resnet50" in name else table
        for name, table in predicted.items()
    }
    table = comparisons.comparisons(observed, turned, "test")
    assert table["p"].isna().all()
    assert table["low"].isna().all()
    tables = study_tables(
        list(observed[["run_id", "architecture", "seed"]].itertuples(index=False, name=None)),
        turned,
        splits=("test",),
    )
    assert tables["anova"]["p"].isna().all()
    claimed = tables["table1"]
    assert (claimed["verdict"] == "not decided").all()
    assert (
        claimed.loc[claimed["row"] == "anova p", "sentence"].str.contains("different films").all()
    )


def test_films_in_another_order_are_the_same_films(observed_and_predictions):
    observed, predicted = observed_and_predictions
    turned = predicted | {"resnet50-0": predicted["resnet50-0"].iloc[::-1]}
    assert anova.unlike_films(observed, turned, "test") == ""


def test_equal_networks_are_seldom_called_different():
    observed, predicted = study(resnet50=0.61, mobilenet=0.6)
    table = comparisons.comparisons(observed, predicted, "test")
    assert row(table, "Welch t test")["p_holm"] > 0.05
    difference = row(table, "bootstrap over patients")
    assert difference["low"] < 0 < difference["high"]


def test_welch_and_g_of_rs_cars():
    # R 4: t.test(mpg ~ am, mtcars) gives t = 3.7671, p = 0.001374, 3.209684 to 11.280194; the
    # package effectsize gives hedges_g(mpg ~ am, data = mtcars) as 1.44 (signs turned here).
    automatic = [21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3]
    automatic += [15.2, 10.4, 10.4, 14.7, 21.5, 15.5, 15.2, 13.3, 19.2]
    manual = [21, 21, 22.8, 32.4, 30.4, 33.9, 27.3, 26, 30.4, 15.8, 19.7, 15, 21.4]
    groups = {"mobilenet": pd.Series(automatic), "resnet50": pd.Series(manual)}
    found = {one["method"]: one for one in between_cycles(groups)}
    welch = found["Welch t test"]
    assert welch["statistic"] == pytest.approx(3.7671, abs=1e-4)
    assert welch["p"] == pytest.approx(0.001374, abs=1e-6)
    assert [welch["low"], welch["high"]] == pytest.approx([3.209684, 11.280194], abs=1e-6)
    assert found["Hedges g"]["estimate"] == pytest.approx(1.44, abs=5e-3)


def test_two_cycles_have_no_test_of_variance():
    groups = {"mobilenet": pd.Series([0.70, 0.71]), "resnet50": pd.Series([0.80, 0.83])}
    found = {one["method"]: one for one in between_cycles(groups)}
    variance = found["Brown-Forsythe equal variance"]
    assert "p" not in variance
    assert "three cycles" in variance["note"]
    groups["resnet50"] = pd.Series([0.80])
    found = {one["method"]: one for one in between_cycles(groups)}
    assert "three cycles" in found["Brown-Forsythe equal variance"]["note"]
    assert "two cycles" in found["Welch t test"]["note"]


def test_films_with_other_grades_are_other_films(observed_and_predictions):
    observed, predicted = observed_and_predictions
    other = predicted["resnet50-0"].assign(true_grade=4)
    table = comparisons.comparisons(observed, predicted | {"resnet50-0": other}, "test")
    assert table["note"].str.contains("different films").any()


@pytest.mark.parametrize("ties", [False, True])
def test_the_exact_permutation_test_is_scipys(ties):
    draw = np.random.default_rng(4)
    first, second = draw.normal(0, 1, 5), draw.normal(0.8, 1, 6)
    if ties:
        first, second = first.round(), second.round()
    expected = stats.permutation_test(
        (second, first), lambda a, b: np.mean(a) - np.mean(b), n_resamples=np.inf
    )
    found = _permutation(first, second)
    assert found["p"] == pytest.approx(expected.pvalue, abs=1e-9)
    assert found["estimate"] == pytest.approx(expected.statistic)


def test_film_by_film_as_many_cycles_of_one_network_as_of_the_other(observed_and_predictions):
    observed, predicted = observed_and_predictions
    uneven = observed[(observed["architecture"] == "mobilenet") | (observed["seed"] < 2)]
    alike = observed[observed["seed"] < 2]
    found, expected = (
        row(comparisons.comparisons(table, predicted, "test"), "McNemar")
        for table in (uneven, alike)
    )
    assert found[["estimate", "p"]].tolist() == expected[["estimate", "p"]].tolist()
    assert "(means of 2 of 5 cycles and 2 cycles)" in found["note"]
    assert "(means of 2 cycles and 2 cycles)" in expected["note"]


def test_film_by_film_the_lowest_seeds_count_and_no_more_of_one_network(observed_and_predictions):
    observed, predicted = observed_and_predictions
    apart = observed["seed"].where(observed["architecture"] == "mobilenet", observed["seed"] + 4)
    # Seeds 0 to 4 against 4 to 8: as many of each, whichever they share.
    note = row(comparisons.comparisons(observed.assign(seed=apart), predicted, "test"), "McNemar")
    assert "(means of 5 cycles and 5 cycles)" in note["note"]
    one = (observed["architecture"] == "mobilenet") | (observed["seed"] == 3)
    turned = observed.assign(seed=4 - observed["seed"])
    for table, lowest in ((observed[one], "mobilenet-0"), (turned[one], "mobilenet-4")):
        found = row(comparisons.comparisons(table, predicted, "test"), "McNemar")
        alone = table["run_id"].isin([lowest, "resnet50-3"])
        expected = row(comparisons.comparisons(table[alone], predicted, "test"), "McNemar")
        assert found[["estimate", "p"]].tolist() == expected[["estimate", "p"]].tolist()
        assert "(means of 1 of 5 cycles and 1 cycle)" in found["note"]


def test_where_seeds_repeat_no_recipe_is_picked_to_be_compared_film_by_film():
    observed, predicted = study(mobilenet=0.6, resnet50=0.6, cycles=6)
    repeated = observed.assign(seed=observed["seed"] // 3)
    few = repeated["run_id"].isin(["resnet50-0", "resnet50-3"])
    unequal = repeated[few | (repeated["architecture"] == "mobilenet")]
    table = comparisons.comparisons(unequal, predicted, "test")
    for method in ("McNemar", "sign-flip test over patients"):
        found = row(table, method)
        assert found[["estimate", "p"]].isna().all()
        assert "which of 6 cycles and 2 cycles to average is open" in found["note"]
    said = list(findings.careful_sentences(table, "accuracy"))
    assert any(one.startswith("Film by film: not tested. Several cycles") for one in said)
    # As many of each are all taken: nothing is picked.
    both = row(comparisons.comparisons(repeated, predicted, "test"), "McNemar")
    assert "(means of 6 cycles and 6 cycles)" in both["note"]


def test_a_difference_in_calibration_error_has_no_interval(table):
    difference = row(table, "bootstrap over patients", "expected_calibration_error")
    assert difference[["low", "high"]].isna().all()
    assert np.isfinite(difference["estimate"])
