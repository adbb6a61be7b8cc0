"""Scores, agreement of readers, repetition and sway, against scikit-learn, statsmodels, by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk
from statsmodels.stats import inter_rater

from kneeoa.grades import KLGrade
from kneeoa.teaching import exam, films, readers, repetition, scoring, swayed, wording
from kneeoa.teaching.films import TeachingFilm
from tests.support.votes import votes

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def answered(true, said, **more):
    table = pd.DataFrame({"reference": true, "grade": pd.array(said, "Int64"), **more})
    return table.assign(image_id=[f"f{i}" for i in range(len(table))])


def test_a_score_is_what_scikit_learn_says():
    draw = np.random.default_rng(0)
    true = draw.integers(0, 5, 40)
    said = np.clip(true + draw.integers(-1, 2, 40), 0, 4)
    found = scoring.score(answered(true, said, seconds=np.arange(40.0)))
    assert found.accuracy.value == sk.accuracy_score(true, said)
    assert found.accuracy.low < found.accuracy.value < found.accuracy.high
    assert found.kappa == pytest.approx(sk.cohen_kappa_score(true, said, weights="quadratic"))
    assert found.kappa_interval[0] < found.kappa < found.kappa_interval[1]
    assert np.array_equal(found.confusion, sk.confusion_matrix(true, said, labels=range(5)))
    assert found.mean_error == pytest.approx(sk.mean_absolute_error(true, said))
    assert found.within_one.value == 1
    assert found.seconds == 19.5


def test_two_knees_of_a_patient_make_the_interval_wider():
    true = np.tile([0, 1, 2, 3, 4], 4)
    said = np.where(np.arange(20) < 10, true, 4 - true)
    pairs = {f"f{i}": f"p{i // 2}" for i in range(20)}
    alone, paired = (scoring.score(answered(true, said), p).kappa_interval for p in (None, pairs))
    assert paired[1] - paired[0] > alone[1] - alone[0]


def test_films_without_an_answer_count_as_shown_alone():
    found = scoring.score(answered([0, 1, 2], [0, None, 1]))
    assert (found.films, found.answered, found.accuracy.count) == (3, 2, 1)
    nothing = scoring.score(answered([0, 1], [None, None]))
    assert nothing.accuracy is None
    assert np.isnan(nothing.kappa)
    one_grade = scoring.score(answered([2, 2], [2, 2]))
    assert one_grade.accuracy.value == 1
    assert np.isnan(one_grade.kappa)


def test_whoever_gives_one_grade_alone_has_no_kappa_and_is_told_why():
    always = scoring.score(answered([0, 1, 2, 3, 4, 2], [2] * 6))
    assert np.isnan([always.kappa, *always.kappa_interval]).all()
    assert wording.number_text(always.kappa) == "not defined"
    assert "same grade was given" in wording.kappa_rests_on(always)
    alike = scoring.score(answered([3] * 6, [2, 3, 3, 3, 4, 3]))
    assert np.isnan(alike.kappa)
    assert "all films have the same reference grade" in wording.kappa_text(alike)
    few = scoring.score(answered([0, 1], [0, 2]))
    assert (few.why_no_kappa, wording.kappa_rests_on(few)) == ("", "too few films for an interval")
    assert wording.kappa_text(few).endswith("(too few films for an interval)")
    pairs = votes([[0, 1, 2], [0, 1, 3], [2, 2, 2]])
    assert readers.pair_kappa(pairs) == readers.pair_kappa(pairs[pairs["participant"] != "r2"])
    assert np.isnan(readers.pair_kappa(votes([[0, 1, 2], [2, 2, 2]])))


def test_missed_films_come_worst_first():
    table = scoring.missed(answered([0, 1, 2, 3], [0, 2, 4, None]))
    assert table["image_id"].tolist() == ["f2", "f1", "f3"]
    assert table["off"].tolist()[:2] == [2, 1]


def test_progress_has_a_row_a_session():
    table = scoring.progress(
        {"one": answered([0, 1], [1, 1]), "none": answered([0], [None]), "two": answered([0], [0])}
    )
    assert table["session"].tolist() == ["one", "two"]
    assert table["accuracy"].tolist() == [0.5, 1.0]


def test_fleiss_kappa_is_that_of_statsmodels():
    grades = np.random.default_rng(1).integers(0, 5, (7, 12))
    grades[:4] = grades[0]
    counts = readers.counts_of(votes(grades.tolist()))
    table, _ = inter_rater.aggregate_raters(grades.T)
    assert readers.group_kappa(counts) == pytest.approx(inter_rater.fleiss_kappa(table))
    low, high = readers.group_kappa_interval(counts)
    assert low < readers.group_kappa(counts) < high


def test_weighted_group_kappa_of_two_readers_of_like_habits_is_cohens():
    # With the same share of every grade in both, chance agreement is Cohen's.
    one, other = [0, 1, 2, 3, 4, 0, 1], [1, 0, 2, 4, 3, 1, 0]
    counts = readers.counts_of(votes([one, other]))
    cohen = sk.cohen_kappa_score(one, other, weights="quadratic", labels=range(5))
    assert readers.group_kappa(counts, "quadratic") == pytest.approx(cohen, abs=0.01)
    assert readers.pair_kappa(votes([one, other])) == pytest.approx(cohen)


def test_missing_votes_leave_out_what_cannot_be_paired():
    full = [[0, 1, 2], [0, 1, 3], [0, 2, 2]]
    silent = [*full, [None, None, None]]
    assert readers.group_kappa(readers.counts_of(votes(silent))) == pytest.approx(
        readers.group_kappa(readers.counts_of(votes(full)))
    )
    lone = readers.counts_of(votes([[0, 1, None], [0, None, None]]))
    assert np.isnan(readers.group_kappa(lone))
    assert np.isnan(readers.group_kappa(readers.counts_of(votes([[2, 2], [2, 2]]))))
    assert np.isnan(readers.pair_kappa(votes([[0, 1]])))


def test_the_spread_of_a_film():
    table = readers.by_film(votes([[2, 0], [2, 4], [1, None]])).set_index("image_id")
    assert table.loc["f0", ["KL 1", "KL 2", "votes"]].tolist() == [1, 2, 3]
    assert table.loc["f0", "right"] == pytest.approx(2 / 3)
    assert table.loc["f1", "spread"] == 2
    empty = readers.by_film(votes([[None]]))
    assert empty["votes"].tolist() == [0]
    assert empty["agree"].isna().all()


def test_what_was_missed_is_favoured_and_what_is_known_waits():
    cards = {
        "missed": repetition.review(None, reference=2, grade=4, now=NOW),
        "near": repetition.review(None, reference=2, grade=1, now=NOW),
        "known": repetition.review(None, reference=2, grade=2, now=NOW),
        "silent": repetition.review(None, reference=2, grade=None, now=NOW),
    }
    weights = repetition.favour(cards, NOW + timedelta(minutes=5))
    assert weights["missed"] == weights["near"] == weights["silent"] == repetition.MISSED
    assert weights["known"] == repetition.RAREST
    later = repetition.favour(cards, NOW + timedelta(days=60))
    assert weights["known"] < later["known"] <= repetition.OFTENEST
    # Known twice is forgotten more slowly.
    twice = repetition.review(cards["known"], reference=2, grade=2, now=NOW + timedelta(days=3))
    again = repetition.favour({"known": twice}, NOW + timedelta(days=60))
    assert again["known"] < later["known"]


def test_a_clock_that_went_back_does_no_harm():
    card = repetition.review(None, reference=2, grade=2, now=NOW)
    back = NOW - timedelta(days=400)
    assert repetition.favour({"f": card}, back)["f"] == repetition.RAREST
    assert repetition.review(card, reference=2, grade=2, now=back)


def test_rounds_show_real_errors_in_all_three_ways():
    pool = films.synthetic_set().films.values()
    said = {film.image_id: (int(film.grade) + (i % 3 == 0)) % 5 for i, film in enumerate(pool)}
    drawn, rounds = swayed.draw_rounds(pool, said, 30, seed=4)
    assert (drawn, rounds) == swayed.draw_rounds(pool, said, 30, seed=4)
    assert [one.image_id for one in rounds] == drawn.image_ids
    truth = {film.image_id: film.grade for film in drawn.films}
    wrong = [one for one in rounds if one.network_grade != truth[one.image_id]]
    assert len(wrong) == 12
    for part in (wrong, rounds):
        ways = pd.Series([one.when for one in part]).value_counts()
        assert ways.max() - ways.min() <= 2
    assert len(ways) == 3
    assert isinstance(drawn, exam.Exam)


def test_rounds_have_one_knee_of_a_patient_though_right_and_wrong_ones_are_drawn_apart():
    pool = [
        TeachingFilm(f"{n:02d}{side}", str(n), KLGrade(n % 5), "", "")
        for n in range(40)
        for side in "LR"
    ]
    said = {film.image_id: (int(film.grade) + film.image_id.endswith("L")) % 5 for film in pool}
    for seed in range(20):
        names = swayed.draw_rounds(pool, said, 20, seed=seed)[0].image_ids
        assert len({name[:-1] for name in names}) == 20


def test_rounds_of_a_network_that_is_always_right_or_wrong():
    pool = [TeachingFilm(f"a{i}", f"a{i}", KLGrade(i % 5), "", "") for i in range(10)]
    right = {film.image_id: int(film.grade) for film in pool}
    assert len(swayed.draw_rounds(pool, right, 10, seed=0)[1]) == 10
    wrong = {name: (grade + 1) % 5 for name, grade in right.items()}
    assert len(swayed.draw_rounds(pool, wrong, 8, seed=0)[1]) == 8


def shown(when, reference, network, grade, first=None):
    return {
        "reference": reference,
        "grade": grade,
        "first_grade": first,
        "shown_when": when,
        "shown_grade": network,
    }


def test_sway_is_counted_by_hand():
    table = pd.DataFrame(
        [
            *[shown("before", 1, 3, 3)] * 9,
            shown("before", 1, 3, 1),
            *[shown("never", 1, 3, 1)] * 12,
            shown("before", 2, 2, 2),
            shown("after", 1, 2, 2, first=1),
            shown("after", 1, 2, 1, first=1),
            shown("after", 3, 3, 3, first=2),
            shown("after", 3, 3, 3, first=3),
        ]
    ).astype("Int64", errors="ignore")
    found = {one.what: one.share for one in swayed.findings(table)}
    led = found["Gave the network's wrong grade after seeing it first"]
    assert (led.count, led.total) == (9, 10)
    changed = found["Changed to the network's grade when it was wrong"]
    assert (changed.count, changed.total) == (1, 2)
    helped = found["Changed to the network's grade when it was right"]
    assert (helped.count, helped.total) == (1, 1)
    assert "led you astray (p < 0.001" in swayed.in_words(table)
    warned = table.assign(
        shown_when=table["shown_when"].map({"before": "never", "never": "before"})
    )
    assert "So it warned you, if anything (p < 0.001" in swayed.in_words(warned)
    assert "Too few rounds" in swayed.in_words(table.iloc[:0])


def test_scores_in_words():
    right = scoring.score(answered([0, 1, 2, 3, 4] * 3, [0, 1, 2, 3, 3] * 3, seconds=[12.4] * 15))
    assert wording.share_text(right.accuracy) == "80%"
    assert wording.interval_text(right.accuracy) == "12 of 15; 95% interval 55% to 93%"
    assert wording.kappa_text(right).startswith("0.94 (95% interval 0.8")
    assert wording.time_text(right.seconds) == "12 s"
    assert wording.time_text(3.14159) == "3.1 s"
    none = scoring.score(answered([1], [None]))
    assert wording.share_text(none.accuracy) == "-"
    assert wording.kappa_text(none) == "not defined (no film was graded)"
    assert wording.time_text(none.seconds) == "-"
