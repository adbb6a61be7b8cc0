"""Another hospital's films: the table follows the card."""

import pandas as pd

from kneeoa.analysis.published import elsewhere


def test_a_row_a_way_to_frame_in_order():
    figures = dict.fromkeys(elsewhere.MEASURES, 0.5) | {"films": 180}
    measured = {"localiser": figures, "whole_film_stretched": figures, "refusals": {"films": 180}}
    table = elsewhere.framings({"metrics": {"elsewhere": {"graded": measured}}})
    assert list(table) == ["framing", *elsewhere.MEASURES]
    assert [framing.split(",")[0] for framing in table["framing"]] == [
        "the whole film",
        "the localiser finds the joint",
    ]


def test_a_card_without_such_films_gives_no_row():
    assert elsewhere.framings({"metrics": {}}).empty


def test_shares_of_films_stand_with_their_interval_and_what_is_unknown_stays_empty():
    table = pd.DataFrame({"films": [100, 100], "accuracy": [0.5, None], "within_one_grade": 0.9})
    said = elsewhere.in_words(table)
    # Wilson (1927), as in Newcombe 1998: 50 of 100 gives 40.4% to 59.6%.
    assert said["accuracy"].iloc[0] == "50.0% (40.4% to 59.6%)"
    assert pd.isna(said["accuracy"].iloc[1])
    assert said["within_one_grade"].iloc[0].startswith("90.0% (82.")
