"""Another hospital's films: the table follows the card."""

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
