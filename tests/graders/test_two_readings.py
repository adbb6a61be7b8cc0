"""Agreement between two readings, in words that follow from the numbers."""

import numpy as np
import pytest

from kneeoa.graders.answer import AnswerRule
from kneeoa.graders.grading import Reading
from kneeoa.graders.two_readings import compare, doubt, expected_grade
from kneeoa.grades import KLGrade


def reading(architecture, *probabilities, rule=None):
    shares = np.array(probabilities, np.float32)
    answer = rule and rule.answer(shares)
    return Reading(architecture, shares, np.zeros((7, 7, 5)), "0", answer)


def test_agreement_and_difference_are_said():
    same = compare(
        [reading("mobilenet", 0.1, 0.2, 0.7, 0, 0), reading("resnet50", 0, 0.2, 0.8, 0, 0)]
    )
    assert same.grades_apart == 0
    assert same.overlap == pytest.approx(0.9)
    assert same.verdict == "Both networks say KL 2."
    assert same.difference == "Probabilities overlap by 90%; mean grades are 0.2 apart."
    apart = compare([reading("mobilenet", 1, 0, 0, 0, 0), reading("resnet50", 0, 0, 0, 1, 0)])
    assert (apart.grades_apart, apart.overlap) == (3, 0)
    assert "differ by 3 grades: MobileNet KL 0 and ResNet50 KL 3" in apart.verdict
    one = compare([reading("mobilenet", 1, 0, 0, 0, 0), reading("resnet50", 0, 1, 0, 0, 0)])
    assert "differ by 1 grade:" in one.verdict


def test_what_is_said_is_by_the_rule_where_there_is_one_and_so_is_the_agreement():
    shares = (0.4, 0.2, 0.3, 0.1, 0)
    median = reading("mobilenet", *shares, rule=AnswerRule("median", 0.9, 0.9))
    assert (int(median.grade), int(median.said)) == (0, 1)
    assert int(reading("mobilenet", *shares).said) == 0
    other = reading("resnet50", 0, 1, 0, 0, 0, rule=AnswerRule("median", 0.9, 0.9))
    assert compare([median, other]).verdict == "Both networks say KL 1."


def test_doubt_is_said_only_below_half():
    assert doubt(reading("mobilenet", 0.1, 0.2, 0.6, 0.1, 0).probabilities) == ""
    assert "KL 1 and KL 2 lead" in doubt(
        reading("mobilenet", 0.2, 0.4, 0.35, 0.05, 0).probabilities
    )


def test_expected_grade():
    assert expected_grade(np.array([0, 0.5, 0.5, 0, 0])) == pytest.approx(1.5)


def test_a_grade_of_both_alone_that_both_together_do_not_give_is_named():
    alike = [reading("mobilenet", 0, 1, 0, 0, 0), reading("resnet50", 0, 1, 0, 0, 0)]
    apart = [reading("mobilenet", 1, 0, 0, 0, 0), reading("resnet50", 0, 0, 1, 0, 0)]
    other = compare(alike, KLGrade(0))
    assert other.alone == KLGrade(1)
    assert "alone says KL 1;" in other.verdict
    assert other.verdict.endswith("say KL 0.")
    assert compare(alike, KLGrade(1)) == compare(alike)
    assert compare(apart, KLGrade(1)) == compare(apart)
