"""The words over the tables of the research pages, and what is shown as percent."""

import pandas as pd

from pages.shared.column_words import described, to_a_tenth

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


def test_shares_are_shown_to_a_tenth_of_a_percent_and_keep_their_values():
    table = pd.DataFrame({"accuracy": [0.52784, 0.9, None], "kappa": [0.5, 0.25, 1.0]})
    shown, columns = to_a_tenth(table, described(table))
    cells = [
        [cell["display_value"] for cell in row] for row in shown._translate(True, True)["body"]
    ]
    assert [row[1] for row in cells] == ["52.8%", "90.0%", ""]
    assert shown.data["accuracy"].tolist()[:2] == [0.52784, 0.9]
    assert columns["accuracy"]["type_config"]["format"] is None
    assert columns["accuracy"]["label"] == "Accuracy"


def test_a_table_without_shares_is_shown_as_it_is():
    table = pd.DataFrame({"kappa": [0.5]})
    assert to_a_tenth(table, described(table))[0] is table
