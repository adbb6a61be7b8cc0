"""Several films in one session: keys that come faster than the page, and what is in sight.

Where the focus is once a control is another element, how a film is found that was turned from, and
whether what is written can be read.
"""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from tests.support import reading_page
from tests.support.pointer import drag, middle
from tests.support.reading_page import Shared, are_read, begin, is_there, turn_to, upload
from tests.support.serving import VIEWPORT
from tests.support.watching import at_rest, settle

SECONDS = 60_000
RINGS, LATE, EARLY, LAST = "rings", ("late0", "late1", "late2"), ("early0", "early1"), "last"
"""Films in their order. Each is what it was until the test that is told of it changes it."""
NAMES = (*LATE, RINGS, *EARLY, LAST)
STOOD = """
addEventListener("keydown", () => {
  window.stood = document.querySelector(".st-key-case").textContent;
}, true)
"""
"""Notes which film is named when a key comes."""
CONTRAST = (Path(__file__).parents[1] / "support" / "contrast.js").read_text()
LOW = {"width": 1440, "height": 620}
"""A window in which not all films have room in the strip."""
LEAST = 4.5
"""Of normal text, WCAG 2.2, criterion 1.4.3."""
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
def several(context, app_url, tmp_path_factory):
    """A page with all films of `NAMES`, read: knees of different sizes, and what is none."""
    folder = tmp_path_factory.mktemp("films")
    y, x = np.mgrid[:200, :300]
    pictures = {name: draw_knee(n % 5, seed=n, side=240 + n) for n, name in enumerate(NAMES)}
    pictures[RINGS] = ((np.hypot(y - 90, x - 100) % 40) * 6).astype(np.uint8)
    files = [folder / f"{name}.png" for name in NAMES]
    for file, picture in zip(files, pictures.values(), strict=True):
        Image.fromarray(picture).save(file)

    def read_all(page):
        begin(page, app_url)
        upload(page, *files)
        are_read(page, len(NAMES))

    shared = Shared(context, read_all)
    yield shared
    shared.close()


@pytest.fixture
def read(several):
    """The page of `several` at the first of `LATE`, with no tool but the usual in hand."""

    def first(page):
        page.set_viewport_size(VIEWPORT)
        page.emulate_media(color_scheme="light")
        turn_to(page, LATE[0])
        page.locator(".pane").first.focus()
        page.keyboard.press("Escape")

    page = several.page(first)
    yield page
    page.unroute_all()


@pytest.fixture(scope="module")
def practice(context):
    """A page for the practice."""
    page = context.new_page()
    yield page
    page.close()


def test_a_grade_right_after_an_arrow_is_not_that_of_the_next_film(read):
    read.evaluate(STOOD)
    read.locator(".pane").first.focus()
    for before, after in itertools.pairwise(LATE):
        read.keyboard.press("ArrowRight")
        read.keyboard.press("2")
        is_there(read, after)
        if f"{before}.png" in read.evaluate("stood"):
            expect(read.locator(".st-key-own_grade")).not_to_contain_text("My grade: KL")
            expect(read.get_by_text(f"KL 2 was kept for {before}.png")).to_have_count(1)


def test_a_grade_is_nobodys_until_the_film_is_in_sight(read):
    turn_to(read, EARLY[0])
    held = []
    read.route("**/media/*.bin", lambda route: held.append(route))
    read.locator(".pane").first.focus()
    read.keyboard.press("ArrowRight")
    # Its name and its grades stand there, and it does not.
    expect(read.locator(".st-key-case")).to_contain_text(EARLY[1], timeout=SECONDS)
    expect(read.locator(".waiting").first).to_be_attached(timeout=SECONDS)
    settle(read)
    for key in ("Enter", "3"):
        read.keyboard.press(key)
    told = "Key 3 was not taken: the film was not in sight yet."
    expect(read.get_by_role("status").filter(has_text=told)).to_be_visible(timeout=SECONDS)
    settle(read)
    read.unroute_all()
    assert held, "the film was asked for"
    for route in held:
        route.fallback()
    is_there(read, EARLY[1])
    own = read.locator(".st-key-own_grade")
    expect(own).not_to_contain_text("My grade: KL")
    read.keyboard.press("1")
    expect(own).to_contain_text("My grade: KL 1", timeout=SECONDS)
    # What was not taken is told no more once a key is; it would go by itself, which is put off.
    read.evaluate(reading_page.PUT_OFF)
    shown = read.evaluate("document.documentElement.dataset.shown")
    show = "shown => { document.documentElement.dataset.shown = shown; }"
    read.evaluate(show, "")
    read.keyboard.press("3")
    expect(read.locator(".kl-not-taken")).to_have_count(1, timeout=SECONDS)
    read.evaluate(show, shown)
    read.keyboard.press("1")
    expect(read.locator(".kl-not-taken")).to_have_count(0, timeout=SECONDS)
    read.keyboard.press("ArrowLeft")
    is_there(read, EARLY[0])
    expect(own).not_to_contain_text("My grade: KL")


def focused(page):
    settle(page)
    return page.evaluate("document.activeElement.textContent.trim()")


def test_the_focus_stays_at_a_grade_and_at_a_film(read):
    read.keyboard.press("Tab")
    read.get_by_role("button", name="3 my grade").focus()
    read.keyboard.press("Enter")
    expect(read.locator(".st-key-own_grade")).to_contain_text("My grade: KL 3", timeout=SECONDS)
    assert focused(read).startswith("3")
    read.locator(".st-key-filmstrip button", has_text=LATE[1]).focus()
    read.keyboard.press("Enter")
    is_there(read, LATE[1])
    assert focused(read).startswith(f"{LATE[1]}.png")
    expect(read.get_by_role("button", name="What is shown")).to_be_visible()


def test_a_film_that_comes_back_is_looked_at_as_it_was_left(read):
    turn_to(read, EARLY[1])
    viewer, case = read.locator(".viewer"), read.locator(".st-key-case")
    read.locator(".pane").first.focus()
    fitted = viewer.get_attribute("data-zoom")
    read.keyboard.press("i")
    read.keyboard.press("+")
    expect(viewer).to_have_attribute("data-invert", "true", timeout=SECONDS)
    expect(viewer).not_to_have_attribute("data-zoom", fitted, timeout=SECONDS)
    zoom = viewer.get_attribute("data-zoom")
    for key in ("l", "Enter", "Escape"):
        read.keyboard.press(key)
    ruler = read.locator(".pane").first.locator(".svg-layer text")
    expect(ruler).to_contain_text("px", timeout=SECONDS)
    length = ruler.text_content()
    read.keyboard.press("ArrowRight")
    expect(case).to_contain_text(LAST, timeout=SECONDS)
    expect(ruler).to_have_count(0)
    expect(viewer).to_have_attribute("data-invert", "false", timeout=SECONDS)
    read.keyboard.press("ArrowLeft")
    expect(case).to_contain_text(EARLY[1], timeout=SECONDS)
    expect(viewer).to_have_attribute("data-invert", "true", timeout=SECONDS)
    expect(viewer).to_have_attribute("data-zoom", zoom, timeout=SECONDS)
    expect(ruler).to_have_text(length, timeout=SECONDS)
    read.locator(".pane").last.focus()
    read.keyboard.press("Tab")
    expect(read.locator(".pane:focus")).to_have_count(0)


def test_a_ruler_that_was_removed_does_not_come_back(read):
    turn_to(read, RINGS)
    viewer, case = read.locator(".viewer"), read.locator(".st-key-case")
    read.locator(".pane").first.focus()
    ruler = read.locator(".pane").first.locator(".svg-layer text")
    for key in ("l", "Enter", "Escape"):
        read.keyboard.press(key)
    expect(ruler).to_contain_text("px", timeout=SECONDS)
    for key, name in (("ArrowRight", EARLY[0]), ("ArrowLeft", RINGS)):
        read.keyboard.press(key)
        expect(case).to_contain_text(name, timeout=SECONDS)
    expect(ruler).to_contain_text("px", timeout=SECONDS)
    expect(viewer).to_have_attribute("data-ready", "true", timeout=SECONDS)
    read.keyboard.press("Delete")
    expect(ruler).to_have_count(0)
    # Maps come beside the same film.
    read.get_by_role("button", name="Grade anyway").click()
    expect(read.locator(".pane")).to_have_count(3, timeout=SECONDS)
    expect(read.locator(".layer").nth(1)).to_have_css("opacity", "0.6", timeout=SECONDS)
    expect(ruler).to_have_count(0)


def test_arrows_that_come_faster_than_the_films_add_up(read):
    turn_to(read, NAMES[-4])
    read.locator(".pane").first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        read.keyboard.press(key)
    # Past the last one to the first, and back.
    expect(read.locator(".st-key-case")).to_contain_text(LAST, timeout=SECONDS)
    label = re.compile(LAST)
    expect(read.locator(".pane").first).to_have_attribute("aria-label", label, timeout=SECONDS)


def test_a_film_that_is_turned_back_to_while_the_next_is_on_its_way_is_there(read):
    pane, viewer = read.locator(".pane").first, read.locator(".viewer")
    first = pane.get_attribute("aria-label")
    held = []
    read.route("**/media/*.bin", lambda route: held.append(route))
    pane.focus()
    read.keyboard.press("ArrowRight")
    expect(pane).to_have_class(re.compile("waiting"), timeout=SECONDS)
    expect(pane).not_to_have_attribute("aria-label", first)
    read.keyboard.press("ArrowLeft")
    expect(pane).to_have_attribute("aria-label", first, timeout=SECONDS)
    expect(viewer).to_have_attribute("data-ready", "true", timeout=SECONDS)
    expect(read.locator(".waiting")).to_have_count(0)
    assert held, "the other film was asked for"
    read.unroute_all()
    for route in held:
        route.fallback()
    for _ in range(3):
        before = pane.get_attribute("aria-label")
        read.keyboard.press("ArrowRight")
        expect(pane).not_to_have_attribute("aria-label", before, timeout=SECONDS)
        expect(viewer).to_have_attribute("data-ready", "true", timeout=SECONDS)
        expect(read.locator(".waiting")).to_have_count(0)
    assert viewer.get_attribute("data-error") is None


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
    read.get_by_role("button", name="2 my grade").click()
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
def test_hints_of_keys_and_captions_are_told_from_what_is_behind_them(practice, app_url, scheme):
    page = practice
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
    read.set_viewport_size(LOW)
    strip = read.locator(".st-key-filmstrip")
    top = strip.evaluate("strip => strip.scrollTop = 0")
    assert strip.evaluate("strip => strip.scrollHeight > strip.clientHeight")
    read.locator("[data-testid=stSelectbox] input").first.click()
    read.get_by_role("option", name=f"{LAST}.png").click()
    current = read.locator(".st-key-filmstrip > :has(button[kind=primary])")
    expect(current).to_contain_text(f"{LAST}.png", timeout=SECONDS)
    expect(current.locator(".kl-thumb")).to_be_in_viewport(ratio=1, timeout=SECONDS)
    assert strip.evaluate("strip => strip.scrollTop") > top
    boxes = [thumb.bounding_box() for thumb in read.locator(".kl-thumb").all()]
    for above, below in itertools.pairwise(boxes):
        assert above["y"] + above["height"] <= below["y"]
    # What she looks at meanwhile is left to her.
    strip.evaluate("strip => strip.scrollTop = 0")
    read.get_by_role("button", name="1 my grade").click()
    mine = read.locator("[class*=st-key-own_1--] button[kind=primary]")
    expect(mine.first).to_be_visible(timeout=SECONDS)
    at_rest(read)
    read.wait_for_timeout(300)  # which is as long as nothing may happen
    assert strip.evaluate("strip => strip.scrollTop") == 0


def test_a_ruler_s_figure_stands_on_the_film_and_on_no_map(read):
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
