"""The words over the tables of the research pages, and what is shown as percent."""

import pandas as pd

from pages.shared.column_words import described

TABLE = pd.DataFrame(
    {"metric": ["accuracy"], "accuracy": [0.7], "p_holm": [0.03], "own": ["x"], "network": ["y"]}
)


def test_columns_have_words_and_shares_are_percent():
    columns = described(TABLE)
    assert columns["accuracy"]["label"] == "Accuracy"
    assert columns["accuracy"]["type_config"]["format"] == "percent"
    assert columns["p_holm"]["label"] == "p, after Holm"
    assert columns["network"] == "Network"
    assert "own" not in columns
    (option, *_) = columns["metric"]["type_config"]["options"]
    assert option == {"value": "accuracy", "label": "Accuracy"}


def test_what_a_page_says_of_its_columns_goes_before():
    given = {"accuracy": "Right", "p_holm": None, "own": {"label": None, "width": "large"}}
    columns = described(TABLE, given)
    assert columns["accuracy"] == "Right"
    assert columns["p_holm"] is None
    assert columns["own"]["width"] == "large"


def test_a_cell_without_words_leaves_its_column_as_it_is():
    columns = described(TABLE.assign(metric="recall"))
    assert columns["metric"] == "Measure"
