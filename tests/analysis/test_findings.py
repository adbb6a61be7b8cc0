"""Sentences say what the numbers say, and no more when nothing is significant."""

import numpy as np
import pandas as pd
import pytest

from kneeoa.analysis import comparisons, findings
from kneeoa.analysis.anova import UNDEFINED, observations
from kneeoa.analysis.anova import anova as anova_of
from tests.support.research import drawn_predictions


def study(skills, cycles=4, keep=None):
    runs, predictions = [], {}
    for network, skill in skills.items():
        for seed in range(cycles):
            run_id = f"{network}{seed}"
            number = seed + 50 * (network == "resnet50")
            table = drawn_predictions(number, films=80, skill=skill)
            predictions[run_id] = table if keep is None else table[keep(table["true_grade"])]
            runs.append((run_id, network, seed, predictions[run_id]))
    observed = observations(runs)
    compared = comparisons.comparisons(observed, predictions, "test")
    return anova_of(observed, "test"), compared


@pytest.fixture(scope="module")
def apart():
    return study({"mobilenet": 1.0, "resnet50": 4.0})


@pytest.fixture(scope="module")
def alike():
    return study({"mobilenet": 2.0, "resnet50": 2.0})


def test_a_clear_difference_is_called_one(apart):
    anova, compared = apart
    said = findings.anova_sentence(anova, "accuracy")
    assert "the networks differ by more than cycles" in said
    assert "F(1, 6) = " in said
    assert "p < 0.001" in said
    careful = " ".join(findings.careful_sentences(compared, "accuracy"))
    assert "ResNet50 - MobileNet = +" in careful
    assert "(beyond seed spread" in careful
    assert "leaves out 0" in careful
    assert "paired (4 seeds): +" in careful
    assert "after Holm" in careful


def test_no_difference_is_not_called_equality(alike):
    anova, compared = alike
    row = anova[(anova["metric"] == "accuracy") & (anova["source"] == "between networks")].iloc[0]
    assert row["p"] > findings.LEVEL, "the drawn study must not differ by chance"
    said = findings.anova_sentence(anova, "accuracy")
    assert "no proof that there is none" in said
    careful = " ".join(findings.careful_sentences(compared, "accuracy"))
    assert "not beyond seed spread" in careful
    assert "holds 0: these films do not tell" in careful


def test_one_network_and_one_cycle_are_said_to_be_too_few():
    anova, compared = study({"mobilenet": 2.0}, cycles=1)
    assert "not defined" in findings.anova_sentence(anova, "accuracy")
    assert list(findings.careful_sentences(compared, "accuracy")) == [
        "Needs cycles of two networks. There are cycles of: MobileNet."
    ]
    assert any("not tested" in said for said in findings.assumption_sentences(compared, "accuracy"))


def test_of_a_metric_that_is_not_defined_that_is_said_and_nothing_of_networks():
    anova, compared = study({"mobilenet": 2.0, "resnet50": 2.0}, keep=lambda grade: grade < 2)
    assert UNDEFINED in findings.anova_sentence(anova, "auc_kl2")
    assert list(findings.careful_sentences(compared, "auc_kl2")) == [UNDEFINED]
    normality = list(findings.assumption_sentences(compared, "auc_kl2"))
    assert len(normality) == 2
    assert all(UNDEFINED in sentence for sentence in normality)
    assert "F(1, 6)" in findings.anova_sentence(anova, "accuracy")


def test_no_interval_is_told_of_a_difference_of_calibration_errors(apart):
    metric = "expected_calibration_error"
    assert not any("Other patients" in said for said in careful(apart, metric))
    assert any("Other patients" in said for said in careful(apart, "accuracy"))


def test_a_card_whose_films_bear_no_interval_shows_none():
    card = {
        "values": {"accuracy": 1.0, "quadratic_kappa": 1.0, "within_one_grade": 0.9},
        "intervals_95": {
            "accuracy": [1.0, 1.0],
            "quadratic_kappa": [None, None],
            "within_one_grade": [0.8, 1.0],
        },
    }
    rows = findings.performance_rows({"MobileNet": card})
    assert [row["MobileNet"] for row in rows] == ["100.0%", "1.000", "90.0%  (80.0% to 100.0%)"]


def careful(made, metric):
    return findings.careful_sentences(made[1], metric)


def test_assumptions_are_reported_per_network(apart):
    said = list(findings.assumption_sentences(apart[1], "accuracy"))
    assert len(said) == 3
    assert "MobileNet" in said[0]
    assert "ResNet50" in said[1]
    assert "variance" in said[2]


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0004, "p < 0.001"), (0.0321, "p = 0.032"), (0.5, "p = 0.50"), (np.nan, "p not defined")],
)
def test_p_is_rounded_as_it_is_read(p, text):
    assert findings.p_text(p) == text


def test_values_carry_their_unit():
    assert findings.value_text("accuracy", 0.701) == "70.1%"
    assert findings.value_text("accuracy", -0.012, signed=True) == "-1.2 points"
    assert findings.value_text("accuracy", -0.0004, signed=True) == "+0.0 points"
    assert findings.value_text("quadratic_kappa", -0.0004) == "0.000"
    assert findings.value_text("quadratic_kappa", 0.8123) == "0.812"
    assert findings.value_text("mean_absolute_error", 0.4) == "0.40 grades"
    assert findings.value_text("accuracy", pd.NA) == "not defined"
