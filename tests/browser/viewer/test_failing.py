"""The viewer alone, where films cannot be had or drawn."""

import re

import pytest
from playwright.sync_api import expect

SECONDS = 60_000
NO_MAP = "app/static/none.png"
AWAITING = re.compile("awaiting")


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
