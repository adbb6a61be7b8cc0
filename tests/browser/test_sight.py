"""What is written can be read, and nothing lies over what is looked at."""

import itertools
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from tests.support.pointer import drag, middle
from tests.support.serving import VIEWPORT
from tests.support.watching import at_rest, settle

SECONDS = 60_000
CONTRAST = (Path(__file__).parents[1] / "support" / "contrast.js").read_text()
LEAST = 4.5
"""Of normal text, WCAG 2.2, criterion 1.4.3."""
MANY = 9
GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 20, 22)"}
BADGES = """(kind) => document.querySelectorAll(".kl-badge").forEach((badge) => {
  badge.className = `kl-badge kl-apart-${kind}`;
})"""

STUCK = """(above) => {
  const film = document.querySelector("[data-testid=stColumn]:has(.st-key-viewer)");
  return parseFloat(getComputedStyle(film).top) >= above;
}"""
DRAWN = "lines => lines.some((line) => getComputedStyle(line).display !== 'none')"


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    files = [folder / f"{place}.png" for place in range(MANY)]
    for place, file in enumerate(files):
        Image.fromarray(draw_knee(place % 5, seed=place, side=400)).save(file)
    return [str(file) for file in files]


@pytest.fixture(scope="module")
def read(context, app_url, films):
    """A page with many films that were read."""
    page = context.new_page()
    page.goto(app_url)
    page.locator("input[type=file]").first.set_input_files(films)
    expect(page.locator(".kl-thumb")).to_have_count(MANY, timeout=SECONDS)
    expect(page.locator(".kl-thumb", has_text="...")).to_have_count(0, timeout=SECONDS)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    yield page
    page.close()


def assert_legible(page):
    """Check every text on the page, once colours that are still changing have changed."""
    for _ in range(25):
        failing = page.evaluate(CONTRAST, LEAST)
        if not failing:
            return
        page.wait_for_timeout(200)
    assert failing == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_are_told_from_what_is_behind_them(read, scheme):
    read.emulate_media(color_scheme=scheme)
    expect(read.locator(".stApp")).to_have_css("background-color", GROUNDS[scheme])
    # No run of the page comes of it; popovers and dialogs stand beside the page and follow.
    expect(read.locator(":root")).to_have_css("color-scheme", scheme)
    expect(read.locator(".kl-lead .kl-badge")).to_be_visible()
    read.get_by_role("button", name="2", exact=True).click()
    mine = read.locator(".st-key-own_grades button[kind=primary]").first
    expect(mine).to_be_visible(timeout=SECONDS)
    for kind in range(3):
        read.evaluate(BADGES, kind)
        assert_legible(read)
    for pointed_at in (mine, read.get_by_text("How this answer comes about")):
        pointed_at.hover()
        settle(read)
        assert_legible(read)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hints_of_keys_and_captions_are_told_from_what_is_behind_them(page, app_url, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{app_url}/practice")
    expect(page.locator("button[kind=primary] kbd")).to_be_visible(timeout=SECONDS)
    expect(page.locator("[data-testid=stCaptionContainer]").first).to_be_visible(timeout=SECONDS)
    # Popovers and dialogs stand beside the page, and take their colours from here.
    expect(page.locator(":root")).to_have_css("color-scheme", scheme, timeout=SECONDS)
    settle(page)
    assert_legible(page)
    page.locator("button[data-selected]:visible").first.hover()
    settle(page)
    assert_legible(page)


def test_a_long_name_without_a_break_is_in_sight_whole_and_lies_over_no_tool(read):
    line = read.locator(".st-key-case")
    expect(line).to_be_visible()
    foot = "pane => pane.getBoundingClientRect().bottom"
    before = read.locator(".st-key-viewer").evaluate(foot)
    name = line.locator("b").first
    was = name.evaluate("name => [name.textContent, name.textContent = 'x'.repeat(188)][0]")
    box = name.bounding_box()
    assert box["x"] + box["width"] <= VIEWPORT["width"]
    assert read.evaluate("document.documentElement.scrollWidth") <= VIEWPORT["width"]
    # The film stands below it, also once the page is scrolled, and its foot is where it was.
    above = line.evaluate("line => line.offsetHeight") + 60
    read.wait_for_function(STUCK, arg=above)
    assert read.locator(".st-key-viewer").evaluate(foot) <= before + 2
    name.evaluate("(name, was) => { name.textContent = was; }", was)


def test_the_strip_shows_the_film_that_was_turned_to_and_hides_none(read):
    strip = read.locator(".st-key-filmstrip")
    top = strip.evaluate("strip => strip.scrollTop = 0")
    assert strip.evaluate("strip => strip.scrollHeight > strip.clientHeight")
    read.locator("[data-testid=stSelectbox] input").first.click()
    read.get_by_role("option", name=f"{MANY - 1}.png").click()
    current = read.locator(".st-key-filmstrip > :has(button[kind=primary])")
    expect(current).to_contain_text(f"{MANY - 1}.png", timeout=SECONDS)
    expect(current.locator(".kl-thumb")).to_be_in_viewport(ratio=1, timeout=SECONDS)
    assert strip.evaluate("strip => strip.scrollTop") > top
    boxes = [thumb.bounding_box() for thumb in read.locator(".kl-thumb").all()]
    for above, below in itertools.pairwise(boxes):
        assert above["y"] + above["height"] <= below["y"]
    # What she looks at meanwhile is left to her.
    strip.evaluate("strip => strip.scrollTop = 0")
    read.get_by_role("button", name="1", exact=True).click()
    mine = read.locator("[class*=st-key-own_1--] button[kind=primary]")
    expect(mine.first).to_be_visible(timeout=SECONDS)
    at_rest(read)
    read.wait_for_timeout(300)  # which is as long as nothing may happen
    assert strip.evaluate("strip => strip.scrollTop") == 0


def test_a_ruler_s_figure_stands_on_the_film_and_on_no_map(read):
    read.set_viewport_size(VIEWPORT)
    read.locator(".pane").first.focus()
    read.keyboard.press("l")
    drag(read, middle(read), (120, 0))
    panes = read.locator(".pane").all()
    assert len(panes) == 3
    expect(panes[0].locator(".svg-layer text")).to_be_visible(timeout=SECONDS)
    for pane in panes[1:]:
        expect(pane.locator(".svg-layer text")).to_be_attached()
        expect(pane.locator(".svg-layer text")).to_be_hidden()
        assert pane.locator(".svg-layer line").evaluate_all(DRAWN)
    read.keyboard.press("Shift+Delete")
    read.keyboard.press("Escape")
