"""A reader's own grades against the networks' and a reference, before and after she saw theirs."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from kneeoa.store.cases import agreement
from kneeoa.store.cases.agreement import BLOCK, COLUMNS, LEAST

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def graded(count, *, before=True, reference=True, seed=0):
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, 5, count)
    mine = np.clip(truth + draw.integers(-1, 2, count), 0, 4)
    networks = np.clip(truth + draw.integers(-1, 2, count), 0, 4)
    rows = [
        (
            f"film{number}",
            f"patient{number // 2}",
            NOW + timedelta(hours=number),
            int(mine[number]),
            int(mine[number]) if before else None,
            int(networks[number]),
            int(truth[number]) if reference else None,
        )
        for number in range(count)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    whole = dict.fromkeys(("grade", "committed", "networks", "reference"), "Int64")
    return table.astype(whole)


def by_name(table):
    return {one.what: one for one in agreement.comparisons(table)}


def test_kappa_is_cohens_with_quadratic_weights_and_has_an_interval():
    table = graded(60)
    found = by_name(table)
    for whom, column in (("The networks", "networks"), ("The reference", "reference")):
        one = found[f"{whom}, before theirs was seen"]
        expected = cohen_kappa_score(table[column], table["committed"], weights="quadratic")
        assert one.knees == 60
        assert one.score.kappa == pytest.approx(expected)
        low, high = one.score.kappa_interval
        assert low < expected < high
    theirs = found["The networks against the reference"]
    expected = cohen_kappa_score(table["reference"], table["networks"], weights="quadratic")
    assert theirs.score.kappa == pytest.approx(expected)
    assert len(found) == 3


def test_grades_with_theirs_in_sight_are_never_put_to_free_ones():
    table = pd.concat([graded(20), graded(12, before=False, seed=1)], ignore_index=True)
    table["knee"] = [f"k{number}" for number in range(len(table))]
    found = by_name(table)
    assert found["The networks, before theirs was seen"].knees == 20
    assert found["The networks, with theirs in sight"].knees == 12


def test_what_she_changed_after_seeing_theirs_does_not_count():
    table = graded(20)
    changed = table.assign(grade=table["networks"])
    before = by_name(table)["The networks, before theirs was seen"].score.kappa
    assert by_name(changed)["The networks, before theirs was seen"].score.kappa == before


def test_too_few_are_said():
    (one, *_) = agreement.comparisons(graded(LEAST - 1, reference=False))
    assert one.score is None
    assert one.sentence == f"{LEAST - 1} of at least {LEAST} knees so far."
    assert agreement.comparisons(graded(0)) == []


def test_one_grade_alone_has_no_kappa():
    table = graded(20, reference=False).assign(committed=2)
    (one,) = agreement.comparisons(table.astype({"committed": "Int64"}))
    assert np.isnan(one.score.kappa)
    assert "the same grade was given" in one.sentence


def test_time_goes_in_whole_blocks():
    table = graded(2 * BLOCK + 5).sample(frac=1, random_state=1)
    progress = agreement.over_time(table, "networks", before=True)
    assert list(progress["answered"]) == [BLOCK, BLOCK]
    assert list(progress["session"]) == [
        "knees 1 to 20, until 2030-01-01",
        "knees 21 to 40, until 2030-01-02",
    ]
    assert len(agreement.over_time(table, "networks", before=False)) == 0


def test_intervals_over_time_are_drawn_by_patient_too():
    table = graded(BLOCK)
    (point,) = agreement.over_time(table, "networks", before=True).to_dict("records")
    (one, *_) = agreement.comparisons(table)
    assert (point["kappa_low"], point["kappa_high"]) == one.score.kappa_interval
    alone = table.assign(patient=table["knee"])
    (other,) = agreement.over_time(alone, "networks", before=True).to_dict("records")
    assert other["kappa"] == point["kappa"]
    assert other["kappa_low"] != point["kappa_low"]
