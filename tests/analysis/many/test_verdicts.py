"""Which differences are beyond chance: of patients, and of runs."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kneeoa.analysis.many.side_by_side import COLUMNS, SideBySide
from kneeoa.analysis.many.verdicts import runs_p, verdicts


def compared(rows, answers=(6, 4)):
    """A comparison of these measures: means' spreads, difference and interval of each."""
    table = pd.DataFrame(
        [(name, 0.5, first, 0.5 + by, second, by, *ends) for name, first, second, by, ends in rows],
        columns=COLUMNS,
    )
    return SideBySide(table, (np.eye(5), np.eye(5)), True, answers, answers, ())


UNLIKE = ("mean_absolute_error", 0.01, 0.01, -0.05, (-0.06, -0.03))
BY_PATIENTS = ("recall_kl3", 0.09, 0.07, -0.07, (-0.12, -0.02))
UNDECIDED = ("accuracy", 0.01, 0.01, 0.01, (-0.01, 0.03))


def test_runs_are_compared_as_welch_does():
    draw = np.random.default_rng(1)
    first, second = draw.normal(0.6, 0.02, 6), draw.normal(0.65, 0.05, 4)
    spreads = first.std(ddof=1), second.std(ddof=1)
    p = runs_p(*spreads, second.mean() - first.mean(), (6, 4))
    assert p == pytest.approx(stats.ttest_ind(second, first, equal_var=False).pvalue)


@pytest.mark.parametrize(("sds", "runs"), [((np.nan, 0.1), (1, 4)), ((0.0, 0.0), (3, 3))])
def test_without_a_spread_over_runs_nothing_is_said_of_runs(sds, runs):
    assert np.isnan(runs_p(*sds, 0.1, runs))


def test_chance_of_patients_and_of_runs_are_two_things():
    both, patients, rest = verdicts(compared([UNLIKE, BY_PATIENTS, UNDECIDED]))
    assert both == (
        "Beyond the chance of patients and of runs: mean absolute error (grades) (less in the "
        "second)."
    )
    assert "not of runs, so that other seeds might turn it: of KL 3, found (less in" in patients
    assert "Everything else may be chance" in rest


def test_of_single_runs_it_is_not_known_what_other_seeds_would_give():
    rows = [(name, np.nan, np.nan, *more) for name, _, _, *more in (UNLIKE, UNDECIDED)]
    patients, _ = verdicts(compared(rows, (1, 1)))
    assert patients.startswith("Beyond the chance of patients: mean absolute error (grades)")
    assert "is not known" in patients


def test_nothing_beyond_chance_is_no_proof():
    (sentence,) = verdicts(compared([UNDECIDED]))
    assert "no proof that the sets are alike" in sentence


def test_what_is_not_defined_is_not_said_to_hold_0():
    undefined = ("recall_kl4", np.nan, np.nan, np.nan, (np.nan, np.nan))
    (sentence,) = verdicts(compared([UNDECIDED, undefined]))
    assert "every interval holds 0 or is not defined" in sentence
    # This one has none in any comparison.
    calibration = ("expected_calibration_error", 0.01, 0.01, -0.05, (np.nan, np.nan))
    (sentence,) = verdicts(compared([UNDECIDED, calibration]))
    assert "every interval holds 0. That" in sentence
