"""Rules from probabilities to a grade: their figures, their costs, and the words for them."""

import numpy as np
import pytest
from sklearn import metrics as sk

from kneeoa.analysis import confusions
from kneeoa.analysis.published import grade_rules
from kneeoa.metrics import rules
from kneeoa.records.results import probabilities_of
from tests.support.research import drawn_predictions


@pytest.fixture(scope="module")
def films():
    return confusions.graded(drawn_predictions(0, films=200), "test")


@pytest.fixture(scope="module")
def table(films):
    return grade_rules.rule_table(films)


@pytest.mark.parametrize("rule", rules.RULES)
def test_the_figures_of_a_rule_are_those_of_scikit_learn(films, table, rule):
    given = rules.grades_by(rule, probabilities_of(films))
    true = films["true_grade"].to_numpy()
    values = table[table["rule"] == rule].set_index("measure")["value"]
    assert values["accuracy"] == pytest.approx(sk.accuracy_score(true, given))
    kappa = sk.cohen_kappa_score(true, given, weights="quadratic")
    assert values["quadratic_kappa"] == pytest.approx(kappa)
    assert values["mean_absolute_error"] == pytest.approx(sk.mean_absolute_error(true, given))
    assert values["within_one_grade"] == pytest.approx(np.mean(np.abs(true - given) <= 1))
    recalls = sk.recall_score(true, given, labels=[1, 2], average=None)
    assert values[["recall_kl1", "recall_kl2"]].tolist() == pytest.approx(list(recalls))


def test_a_change_is_paired_and_its_interval_holds_it(table):
    first = table[table["rule"] == rules.MOST_PROBABLE]
    assert (first["change"] == 0).all()
    assert first[["change_low", "change_high"]].isna().all(axis=None)
    # The rules that give a grade the same films have no interval of that.
    others = table[table["rule"] != rules.MOST_PROBABLE].dropna(subset="change_low")
    assert others["change"].between(others["change_low"], others["change_high"]).all()
    # Paired, it is narrower than the interval of a value where the rules mostly agree.
    accuracy = others.query("measure == 'accuracy' and rule == 'median'")
    width = accuracy["change_high"] - accuracy["change_low"]
    assert (width < accuracy["high"] - accuracy["low"]).all()


def test_rules_that_never_differ_are_neither_better_nor_worse(films):
    sure = films.assign(**{f"p{grade}": films["predicted"] == grade for grade in range(5)})
    table = grade_rules.rule_table(sure.astype({f"p{grade}": float for grade in range(5)}))
    for sentence in grade_rules.cost_sentences(table):
        assert "Better" not in sentence
        assert "Worse" not in sentence
        assert "nan" not in sentence


def test_grades_that_are_all_right_are_not_certain_to_stay_so(films):
    right = films.assign(**{f"p{grade}": films["true_grade"] == grade for grade in range(5)})
    table = grade_rules.rule_table(right.astype({f"p{grade}": float for grade in range(5)}))
    (row, *_) = grade_rules.rows_in_words({"MobileNet": table})
    assert row["Right"].startswith("100.0% (9")
    assert row["Of KL 1, found"].endswith("to 100.0%)")
    assert row["Kappa (quadratic)"] == "1.000"


def test_a_grade_that_is_not_there_leaves_its_cells_empty(films):
    whole = grade_rules.rule_table(films[films["true_grade"] != 1])
    said = grade_rules.rows_in_words({"MobileNet": whole})
    assert {row["Of KL 1, found"] for row in said} == {"not defined"}
    assert " to " in said[0]["Of KL 2, found"]
    table = whole.set_index("measure")
    assert table.loc["recall_kl1", "value"].isna().all()
    assert table.loc["recall_kl2", "value"].notna().all()


def answer(rule, **losses):
    measured = {name.replace("_", " "): {"mean_absolute_error": of} for name, of in losses.items()}
    return {"rule": rule, "loss": "mean_absolute_error", "rules": {"val": measured}}


def test_the_sentence_says_what_was_chosen_and_owns_to_a_tie():
    said = grade_rules.chosen_sentence(answer("median", most_probable=0.41, median=0.4, mean=0.42))
    assert "Ours is the median grade" in said
    assert "most probable 0.410, median 0.400, mean 0.420" in said
    assert "exactly as well" not in said
    tied = grade_rules.chosen_sentence(answer("median", most_probable=0.41, median=0.4, mean=0.4))
    assert "The mean grade did exactly as well there" in tied


def test_costs_are_named_by_side_and_what_is_undecided_is_said(table):
    changed = table.copy()
    of_median = changed["rule"] == rules.MEDIAN
    signs = {"accuracy": -0.02, "mean_absolute_error": -0.02, "quadratic_kappa": 0.02}
    for measure, change in signs.items():
        row = of_median & (changed["measure"] == measure)
        ends = [change, change - 0.01, change + 0.01]
        changed.loc[row, ["change", "change_low", "change_high"]] = ends
    row = of_median & (changed["measure"] == "within_one_grade")
    changed.loc[row, ["change", "change_low", "change_high"]] = [0.01, -0.01, 0.03]
    said = next(grade_rules.cost_sentences(changed))
    better, _, rest = said.partition("Worse: ")
    assert "off by, grades -0.02 (-0.03 to -0.01)" in better
    assert "kappa (quadratic) +0.020 (+0.010 to +0.030)" in better
    assert rest.startswith("right -2.0 points (-3.0 to -1.0)")
    assert "within one grade +1.0 points (-1.0 to +3.0)" in rest.partition("Undecided: ")[2]


def test_rows_in_words_have_every_rule_of_every_model(table):
    rows = grade_rules.rows_in_words({"MobileNet": table, "ResNet50": table})
    assert [row["Rule"] for row in rows[:3]] == [
        "most probable grade",
        "median grade",
        "mean grade",
    ]
    assert len(rows) == 6
    assert rows[0]["Right"].count("%") == 3
