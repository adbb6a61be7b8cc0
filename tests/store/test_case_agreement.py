"""A reader's own grades against the networks' and a reference, before and after she saw theirs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.proportion import proportion_confint

from kneeoa.store.cases import agreement, keeping, readers
from kneeoa.store.cases.agreement import BLOCK, COLUMNS, LEAST
from kneeoa.store.cases.case import LEARNT_FROM, OwnGrade
from kneeoa.store.cases.listing import doubt_of
from pages.cases import agreement as of_cases
from pages.shared.cases import saved
from tests.support.cases import knee

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def graded(count, *, before=True, reference=True, seed=0, profile=""):
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
            *3 * (int(networks[number]),),
            int(truth[number]) if reference else None,
            profile,
        )
        for number in range(count)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    whole = ("grade", "committed", "networks", "low", "high", "reference")
    whole = dict.fromkeys(whole, "Int64")
    return table.astype(whole)


def by_name(table):
    return {one.what: one for one in agreement.comparisons(table)}


def test_kappa_is_cohens_with_quadratic_weights_and_has_an_interval():
    table = graded(60)
    found = by_name(table)
    for column, whom in agreement.WHOM.items():
        one = found[f"The {whom}, before theirs was seen"]
        expected = cohen_kappa_score(table[column], table["committed"], weights="quadratic")
        assert one.knees == 60
        assert one.score.kappa == pytest.approx(expected)
        low, high = one.score.kappa_interval
        assert low < expected < high
    theirs = found["The networks' one grade against the reference"]
    expected = cohen_kappa_score(table["reference"], table["networks"], weights="quadratic")
    assert theirs.score.kappa == pytest.approx(expected)
    assert len(found) == 3


def test_grades_with_theirs_in_sight_are_never_put_to_free_ones():
    table = pd.concat([graded(20), graded(12, before=False, seed=1)], ignore_index=True)
    table["knee"] = [f"k{number}" for number in range(len(table))]
    found = by_name(table)
    assert found["The networks' one grade, before theirs was seen"].knees == 20
    assert found["The networks' one grade, with theirs in sight"].knees == 12


def test_what_she_changed_after_seeing_theirs_does_not_count():
    table = graded(20)
    changed = table.assign(grade=table["networks"])
    before = by_name(table)["The networks' one grade, before theirs was seen"].score.kappa
    assert by_name(changed)["The networks' one grade, before theirs was seen"].score.kappa == before


def test_answers_under_a_profile_have_lines_of_their_own():
    parts = [graded(20), graded(30, seed=1, profile="Elsewhere (0a1b2c)")]
    parts.append(graded(4, seed=2, profile="Nowhere (d3e4f5)"))
    table = pd.concat(parts, ignore_index=True)
    table["knee"] = [f"k{number}" for number in range(len(table))]
    found = by_name(table)
    for what, knees, part in (
        ("The networks' one grade, before theirs was seen", 20, parts[0]),
        ("The networks' one grade under Elsewhere (0a1b2c), before theirs was seen", 30, parts[1]),
    ):
        kappa = cohen_kappa_score(part["networks"], part["committed"], weights="quadratic")
        assert (found[what].knees, found[what].score.kappa) == (knees, pytest.approx(kappa))
    few = found["The networks' one grade under Nowhere (d3e4f5), before theirs was seen"]
    assert (few.knees, few.score) == (4, None)
    assert found["The reference, before theirs was seen"].knees == 54
    assert (
        found["The networks' one grade under Elsewhere (0a1b2c) against the reference"].knees == 30
    )
    under = agreement.over_time(table, "networks", before=True, profile="Elsewhere (0a1b2c)")
    assert list(under["answered"]) == [BLOCK]


def test_a_case_says_under_which_profile_it_was_answered():
    line = "As graded at St. Elsewhere, Ward 2, 60 films, 61% right"
    by = {"together": "0" * 64, "profile": "0a1b2c" + "0" * 58}
    assert knee(2).profile == ""
    assert knee(2, graded_by={"together": "0" * 64}).profile == ""
    said = knee(2, graded_by=by, profile_said=line)
    assert said.profile == "St. Elsewhere, Ward 2 (0a1b2c)"
    assert knee(2, graded_by=by).profile == "a profile (0a1b2c)"
    other = knee(2, graded_by=by | {"profile": "f" * 64}, profile_said=line)
    assert other.profile != said.profile


def test_what_a_profile_learnt_from_is_marked_and_left_out_of_how_they_agree():
    line = "As graded at Bern, 60 films, 61% right (50 to 71%)"
    by = {"together": "0" * 64, "profile": "0a1b2c" + "0" * 58}
    other = knee(2, graded_by=by, profile_said=line)
    learnt = replace(other, profile_said=f"{line}{LEARNT_FROM}")
    assert (other.learnt_from, learnt.learnt_from) == (False, True)
    assert learnt.profile == other.profile == "Bern (0a1b2c)"
    assert "the profile learnt from it" in doubt_of(learnt)
    assert "learnt" not in doubt_of(other)
    own = OwnGrade(2, NOW, 2, NOW, NOW)
    rows = [("a", "a", own, other, ("1.0", "a")), ("b", "b", own, learnt, ("2.0", "b"))]
    table = of_cases._table([of_cases._row(*row) for row in rows])
    (compared,) = (c for c in agreement.comparisons(table) if "before" in c.what)
    assert compared.knees == 1
    assert table["learnt"].tolist() == [False, True]


def test_a_case_that_is_opened_stays_marked_under_the_same_profile(monkeypatch):
    monkeypatch.setattr(saved, "is_by_others", lambda knee: False)
    line = "As graded at Bern, 60 films, 61% right (50 to 71%)"
    by = {"together": "0" * 64, "profile": "0a1b2c" + "0" * 58}
    now = knee(2, graded_by=by, profile_said=line)
    marked = replace(now, profile_said=f"{line}{LEARNT_FROM}")
    assert saved._kept(now, marked, is_same=True).learnt_from
    other = replace(now, graded_by=by | {"profile": "f" * 64})
    assert not saved._kept(other, marked, is_same=True).learnt_from
    as_published = replace(now, graded_by={"together": "0" * 64}, profile_said="")
    assert not saved._kept(as_published, marked, is_same=True).learnt_from


@pytest.mark.parametrize(
    ("born", "patients"),
    [
        ((None, "b1"), 1),
        (("", "b1"), 1),
        (("b1", "b1"), 1),
        (("b1", "b2"), 2),
    ],
)
def test_a_number_is_two_patients_only_where_two_birthdays_stand_under_it(
    monkeypatch, born, patients
):
    own = OwnGrade(2, NOW, 2, NOW, NOW)
    cases = [
        SimpleNamespace(
            film=f"{place}",
            case_id=place,
            name="Film",
            patient="p",
            born=birthday,
            state=SimpleNamespace(knees=[knee(2)], drawn=False),
            own=lambda place: own,
        )
        for place, birthday in enumerate(born)
    ]
    monkeypatch.setattr(of_cases.cached, "store", lambda: None)
    monkeypatch.setattr(of_cases.saved, "reader", lambda: "AB")
    monkeypatch.setattr(readers, "graded_by", lambda *_: [])
    monkeypatch.setattr(keeping, "some", lambda *_: cases)
    table, _ = of_cases.of_saved()
    assert table["patient"].nunique() == patients


def test_a_grade_in_their_range_counts_there_and_not_as_the_same():
    table = graded(40, reference=False)
    # One network answer in two leaves the grade above open.
    table["high"] = (table["networks"] + pd.Series([0, 1] * 20, dtype="Int64")).clip(upper=4)
    (one,) = agreement.comparisons(table)
    mine, networks = table["committed"], table["networks"]
    assert one.score.accuracy.count == (mine == networks).sum()
    assert one.in_range.count == ((mine >= networks) & (mine <= table["high"])).sum()
    assert one.in_range.count > one.score.accuracy.count
    against = graded(40).assign(low=0, high=4).astype({"low": "Int64", "high": "Int64"})
    found = by_name(against)
    assert found["The networks' one grade against the reference"].in_range.value == 1
    assert found["The reference, before theirs was seen"].in_range is None


def test_shares_have_an_interval_in_which_the_knees_of_a_patient_count_as_one():
    (one,) = agreement.comparisons(graded(40, reference=False))
    share = one.score.accuracy
    low, high = one.interval_of(share)
    assert one.score.patients == 20
    expected = proportion_confint(share.value * 20, 20, method="wilson")
    assert (low, high) == pytest.approx(expected)
    assert low < share.low < share.value < share.high < high


def test_the_knees_in_which_they_differ_come_the_furthest_apart_first():
    table = graded(40, reference=False)
    differing = agreement.differing(table)
    off = (table["committed"] - table["networks"]).abs()
    assert len(differing) == (off > 0).sum()
    assert differing["apart"].abs().tolist() == sorted(off[off > 0], reverse=True)
    # What she said once she had seen theirs does not take a difference away.
    assert len(agreement.differing(table.assign(grade=table["networks"]))) == len(differing)
    unseen = table.assign(networks=pd.array([pd.NA] * 40, dtype="Int64"))
    assert agreement.differing(unseen).empty


def test_too_few_are_said():
    (one, *_) = agreement.comparisons(graded(LEAST - 1, reference=False))
    assert one.score is None
    assert one.sentence == f"{LEAST - 1} of at least {LEAST} knees so far."
    assert agreement.comparisons(graded(0)) == []


def test_where_there_is_no_interval_it_is_said_why():
    table = graded(20, reference=False)
    alike = table.assign(committed=table["networks"])
    (same, *_) = agreement.comparisons(alike)
    assert same.score.kappa == 1
    assert same.sentence == "No grade differs: no interval."
    (few, *_) = agreement.comparisons(table.assign(patient="p"))
    assert few.sentence == "Films of too few patients for an interval."


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
        "knees 1 to 20, until 2030-01-01 UTC",
        "knees 21 to 40, until 2030-01-02 UTC",
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


def test_a_patients_films_are_hers_and_two_of_one_number_are_two():
    marks = [
        ("7", "1950", "a"),
        ("7", "1950", "b"),
        ("8", "", "c"),
        ("", "1960", "d"),
        ("8", "", "e"),
    ]
    assert agreement.owners(marks) == ["7", "7", "8", "d", "8"]
    marks += [("7", "1951", "f"), ("7", "", "g"), ("", "1961", "h")]
    assert agreement.owners(marks) == [*("7.1950", "7.1950", "8", "d", "8"), *("7.1951", "7", "h")]
