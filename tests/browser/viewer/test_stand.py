"""The viewer alone: of films that it is told of faster than they come, it shows the last."""

import random

import pytest
from playwright.sync_api import expect

SECONDS = 60_000


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
    around = bar.bounding_box()
    stand.page.keyboard.press("Shift+Tab")
    for _ in range(12):
        stand.page.wait_for_timeout(50)
        at = bar.locator(":focus").bounding_box()
        assert around["x"] - 1 <= at["x"]
        assert at["x"] + at["width"] <= around["x"] + around["width"] + 1
        stand.page.keyboard.press("Shift+Tab")
