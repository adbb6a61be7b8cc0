"""The headline grade and the set, as the cards say; and how often they were right."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from kneeoa.errors import ModelError
from kneeoa.films.frames import Frame
from kneeoa.films.header import GO_BY_MARKER
from kneeoa.graders import track_record
from kneeoa.graders.answer import Answer, AnswerRule, rule_of, why_another
from kneeoa.graders.framing import FOUND, WHOLE
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.gate import Finding
from kneeoa.graders.published import DEFAULT_MODELS
from kneeoa.grades import KLGrade
from kneeoa.metrics import agreement, conformal
from kneeoa.records import results

NAMES = ("mobilenet", "resnet50", "together")


def card_of(name):
    return json.loads((DEFAULT_MODELS / name / "card.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_the_cards_say_what_their_predictions_give(name):
    answer = card_of(name)["answer"]
    rule = rule_of(card_of(name))
    table = results.read_predictions(DEFAULT_MODELS / name / "predictions.csv")
    parts = {split: table[table["split"] == split] for split in ("val", "test")}
    val = parts["val"]
    threshold = conformal.calibrate(
        results.probabilities_of(val), val["true_grade"].to_numpy(int), val["patient_id"], 0.9
    )
    assert rule.threshold == pytest.approx(threshold)
    for split, part in parts.items():
        probabilities, grades = results.probabilities_of(part), part["true_grade"].to_numpy(int)
        held = conformal.holds(rule.sets(probabilities), grades)
        covered = answer["coverage"][split]["covered"]
        assert covered["value"] == pytest.approx(held.mean())
        assert covered["low"] < held.mean() < covered["high"]
        said = rule.grades(probabilities)
        measured = answer["rules"][split][rule.rule]
        assert measured["mean_absolute_error"] == pytest.approx(np.abs(said - grades).mean())
    confusion = agreement.confusion_matrix(grades, said)
    assert answer["confusion"] == confusion.tolist()


def test_one_rule_for_all_and_it_is_the_best_of_both_together_on_validation():
    answers = [card_of(name)["answer"] for name in NAMES]
    assert len({answer["rule"] for answer in answers}) == 1
    losses = {
        name: values["mean_absolute_error"] for name, values in answers[-1]["rules"]["val"].items()
    }
    assert answers[-1]["rule"] == min(losses, key=losses.get)


def test_nine_of_ten_test_films_have_their_grade_in_the_set():
    for name in NAMES:
        covered = card_of(name)["answer"]["coverage"]["test"]["covered"]
        assert covered["low"] < 0.9 + 0.02
        assert covered["high"] > 0.9 - 0.02


def test_an_answer_in_words():
    answer = AnswerRule("median", 0.9, 0.8).answer(np.array([0.05, 0.4, 0.45, 0.1, 0]))
    assert (answer.grade, answer.low, answer.high) == (2, 1, 2)
    assert answer.text == "KL 1 to KL 2"
    assert answer.headline == "KL 1 to 2"
    assert AnswerRule("median", 0.9, 0.0).answer(np.eye(5)[3]).text == "KL 3 alone"


@pytest.mark.parametrize("rule", ["median", "mean", "most probable"])
@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.539, 0.8])
def test_the_one_grade_is_in_the_range_however_low_a_profile_sets_its_threshold(rule, threshold):
    drawn = np.random.default_rng(5).dirichlet([0.4] * 5, size=400)
    shares = np.concatenate([drawn, [[0.44, 0.41, 0.12, 0.02, 0.01], [0.45, 0, 0, 0.1, 0.45]]])
    answering = AnswerRule(rule, 0.9, threshold)
    sets, grown = answering.sets(shares), conformal.sets(shares, threshold)
    assert conformal.holds(sets, answering.grades(shares)).all()
    # It takes in what it lacked and nothing else; no grade that was in it is left out.
    lacking = ~conformal.holds(grown, answering.grades(shares))
    assert (sets[~lacking] == grown[~lacking]).all()
    assert (sets[:, 0] <= grown[:, 0]).all()
    assert (sets[:, 1] >= grown[:, 1]).all()


def test_an_answer_of_a_profile_that_is_nearly_always_right_names_its_one_grade():
    answer = AnswerRule("median", 0.9, 0.0).answer(np.array([0.44, 0.41, 0.12, 0.02, 0.01]))
    assert (answer.low, answer.grade, answer.high) == (0, 1, 1)
    assert answer.headline == "KL 0 to 1"


def test_cards_without_or_with_a_broken_answer():
    assert rule_of({}) is None
    with pytest.raises(ModelError, match="median"):
        rule_of({"answer": {"rule": "loudest", "set": {"level": 0.9, "threshold": 0.8}}})
    with pytest.raises(ModelError, match="threshold"):
        rule_of({"answer": {"rule": "mean", "set": {"level": 0.9, "threshold": 8}}})


def test_the_track_record_says_whose_films_it_is_of():
    card = card_of("together")
    record = track_record.published_record(card)
    value = record[2]
    text = track_record.sentence(KLGrade(2), record)
    assert f"{value['count']} of {value['total']} test knees of the OAI" in text
    assert f"{value['value']:.0%}" in text
    unlike = track_record.sentence(KLGrade(2), record, unlike="the film is unlike those.")
    assert "%" not in unlike
    few = [None, {"value": 0.5, "low": 0.1, "high": 0.9, "count": 1, "total": 2}, None, None, None]
    own = {"readers": "your readers", "films": "films of the profile"}
    assert "never" in track_record.sentence(KLGrade(0), few, **own)
    said = track_record.sentence(KLGrade(1), few, **own)
    assert "your readers agreed on 1 of 2 films of the profile" in said
    assert "%" not in said


def test_a_card_without_answer_has_the_record_of_the_most_probable_grade():
    card = card_of("together")
    del card["answer"]
    assert track_record.published_record(card) == card["metrics"]["test"]["predictive_values"]


def test_the_record_of_a_grade_is_told_from_that_of_the_range_on_the_page():
    card, grade = card_of("together"), KLGrade(2)
    record = track_record.of_answer(grade, card, None, measured=True)
    assert record.startswith("When KL 2 was the one grade, alone or in a range, the reference")
    del card["answer"]
    record = track_record.of_answer(grade, card, None, measured=True)
    assert record.startswith("When KL 2 was the answer, the reference")


def test_how_often_a_range_held_the_grade_is_counted_over_knees_of_that_range():
    ranges = np.array([[2, 2]] * 8 + [[1, 2]] * 3)
    grades = np.array([2] * 6 + [1, 3] + [1, 2, 3])
    alone = Answer(KLGrade(2), KLGrade(2), KLGrade(2), "median", 0.9)
    text = track_record.of_range(alone, ranges, grades)
    assert text.startswith("KL 2 alone held it in 75% (")
    assert "6 of 8 knees" in text
    wider = Answer(KLGrade(2), KLGrade(1), KLGrade(2), "median", 0.9)
    assert track_record.of_range(wider, ranges, grades) == "KL 1 to KL 2 held it on 2 of 3 knees."
    never = Answer(KLGrade(4), KLGrade(4), KLGrade(4), "median", 0.9)
    assert track_record.of_range(never, ranges, grades) == ""


def test_a_film_unlike_those_measured_has_no_record_of_theirs():
    card, grade = card_of("together"), KLGrade(2)
    measured = track_record.of_answer(grade, card, None, measured=True)
    record = track_record.published_record(card)
    assert measured == track_record.sentence(grade, record, in_ranges=True)
    unlike = track_record.of_answer(grade, card, None, measured=False)
    assert unlike == f"No track record: {track_record.UNLIKE}"
    drawn = track_record.of_answer(grade, card, None, measured=False, drawn=True)
    assert drawn == f"No track record: {track_record.DRAWN}"


def test_what_is_like_the_films_measured():
    whole, other = Frame(0, 0, 300, 200), Frame(5, 0, 200, 200)
    cut = Finding("cut-off", "Some of it lies outside.", "warned")

    def like(findings, frame, profile=None, *, as_proposed=True, notes=()):
        return track_record.is_like(
            findings, frame, (300, 200), profile, notes=notes, as_proposed=as_proposed
        )

    assert like((), whole)
    assert not like((), other)
    assert not like((cut,), whole)
    boxes, wholes = (
        SimpleNamespace(record=SimpleNamespace(framing=framing)) for framing in (FOUND, WHOLE)
    )
    assert like((cut,), other, boxes)
    assert not like((), other, boxes, as_proposed=False)
    assert not like((gate.IMPLANT,), other, boxes)
    assert not like((), other, wholes)
    assert like((), Frame(0, 0, 300, 200, "one knee"), wholes)
    # What is said of the picture is against it; what is said of sides and lengths is not.
    for profile, frame in ((None, whole), (boxes, other), (wholes, whole)):
        assert not like((), frame, profile, notes=("It may be negative.",))
        assert like((), frame, profile, notes=(f"It is a mirror image. {GO_BY_MARKER}",))
    assert KLGrade(1).label in why_another(KLGrade(1), KLGrade(2), "median")
