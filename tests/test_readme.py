"""The README's figures are those of the published models, not typed in."""

import pandas as pd
import pytest

from kneeoa.analysis import findings
from kneeoa.analysis.anova import METRICS
from kneeoa.graders.published import DEFAULT_MODELS, find_model
from kneeoa.graders.together import find_together
from kneeoa.networks import ARCHITECTURES, DISPLAY_NAME, TOGETHER
from kneeoa.records import results, studies
from tests.support.places import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def published():
    cards = {DISPLAY_NAME[name]: find_model(name).card for name in ARCHITECTURES}
    if together := find_together(DEFAULT_MODELS):
        cards[TOGETHER] = together.card
    return {name: card["metrics"]["test"] for name, card in cards.items()}


@pytest.mark.parametrize(
    "metric",
    [
        "accuracy",
        "quadratic_kappa",
        "mean_absolute_error",
        "within_one_grade",
        "expected_calibration_error",
    ],
)
def test_the_readme_says_what_the_cards_say(metric):
    measured = published()
    row = next(r for r in findings.performance_rows(measured) if r["Measure"] == METRICS[metric])
    line = "| " + " | ".join(cell.replace("  ", " ") for cell in row.values()) + " |"
    assert line in README, f"Expected this line in README.md:\n{line}"
    head = "| | " + " | ".join(measured) + " |"
    assert head in README, f"Expected this line in README.md:\n{head}"


def test_the_readme_says_what_calibration_error_chance_alone_gives():
    films = results.read_predictions(DEFAULT_MODELS / "together" / "predictions.csv")
    films = films[films["split"] == "test"]
    sentence = findings.calibration_sentence(films[results.PROBABILITY_COLUMNS].to_numpy())
    assert sentence in " ".join(README.split())


def test_the_readme_says_on_how_many_knees():
    (knees, patients), *others = {(of["knees"], of["patients"]) for of in published().values()}
    assert not others
    assert f"{knees} test knees of {patients} patients" in " ".join(README.split())


@pytest.mark.parametrize("study_id", ["paper", "reference"])
def test_the_readme_says_what_the_studies_say(study_id):
    results = ROOT / "assets" / "results"
    cycles = studies.read_study(results, study_id).cycles
    table = pd.read_csv(results / "studies" / study_id / "table1.csv")
    accuracy = table[(table["row"] == "mean") & (table["metric"] == "accuracy")]
    accuracy = accuracy.set_index("architecture")
    cells = [
        f"{accuracy.loc[name, 'ours']:.1%} over {accuracy.loc[name, 'cycles']} of {cycles} cycles"
        for name in ARCHITECTURES
    ]
    line = f"(`{study_id}`) | {' | '.join(cells)} |"
    assert line in README, f"Expected in README.md: {line}"
    tested = table[(table["row"] == "anova p") & (table["metric"] == "accuracy")]
    # "In neither study is the difference in accuracy between the networks above what seeds do."
    assert (tested["ours"] > 0.05).all()
