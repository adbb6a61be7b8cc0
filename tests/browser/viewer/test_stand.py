"""The viewer alone: of films that it is told of faster than they come, it shows the last.

And what it does where films cannot be had or drawn.
"""

import random
import re

import pytest
from playwright.sync_api import expect

SECONDS = 60_000
NO_MAP = "app/static/none.png"
AWAITING = re.compile("awaiting")


def test_a_film_that_is_turned_back_to_before_the_next_came_is_there_at_once(stand):
    stand.turns_to("A")
    stand.say("B", "A")
    stand.shows("A")
    assert stand.do("asks") == ""


@pytest.mark.parametrize("turns", ["BC", "BCB", "BCBAC", "BAB"])
def test_films_that_were_turned_over_are_there_when_they_are_turned_to(stand, turns):
    stand.turns_to("A")
    stand.say(*turns)
    stand.shows(turns[-1], is_open=True)
    for film in "ABCBA":
        stand.turns_to(film)


def test_a_film_that_comes_after_it_was_turned_from_is_put_nowhere(stand):
    stand.turns_to("A")
    stand.say("B")
    stand.say("C", "B")
    stand.give("B")
    stand.shows("B")
    stand.turns_to("C")


def test_an_arrow_after_a_click_counts_from_the_film_that_the_click_turned_to(stand):
    stand.turns_to("A", turns={"place": 0, "count": 9})
    stand.presses("ArrowRight", "ArrowRight")
    stand.turns_to("B", turns={"place": 2, "count": 9})
    stand.page.mouse.click(1000, 700)
    stand.turns_to("C", turns={"place": 7, "count": 9})
    stand.presses("ArrowRight")
    told = [(turn["place"], turn["start"]) for turn in stand.do("turned", stand.number)]
    assert told == [(1, 0), (2, 0), (8, 7)]


def test_films_beside_each_other_are_turned_over_one_by_one(stand):
    stand.turns_to("AB")
    stand.say("AC", "AB")
    stand.shows("AB")
    stand.say("BC", "BA", "B", "CA")
    stand.shows("CA", is_open=True)
    stand.say("A", "AB", "A")
    stand.shows("A", is_open=True)


def test_two_viewers_on_a_page_do_not_wait_for_each_other(stand, page):
    other = type(stand)(page)
    stand.turns_to("A")
    other.turns_to("A")
    stand.say("B")
    other.say("B", "C", "A")
    other.shows("A")
    stand.shows("B", is_open=True)
    other.do("takeAway", other.number)
    stand.turns_to("C")


def test_whatever_comes_in_whatever_order_what_was_said_last_is_shown(stand):
    chance = random.Random(5)
    for _ in range(40):
        stand.say(*chance.choices(["A", "B", "C", "AB", "CB", "BA"], k=chance.randint(1, 3)))
        for film in set(stand.do("asks")):
            if chance.random() < 0.4:
                stand.give(film)
        if chance.random() < 0.3:
            stand.turns_to(chance.choice(["A", "B", "AB"]))
    stand.turns_to("A")


def test_a_viewer_that_is_taken_away_waits_for_nothing(stand):
    stand.turns_to("A")
    stand.say("B")
    stand.do("takeAway", stand.number)
    assert stand.do("asks") == ""


def test_a_ruler_stays_with_a_film_that_is_turned_from_and_back_twice_before_another_came(stand):
    stand.turns_to("A")
    stand.presses("l", "Enter")
    ruler = stand.viewer.locator(".pane .svg-layer text")
    expect(ruler).to_contain_text("px", timeout=SECONDS)
    stand.presses("Escape")
    stand.say("B")
    stand.say("C")
    stand.turns_to("A")
    stand.page.wait_for_timeout(300)
    expect(ruler).to_contain_text("px")


def test_a_box_that_is_let_go_on_the_next_film_is_not_told_as_that_one_s(stand):
    stand.turns_to("A")
    stand.presses("b")
    with stand.dragging():
        stand.turns_to("B")
    assert stand.do("told", stand.number) == []


@pytest.mark.parametrize("goes_on", ["stand.say(number, 'B')", "press('n')"])
def test_a_box_that_a_held_key_has_moved_is_told_of_before_the_next_film(stand, goes_on):
    stand.turns_to("A")
    stand.presses("b")
    told = stand.viewer.evaluate(
        """(viewer, [number, goesOn]) => {
          const press = (key, repeat = false) => viewer.querySelector(".pane").dispatchEvent(
            new KeyboardEvent("keydown", { key, repeat, bubbles: true, composed: true }));
          press("ArrowRight");
          press("ArrowRight", true);
          const now = stand.told(number).length;
          new Function("number", "press", goesOn)(number, press);
          return now;
        }""",
        [stand.number, goes_on],
    )
    assert told == 1
    if "say" in goes_on:
        stand.shows("B", is_open=True)
    assert stand.do("told", stand.number) == [["moved", "A"], ["moved", "A"]]


def test_the_box_of_a_film_that_was_turned_back_to_moves_with_the_pointer(stand):
    stand.turns_to("A")
    stand.say("B", "A")
    stand.shows("A")
    stand.presses("b")
    box = stand.viewer.locator(".svg-layer rect:not(.background)").first
    before = box.get_attribute("x")
    with stand.dragging():
        expect(box).not_to_have_attribute("x", before)
    assert stand.do("told", stand.number) == [["moved", "A"]]


def test_the_magnifier_shows_no_film_that_is_gone(stand):
    stand.turns_to("A")
    stand.presses("m")
    lens = stand.viewer.locator(".lens")
    with stand.dragging():
        expect(lens).to_be_visible(timeout=SECONDS)
        stand.turns_to("B")
        expect(lens).to_be_hidden()


def test_a_picture_of_films_that_are_turned_from_meanwhile_is_not_made(stand):
    stand.turns_to("AB")
    stand.viewer.get_by_role("button", name="Picture").evaluate(
        "(button, number) => { button.click(); stand.say(number, 'BA'); }", stand.number
    )
    expect(stand.viewer.locator(".said")).to_contain_text("could not be made", timeout=SECONDS)
    stand.shows("BA", is_open=True)


@pytest.mark.parametrize("films", ["AB", "BA"])
def test_of_two_films_the_larger_box_is_seen_whole_from_the_start(stand, films):
    stand.turns_to(films, boxes={"A": 40, "B": 80})
    for turn in ("", "r"):
        stand.presses(*turn)
        sides = []
        for pane in stand.viewer.locator(".pane").all():
            box, around = (
                it.bounding_box() for it in (pane.locator(".svg-layer rect:not(.background)"), pane)
            )
            sides.append(box["height"])
            for start, side in (("x", "width"), ("y", "height")):
                assert box[start] >= around[start]
                assert box[start] + box[side] <= around[start] + around[side]
        assert max(sides) / min(sides) == pytest.approx(2, rel=0.05), "millimetres are alike"
        assert max(sides) > 200, "as large as can be"


def test_where_it_is_narrow_the_tools_are_one_row_and_what_keys_do_is_told_in_sight(stand):
    stand.turns_to("A")
    stand.viewer.evaluate("viewer => { viewer.style.width = '350px' }")
    bar = stand.viewer.get_by_role("toolbar")
    assert bar.bounding_box()["height"] < 40
    last = stand.viewer.get_by_text("Keys", exact=True)
    last.click()
    assert last.bounding_box()["x"] + last.bounding_box()["width"] <= 350
    told, around = stand.viewer.locator("dl").bounding_box(), stand.viewer.bounding_box()
    assert told["x"] >= around["x"]
    assert told["x"] + told["width"] <= around["x"] + around["width"]
    assert told["y"] + told["height"] <= around["y"] + around["height"]
    assert told["height"] > 150, "not in the row's own height"
    # What lies over a film goes by Escape, wherever the focus is.
    stand.viewer.locator(".pane").first.focus()
    stand.page.keyboard.press("Escape")
    expect(stand.viewer.locator("details[open]")).to_have_count(0)
    last.focus()
    around = bar.bounding_box()
    stand.page.keyboard.press("Shift+Tab")
    for _ in range(12):
        stand.page.wait_for_timeout(50)
        at = bar.locator(":focus").bounding_box()
        assert around["x"] - 1 <= at["x"]
        assert at["x"] + at["width"] <= around["x"] + around["width"] + 1
        stand.page.keyboard.press("Shift+Tab")


def test_a_film_that_is_gone_is_said_to_be_and_can_be_tried_again(stand):
    stand.turns_to("A")
    stand.do("lose", "B")
    stand.say("B")
    told = stand.said
    expect(told).to_contain_text("film B could not be fetched (404)", timeout=SECONDS)
    expect(told).not_to_contain_text("eload")
    assert stand.viewer.locator(".waiting").count() == 0
    stand.do("lose", "")
    told.get_by_role("button", name="Try again").click()
    stand.shows("B", is_open=True)
    expect(told).to_have_text("")


def test_a_film_that_is_gone_keeps_no_other_from_being_shown(stand):
    stand.turns_to("AB")
    stand.do("lose", "C")
    stand.say("AC")
    expect(stand.viewer.locator(".said")).to_contain_text("404", timeout=SECONDS)
    stand.turns_to("AB")
    expect(stand.viewer.locator(".said")).to_have_text("")


def test_a_map_that_cannot_be_had_is_said_not_to_be_there(stand):
    stand.turns_to("A", map=NO_MAP)
    note = stand.viewer.locator(".note")
    expect(note).to_have_text("This map could not be fetched", timeout=SECONDS)


def test_a_film_beside_one_that_is_gone_is_looked_at_as_if_it_had_come_alone(stand):
    stand.turns_to("A")
    stand.presses("+", "+", "l", "Enter")
    expect(stand.figures).to_contain_text("px", timeout=SECONDS)
    stand.presses("Escape")
    looked = stand.looked_at()
    stand.turns_to("B")
    stand.presses("r", "x")
    stand.fails("AC", gone="C")
    # What is said of the other takes room.
    assert stand.looked_at()[1:] == looked[1:]
    expect(stand.figures).to_contain_text("px")
    expect(stand.viewer.locator(".pane").nth(1)).to_have_class("pane lost")
    stand.turns_to("B")
    assert stand.looked_at()[2:5] == ["false", "90", "true"]
    stand.turns_to("A")
    assert stand.looked_at() == looked


def test_a_second_film_is_looked_at_where_the_first_is_gone(stand):
    stand.turns_to("A")
    stand.presses("r", "i")
    stand.fails("CB", gone="C")
    assert stand.viewer.get_attribute("data-ready") == "false"
    expect(stand.viewer.locator(".pane").first).to_have_class("pane lost")
    assert "turned" not in stand.viewer.locator(".values").nth(1).text_content()
    stand.do("lose", "")
    stand.again.click()
    stand.shows("CB", is_open=True)


def drags_beside_a_film_that_is_gone(stand, tool):
    """Drag with a `tool`, which is taken before, on film A; C beside it is gone."""
    stand.turns_to("B")
    stand.presses(tool)
    stand.fails("AC", gone="C")
    with stand.dragging():
        pass


def test_what_is_drawn_beside_a_film_that_is_gone_stays_when_that_comes(stand):
    drags_beside_a_film_that_is_gone(stand, "l")
    expect(stand.figures).to_contain_text("px")
    drawn = stand.figures.text_content()
    stand.do("lose", "")
    stand.again.click()
    stand.shows("AC", is_open=True)
    stand.page.wait_for_timeout(300)
    expect(stand.figures).to_have_text([drawn])


def test_what_is_said_of_a_film_that_is_gone_stands_while_the_page_says_the_same(stand):
    stand.turns_to("A")
    stand.fails("B", gone="B")
    told = stand.said.text_content()
    stand.again.focus()
    for _ in range(2):
        stand.say("B")
        stand.page.wait_for_timeout(200)
    assert stand.said.text_content() == told
    expect(stand.again).to_be_focused()
    stand.turns_to("A")
    expect(stand.said).to_have_text("")


def test_a_box_that_is_moved_beside_a_film_that_is_gone_is_heard_of(stand):
    drags_beside_a_film_that_is_gone(stand, "b")
    assert stand.do("told", stand.number) == [["moved", "A"]]
    expect(stand.viewer).to_have_class(AWAITING)
    stand.say("AC", heard=True)
    expect(stand.viewer).not_to_have_class(AWAITING)
    expect(stand.said).to_contain_text("could not be fetched")


@pytest.mark.parametrize("films", ["A", "AB"])
def test_films_are_drawn_anew_where_the_browser_takes_the_graphics_away(stand, films):
    stand.turns_to(films)
    stand.presses("r", "l", "Enter")
    expect(stand.figures).to_contain_text("px", timeout=SECONDS)
    looked = stand.looked_at()
    stand.do("loseGraphics")
    stand.shows(films)
    assert stand.looked_at() == looked
    expect(stand.viewer.locator(".pane").first).to_be_focused()
    stand.page.wait_for_timeout(300)
    expect(stand.figures).to_contain_text("px")
    stand.turns_to("C")
    stand.turns_to(films)


def test_where_there_are_no_graphics_any_more_that_is_said_and_can_be_tried_again(stand):
    stand.turns_to("A")
    stand.do("refuseGraphics", True)
    stand.do("loseGraphics")
    expect(stand.said).to_contain_text("graphics have stopped", timeout=SECONDS)
    assert stand.viewer.get_attribute("data-ready") == "false"
    stand.do("refuseGraphics", False)
    stand.again.click()
    stand.shows("A")
    expect(stand.said).to_have_text("")
