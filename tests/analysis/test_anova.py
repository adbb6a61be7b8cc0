"""The ANOVA of the paper, against published worked examples and by hand."""

import numpy as np
import pandas as pd
import pytest

from kneeoa.analysis import anova
from kneeoa.metrics import agreement
from kneeoa.records.results import predictions_table

# NIST Statistical Reference Datasets, SiRstv: resistivity of silicon by five instruments. The
# certified values are those of https://www.itl.nist.gov/div898/strd/anova/SiRstv.html.
SIRSTV = {
    "1": [196.3052, 196.1240, 196.1890, 196.2569, 196.3403],
    "2": [196.3042, 196.3825, 196.1669, 196.3257, 196.0422],
    "3": [196.1303, 196.2005, 196.2889, 196.0343, 196.1811],
    "4": [196.2795, 196.1748, 196.1494, 196.1485, 195.9885],
    "5": [196.2119, 196.1051, 196.1850, 196.0052, 196.2090],
}


def observed(split="test", metric="accuracy", **groups):
    """Observations of one metric; the others are missing."""
    rows = [
        {"run_id": f"{name}-{seed}", "architecture": name, "seed": seed, "split": split}
        | {metric: v}
        for name, values in groups.items()
        for seed, v in enumerate(values)
    ]
    return pd.DataFrame(rows).reindex(
        columns=[
            "run_id",
            "architecture",
            "seed",
            "split",
            "knees",
            "patients",
            *anova.METRICS,
        ]
    )


def rows_of(table, metric="accuracy"):
    return table[table["metric"] == metric].set_index("source")


def test_nists_certified_values_are_met():
    table = rows_of(anova.anova(observed(**SIRSTV), "test"))
    between, within = table.loc["between networks"], table.loc["within networks"]
    assert between["sum_sq"] == pytest.approx(5.11462616e-02, rel=1e-6)
    assert within["sum_sq"] == pytest.approx(2.16636560e-01, rel=1e-6)
    assert (between["df"], within["df"]) == (4, 20)
    assert between["mean_sq"] == pytest.approx(1.27865654e-02, rel=1e-6)
    assert within["mean_sq"] == pytest.approx(1.08318280e-02, rel=1e-6)
    assert between["F"] == pytest.approx(1.18046237440255, rel=1e-6)
    assert between["eta_squared"] == pytest.approx(1.90999039051129e-01, rel=1e-6)


def test_a_textbook_example():
    # Montgomery, Design and Analysis of Experiments, plasma etching at four powers: F = 66.80.
    etch = {
        "160": [575, 542, 530, 539, 570],
        "180": [565, 593, 590, 579, 610],
        "200": [600, 651, 610, 637, 629],
        "220": [725, 700, 715, 685, 710],
    }
    table = rows_of(anova.anova(observed(**etch), "test"))
    assert table["sum_sq"].tolist() == pytest.approx([66870.55, 5339.20, 72209.75])
    assert table["df"].tolist() == [3, 16, 19]
    assert table.loc["between networks", "F"] == pytest.approx(66.80, abs=5e-3)


def test_two_networks_by_hand():
    # Means 2 and 5, within squares 2 + 2, between squares 6 x 1.5^2 = 13.5: F = 13.5 / (4 / 4).
    table = rows_of(anova.anova(observed(a=[1, 2, 3], b=[4, 5, 6]), "test"))
    between = table.loc["between networks"]
    assert between["F"] == pytest.approx(13.5)
    assert between["eta_squared"] == pytest.approx(13.5 / 17.5)
    assert table.loc["total", "sum_sq"] == pytest.approx(17.5)
    assert table.loc["total", "df"] == 5
    assert between["n"] == 6


def test_it_is_scipys_anova():
    from scipy import stats

    rng = np.random.default_rng(0)
    a, b = rng.normal(0.7, 0.01, 10), rng.normal(0.71, 0.02, 7)
    between = rows_of(anova.anova(observed(a=a, b=b), "test")).loc["between networks"]
    expected = stats.f_oneway(a, b)
    assert between["F"] == pytest.approx(expected.statistic)
    assert between["p"] == pytest.approx(expected.pvalue)


@pytest.mark.parametrize(
    ("groups", "note"),
    [
        ({"a": [0.7, 0.8]}, "two networks"),
        ({}, "cycles of: none"),
        ({"a": [0.7], "b": [0.8]}, "no spread"),
        ({"a": [0.7, 0.7], "b": [0.8, 0.8]}, "all equal"),
        ({"a": [0.7, 0.7], "b": [0.7, 0.7]}, "all equal"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_computed_is_empty_and_says_why(groups, note):
    between = rows_of(anova.anova(observed(**groups), "test")).loc["between networks"]
    assert np.isnan(between["F"])
    assert np.isnan(between["p"])
    assert note in between["note"]


def test_one_metric_missing_leaves_the_others():
    table = anova.anova(observed(a=[1, 2, 3], b=[4, 5, 6]), "test")
    assert list(table.columns) == anova.ANOVA_COLUMNS
    assert len(table) == 3 * len(anova.METRICS)
    assert (rows_of(table, "macro_f1")["note"] == anova.UNDEFINED).all()


def test_an_observation_is_the_summary_of_the_graded_films():
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.ones(5), 12)
    grades = rng.integers(0, 5, 12)
    names = [f"{i // 2}{'LR'[i % 2]}" for i in range(12)]
    patients = [name[:-1] for name in names]
    tables = [
        predictions_table(names, patients, split, known, probabilities)
        for split, known in (("test", grades), ("blind", np.full(12, -1)))
    ]
    found = anova.observations([("r", "mobilenet", 3, pd.concat(tables))])
    (row,) = found.to_dict("records")
    assert (row["split"], row["seed"], row["knees"], row["patients"]) == ("test", 3, 12, 6)
    for name, value in agreement.summary(grades, probabilities).items():
        assert row[name] == pytest.approx(value)
    assert set(anova.METRICS) == set(agreement.summary(grades, probabilities))
