"""How the published networks do on somebody else's films: figures as scikit-learn gives them."""

from datetime import UTC, datetime

import numpy as np
import pytest
from sklearn import metrics as sk

from kneeoa.adaptation.gathering.graded import GradedFilms
from kneeoa.adaptation.listing import LeftOut
from kneeoa.analysis.published import on_own_films
from kneeoa.metrics.calibration import softmax
from kneeoa.networks import TOGETHER

COUNT = 60
DRAW = np.random.default_rng(3)
GRADES = DRAW.choice(5, COUNT)
ANSWERS = {
    name: softmax(2.0 * np.eye(5)[GRADES] + DRAW.normal(0, 1, (COUNT, 5)))
    for name in ("mobilenet", "resnet50", "together")
}
FILMS = GradedFilms(
    np.zeros((COUNT, 1, 1), np.float32),
    GRADES,
    tuple(f"patient Smith {number // 2}" for number in range(COUNT)),
    tuple(f"Smith {number}.png" for number in range(COUNT)),
    tuple(f"{number * 7919 % 1000:064x}" for number in range(COUNT)),
    (LeftOut("x.png", "It has no grade."),),
    ("A note.",),
)
FOUND = on_own_films.measured("our <films>", FILMS, ANSWERS)
CARDS = {"mobilenet": {"metrics": {"test": {"values": {"accuracy": 0.7}}}}}


def test_figures_are_those_of_scikit_learn():
    table = on_own_films.figures(FOUND.answers, CARDS)
    table = table.set_index(["network", "metric"])
    for name, shown in (("mobilenet", "MobileNet"), ("together", TOGETHER)):
        given = ANSWERS[name].argmax(axis=1)
        accuracy = table.loc[(shown, "accuracy")]
        assert accuracy["value"] == pytest.approx(sk.accuracy_score(GRADES, given))
        assert accuracy["low"] < accuracy["value"] < accuracy["high"]
        kappa = sk.cohen_kappa_score(GRADES, given, weights="quadratic")
        assert table.loc[(shown, "quadratic_kappa"), "value"] == pytest.approx(kappa)
    assert table.loc[("MobileNet", "accuracy"), "published"] == 0.7
    assert np.isnan(table.loc[("ResNet50", "accuracy"), "published"])
    assert (table["patients"] == COUNT // 2).all()


def test_words_hold_value_interval_and_our_own_test_films():
    words = on_own_films.in_words(on_own_films.figures(FOUND.answers, CARDS)).set_index("Measure")
    assert words.loc["Accuracy", "MobileNet, our test films"] == "70.0%"
    assert " to " in words.loc["Accuracy", "Both together, your films"]


def test_what_is_kept_names_nobody():
    tables = on_own_films.tables(FOUND, CARDS)
    text = "".join(table.to_csv() for table in tables.values())
    text += on_own_films.about(FOUND, {"mobilenet": "ab"}, made_at=datetime(2026, 1, 2, tzinfo=UTC))
    assert "Smith" not in text
    assert "60 films of 30 patients" in text
    assert "1 film could not be used" in text
    assert "MobileNet  ab" in text
    answers = tables["answers"]
    assert answers["patient_id"].nunique() == 30
    assert len(answers) == 3 * COUNT
    pairs = answers[answers["network"] == "MobileNet"].groupby("patient_id").size()
    assert (pairs == 2).all()


def test_a_grade_that_is_not_there_has_no_interval():
    two = on_own_films.measured(
        "two grades",
        GradedFilms(
            FILMS.images[:10],
            np.array([0, 1] * 5),
            FILMS.patient_ids[:10],
            FILMS.names[:10],
            FILMS.digests[:10],
        ),
        {"mobilenet": ANSWERS["mobilenet"][:10]},
    )
    table = on_own_films.figures(two.answers, {}).set_index("metric")
    assert table.loc["auc_kl2", ["value", "low", "high"]].isna().all()
    words = on_own_films.in_words(table.reset_index()).set_index("Measure")
    assert words.filter(like="Area", axis=0).iloc[0, 0] == "not defined"
