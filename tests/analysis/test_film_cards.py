"""The cards of a contact sheet agree with the cell that they stand for."""

import pytest

from kneeoa.analysis import confusions, film_cards
from tests.support.research import drawn_predictions

RUNS = {f"run {seed}": confusions.graded(drawn_predictions(seed), "test") for seed in range(3)}


@pytest.mark.parametrize(("true", "given"), [(0, 0), (1, 2), (0, 4)])
def test_cell_list_and_sheet_of_one_answer_a_film_have_one_number(true, given):
    answers = {"averaged": confusions.mean_answers(RUNS)}
    cell = confusions.matrix(answers["averaged"])[true, given]
    cards = film_cards.of_cell(answers, true, given)
    assert len(cards) == cell == len(confusions.in_cell(answers, true, given))
    said = film_cards.cell_sentence(answers, "MobileNet", true, given)
    assert said.startswith(f"{cell} knees")
    assert all(card.note == "" for card in cards)


@pytest.mark.parametrize("several", [False, True])
def test_films_of_both_networks_are_those_that_each_puts_into_the_cell(several):
    networks = [{"run 0": RUNS["run 0"]}, {"run 1": RUNS["run 1"]}]
    if several:
        networks[0]["run 2"] = RUNS["run 2"]
    true, given, query = 0, 0, "true_grade == 0 and predicted == 0"
    there = [
        {image_id for films in runs.values() for image_id in films.query(query)["image_id"]}
        for runs in networks
    ]
    cards = film_cards.of_cell(networks[0], true, given, also=networks)
    assert {card.image_id for card in cards} == there[0] & there[1]
    assert 0 < len(cards) < len(there[0])
    listed = confusions.in_cell(networks[0], true, given, also=networks)
    assert listed["image_id"].tolist() == [card.image_id for card in cards]
    # As many as are listed without: the same films, in the same order.
    every = [card.image_id for card in film_cards.of_cell(networks[0], true, given)]
    assert [name for name in every if name in there[1]] == listed["image_id"].tolist()


def test_the_sentence_below_a_cell_says_how_many_of_how_many():
    assert film_cards.below_sentence(33) == "Below: all 33."
    said = film_cards.below_sentence(33, 21)
    assert said == "Below: the 21 of these 33 to which both networks give this grade."
    assert "a run of each network gives" in film_cards.below_sentence(51, 30, several=True)
    assert "there is no film to show" in film_cards.below_sentence(33, 0)
    assert film_cards.below_sentence(1) == "Below: that film."
    assert film_cards.below_sentence(1, 1).startswith("Below: that film, to which both networks")
    assert "these 1" not in film_cards.below_sentence(1, 0)
    assert film_cards.below_sentence(0) == "There is no film to show."
    assert film_cards.below_sentence(0, 0) == "There is no film to show."


def test_a_card_says_reference_grade_side_and_probability():
    runs = {name: of.assign(image_id="p_" + of["image_id"].str[4:]) for name, of in RUNS.items()}
    runs = {
        name: of.assign(image_id=of["image_id"].str[:-1] + "_" + of["image_id"].str[-1])
        for name, of in runs.items()
    }
    card, *_ = film_cards.of_cell(runs, 0, 1)
    shares = [of.set_index("image_id").loc[card.image_id, "p1"] for of in runs.values()]
    assert card.probability == pytest.approx(sum(shares) / 3)
    times = sum(
        of.set_index("image_id").loc[card.image_id, "predicted"] == 1 for of in runs.values()
    )
    side = {"L": "left", "R": "right"}[card.image_id[-1]]
    assert card.lines() == (
        "reference 0, given 1",
        f"{side}, {card.probability:.0%}",
        f"so in {times} of 3 runs",
    )


def test_a_name_that_tells_no_side_has_none():
    assert film_cards.side_of("film7") == ""
    card = film_cards.FilmCard("film7", 1, 0, "", 0.5)
    assert card.lines()[1] == "side not known, 50%"


def test_lists_become_cards_in_their_order():
    wrong = confusions.always_wrong(RUNS)
    cards = film_cards.of_wrong(wrong)
    assert [card.image_id for card in cards] == wrong["image_id"].tolist()
    assert all(card.reference != card.given for card in cards if wrong["runs"].eq(1).all())
    answers = confusions.mean_answers(RUNS)
    other = confusions.mean_answers({"a": RUNS["run 0"]})
    apart = confusions.most_apart(answers, other).head(5)
    cards = film_cards.of_apart(apart, ("mobilenet", "resnet50"), answers)
    assert [card.image_id for card in cards] == apart["image_id"].tolist()
    said = answers.set_index("image_id").loc[cards[0].image_id]
    assert cards[0].given == said["predicted"]
    assert cards[0].note.startswith("on average MobileNet ")


def test_what_each_run_says_of_a_film():
    name = RUNS["run 0"]["image_id"].iloc[0]
    table = film_cards.of_film(RUNS | {"none": RUNS["run 0"].iloc[5:]}, name)
    assert table["run"].tolist() == ["run 0", "run 1", "run 2"]
    assert table[["p0", "p1", "p2", "p3", "p4"]].sum(axis=1).tolist() == pytest.approx([1, 1, 1])
    assert film_cards.of_film(RUNS, "nowhere").empty


def test_one_knee_is_one_knee():
    films = next(iter(RUNS.values()))
    cells = films.groupby(["true_grade", "predicted"]).size()
    (true, given), *_ = cells[cells == 1].index
    said = film_cards.cell_sentence({"run": films}, "MobileNet", true, given)
    assert said.startswith(f"1 knee with reference KL {true} ")
