"""The verdict's words follow from the numbers, in all three cases."""

import numpy as np
import pytest

from kneeoa.analysis.claim import CLAIM, implied_p, table_1, verdict


@pytest.mark.parametrize(
    ("interval", "told"),
    [
        ((0.66, 0.72), "does not reach it"),
        ((0.70, 0.78), "cannot refute it"),
        ((0.75, 0.80), "exceeds it"),
    ],
)
def test_verdict(interval, told):
    sentence = verdict("mobilenet", sum(interval) / 2, interval)
    assert told in sentence
    assert "claims 74.1%" in sentence
    assert f"{interval[0]:.1%} to {interval[1]:.1%}" in sentence


def tables(quality, cycles=6):
    from kneeoa.analysis import anova, comparisons
    from tests.support.cycles import study

    observed, predicted = study(**quality, cycles=cycles)
    compared = comparisons.comparisons(observed, predicted, "test")
    return observed, compared, anova.anova(observed, "test")


def rows(table, kind):
    return table[table["row"] == kind].set_index(["architecture", "metric"])


def test_table_1_has_the_papers_figures_beside_ours():
    observed, compared, anova = tables({"mobilenet": 0.3, "resnet50": 0.3})
    means = rows(table_1(observed, compared, anova), "mean")
    accuracy = means.loc[("resnet50", "accuracy")]
    ours = observed.loc[observed["architecture"] == "resnet50", "accuracy"]
    assert (accuracy["claimed"], accuracy["claimed_sd"], accuracy["cycles"]) == (0.835, 0.0058, 6)
    assert accuracy["ours"] == pytest.approx(ours.mean())
    assert accuracy["ours_sd"] == pytest.approx(ours.std(ddof=1))
    assert accuracy["difference"] == pytest.approx(ours.mean() - 0.835)
    assert accuracy["difference_low"] < accuracy["difference"] < accuracy["difference_high"] < 0
    assert (means["verdict"] == "not reproduced").all()
    assert "claimed 83.5%, ours" in accuracy["sentence"]
    assert "over 6 cycles" in accuracy["sentence"]


def test_better_is_exceeded_and_a_wide_interval_decides_nothing():
    observed, compared, anova = tables({"mobilenet": 0.97, "resnet50": 0.8})
    means = rows(table_1(observed, compared, anova), "mean")
    assert means.loc[("mobilenet", "accuracy"), "verdict"] == "exceeded"
    # 120 knees: the interval holds 83.5%, and much else.
    assert means.loc[("resnet50", "accuracy"), "verdict"] == "not decided"


def test_few_cycles_that_could_not_show_the_claimed_difference_do_not_decide_on_its_p():
    from kneeoa.analysis import anova as analysed

    observed, compared, _ = tables({"mobilenet": 0.74, "resnet50": 0.83}, cycles=2)
    observed.loc[observed["architecture"] == "mobilenet", "accuracy"] = [0.73, 0.75]
    observed.loc[observed["architecture"] == "resnet50", "accuracy"] = [0.80, 0.86]
    of_two = table_1(observed, compared, analysed.anova(observed, "test"))
    row = rows(of_two, "anova p").loc[("", "accuracy")]
    assert row["ours"] > 0.05
    assert row["verdict"] == "not decided"
    assert "Nor do these cycles rule out the claimed difference." in row["sentence"]


def test_one_cycle_decides_nothing():
    means = rows(table_1(*tables({"mobilenet": 0.3, "resnet50": 0.3}, cycles=1)), "mean")
    assert (means["verdict"] == "not decided").all()
    assert means["ours_sd"].isna().all()
    assert means["sentence"].str.contains("nothing is decided").all()


def test_the_interval_holds_both_errors():
    observed, compared, anova = tables({"mobilenet": 0.5, "resnet50": 0.6})
    found = rows(table_1(observed, compared, anova), "mean").loc[("resnet50", "accuracy")]
    sampling = compared[
        (compared["method"] == "bootstrap over patients")
        & (compared["metric"] == "accuracy")
        & (compared["comparison"] == "ResNet50")
    ].iloc[0]
    width = found["difference_high"] - found["difference_low"]
    assert width > sampling["high"] - sampling["low"]


def test_the_claimed_p_is_held_against_what_the_claimed_figures_give():
    # F = t^2 with pooled variance: (0.835 - 0.741)^2 / ((0.0036^2 + 0.0058^2) / 10) = 1896.
    from scipy import stats

    assert implied_p("accuracy") == pytest.approx(stats.f.sf(1896.1, 1, 18), rel=0.01)
    first, second = (CLAIM["networks"][name]["accuracy"] for name in ("mobilenet", "resnet50"))
    summed = [(side["mean"], side["sd"] * np.sqrt(10), 10) for side in (first, second)]
    by_scipy = stats.ttest_ind_from_stats(*summed[0], *summed[1]).pvalue
    assert implied_p("accuracy", standard_error=True) == pytest.approx(by_scipy, rel=1e-9)
    observed, compared, anova = tables({"mobilenet": 0.4, "resnet50": 0.7})
    found = rows(table_1(observed, compared, anova), "anova p")
    accuracy = found.loc[("", "accuracy")]
    assert accuracy["claimed"] == 4.36e-3
    assert accuracy["verdict"] == "reproduced"
    assert "does not follow from" in accuracy["sentence"]
    assert "does not follow from" not in found.loc[("", "macro_precision"), "sentence"]


def test_the_anova_is_not_reproduced_by_the_other_order():
    found = rows(table_1(*tables({"mobilenet": 0.8, "resnet50": 0.3})), "anova p")
    accuracy = found.loc[("", "accuracy")]
    assert accuracy["ours"] < 0.05
    assert accuracy["verdict"] == "not reproduced"
    assert "MobileNet ahead" in accuracy["sentence"]


def test_without_an_interval_over_patients_nothing_is_decided():
    observed, compared, anova = tables({"mobilenet": 0.3, "resnet50": 0.3})
    means = rows(table_1(observed, compared.iloc[:0], anova), "mean")
    assert (means["verdict"] == "not decided").all()
    assert means["sentence"].str.contains("no interval over patients").all()
