"""Sentences say what the numbers say, and no more when nothing is significant."""

import numpy as np
import pandas as pd
import pytest

from kneeoa.analysis import comparisons, findings
from kneeoa.analysis.anova import anova as anova_of
from kneeoa.analysis.anova import observations
from tests.support.research import drawn_predictions


def study(skills, cycles=4):
    runs, predictions = [], {}
    for network, skill in skills.items():
        for seed in range(cycles):
            run_id = f"{network}{seed}"
            number = seed + 50 * (network == "resnet50")
            predictions[run_id] = drawn_predictions(number, films=80, skill=skill)
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
        "Both networks are needed for a comparison; these runs are of one."
    ]
    assert any("not tested" in said for said in findings.assumption_sentences(compared, "accuracy"))


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
    assert findings.value_text("quadratic_kappa", 0.8123) == "0.812"
    assert findings.value_text("mean_absolute_error", 0.4) == "0.40 grades"
    assert findings.value_text("accuracy", pd.NA) == "not defined"
