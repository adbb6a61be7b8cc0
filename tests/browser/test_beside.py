"""Two films beside each other in a browser: one zoom and one window, and the lines of each.

What is drawn on a film is what the page knows of it, also beside another.
"""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.support import pointer
from tests.support.case_pages import KEY, environment
from tests.support.paired_films import BOTH, KNEE, LARGE, NEW, OLD, SPACINGS, write_films
from tests.support.reading_page import (
    Shared,
    apart,
    are_read,
    begin,
    beside,
    ready,
    turn_to,
    upload,
)
from tests.support.serving import VIEWPORT, forked_app
from tests.support.viewer import becomes, still

SECONDS = 60_000


@pytest.fixture(scope="module")
def saving(tmp_path_factory):
    """The app, with a list of cases: only while that is open is the page told of lines."""
    folder = tmp_path_factory.mktemp("cases")
    with forked_app(folder, **environment(folder)) as running:
        yield running


@pytest.fixture(scope="module")
def shared(context, saving, tmp_path_factory):
    """A page with many films that were read, and the list closed."""
    files = write_films(tmp_path_factory.mktemp("films"))

    def read(page):
        page.is_signed_in = False
        begin(page, saving.url)
        upload(page, *files)
        are_read(page, len(files))

    shared = Shared(context, read)
    yield shared
    shared.close()


def alone(page, name):
    """Have a film on the screen, alone and without lines, and no tool but the usual in hand."""
    page.keyboard.press("Escape")
    turn_to(page, name)
    if page.locator(".st-key-beside").count():
        apart(page)
    page.locator(".pane").first.focus()
    for key in ("d", "Shift+Delete"):
        page.keyboard.press(key)
    expect(lines(page)).to_have_count(0)


def unknown(page):
    assert not page.is_signed_in
    alone(page, NEW)


def signed_in(page, name=NEW):
    alone(page, name)
    if not page.is_signed_in:
        sign_in(page)


def put_beside(page, other, *keys):
    """Have another film beside the one on the screen, if none is, and press keys at the first."""
    if not page.locator(".st-key-beside").count():
        beside(page, other)
    page.locator(".pane").first.focus()
    for key in keys:
        page.keyboard.press(key)


def together(page):
    """Have `KNEE` beside `LARGE`, the films as they came."""
    if not page.locator(".st-key-case", has_text=KNEE).count():
        turn_to(page, KNEE)
    put_beside(page, LARGE, "d", "Home")
    becomes(page, "tool", "window")
    still(page.locator(".viewer"))


@pytest.fixture
def page(shared):
    """The page of `shared` at its first film, with the list open."""
    return shared.page(signed_in)


@pytest.fixture
def two(shared):
    """The page of `shared` with its second film beside the first, and the list open."""

    def both(page):
        page.keyboard.press("Escape")
        turn_to(page, NEW)
        put_beside(page, OLD, "d", "Shift+Delete")
        for pane in range(2):
            expect(lines(page, pane)).to_have_count(0)
        if not page.is_signed_in:
            sign_in(page)

    return shared.page(both)


@pytest.fixture
def pair(shared):
    """The page of `shared` with one knee on two films beside each other."""
    return shared.page(together)


def sign_in(page):
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("input[type=password]").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Save this case")).to_be_visible(timeout=SECONDS)
    page.keyboard.press("Escape")
    page.is_signed_in = True
    ready(page)


def draw(page, pane, *, below=0):
    page.locator('.viewer button[data-act="length"]').click()
    x, y = pointer.middle(page, pane)
    pointer.drag(page, (x, y + below), (60, 0))
    page.keyboard.press("Escape")


def lines(page, pane=0):
    return page.locator(".pane").nth(pane).locator(".svg-layer text")


def reported(page):
    """The lengths in the report, which is opened at once."""
    page.get_by_role("button", name="Report", exact=True).click()
    asked = page.get_by_text("Text to copy")
    expect(asked).to_be_visible(timeout=SECONDS)
    code = page.locator('[data-testid="stCode"]')
    if not code.count():
        asked.click()
    expect(code).to_be_visible(timeout=SECONDS)
    lengths = re.findall(r"Length", code.inner_text())
    page.keyboard.press("Escape")
    return len(lengths)


def asks_before_leaving(page):
    return page.evaluate(
        """() => {
          const event = new Event("beforeunload", { cancelable: true });
          dispatchEvent(event);
          return event.defaultPrevented;
        }"""
    )


def grey(page, place):
    shot = page.locator(".pane").nth(place).locator("canvas").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("L"), float)


def alike(page):
    one, other = (grey(page, place)[80:-80, 60:-60] for place in (0, 1))
    rows, columns = (min(pair) for pair in zip(one.shape, other.shape, strict=True))
    return np.corrcoef(one[:rows, :columns].ravel(), other[:rows, :columns].ravel())[0, 1]


def test_a_ruler_that_was_there_before_the_list_was_opened_is_in_the_report(shared):
    page = shared.page(unknown)
    assert not asks_before_leaving(page)
    draw(page, 0)
    expect(lines(page)).to_have_count(1)
    assert asks_before_leaving(page), "the page itself has not heard of it"
    sign_in(page)
    expect(lines(page)).to_have_count(1)
    assert reported(page) == 1


def test_a_ruler_drawn_just_before_the_next_film_is_in_the_report(page):
    name = page.locator(".st-key-case")
    draw(page, 0)
    page.locator(".pane").first.focus()
    page.keyboard.press("ArrowRight")
    expect(name).to_contain_text("old.dcm", timeout=SECONDS)
    ready(page)
    assert reported(page) == 0
    page.locator(".pane").first.focus()
    page.keyboard.press("ArrowLeft")
    expect(name).to_contain_text("new.dcm", timeout=SECONDS)
    assert reported(page) == 1


def test_both_follow_one_window_and_say_where_their_millimetres_are(two):
    page = two
    bars = [pane.locator(".scale text").text_content() for pane in page.locator(".pane").all()]
    assert bars[0].endswith(" mm at detector")
    assert bars[1].endswith(" mm")
    draw(page, 0)
    expect(lines(page, 0)).to_have_text(re.compile(r"\d mm at detector$"))
    page.keyboard.press("Shift+Delete")
    expect(lines(page, 0)).to_have_count(0)
    panes = page.locator(".pane").all()
    before = [pointer.grey(pane)[100:-100, 60:-60].mean() for pane in panes]
    pointer.drag(page, pointer.middle(page), (0, 60))
    still(page.locator(".viewer"))
    after = [pointer.grey(pane)[100:-100, 60:-60].mean() for pane in panes]
    first, second = (a - b for a, b in zip(after, before, strict=True))
    assert abs(first) > 5
    assert second == pytest.approx(first, abs=0.4 * abs(first))
    # A picture that leaves the house names neither file nor day.
    saved = page.locator(".pane .title").evaluate_all("them => them.map(it => it.dataset.saved)")
    assert saved == ["Prior", "Current"]


def test_a_ruler_drawn_or_removed_beside_another_film_is_so_in_the_report(two):
    page = two
    draw(page, 1)  # the current one stands second
    expect(lines(page, 1)).to_have_count(1)
    # What takes it away stands on its film, and keys that do nothing here are not told.
    for pane in range(2):
        offered = page.locator(".pane").nth(pane).locator(".offered")
        expect(offered.get_by_text("Remove")).to_have_count(pane)
    told = page.locator(".viewer .help dt", has_text="\u2190 and \u2192")
    expect(told).to_have_count(0)
    apart(page)
    expect(told).to_have_count(1)
    expect(lines(page)).to_have_count(1)
    assert reported(page) == 1
    beside(page, OLD)
    page.locator(".pane").nth(1).focus()
    page.keyboard.press("Delete")
    expect(lines(page, 1)).to_have_count(0)
    apart(page)
    expect(lines(page)).to_have_count(0)
    assert reported(page) == 0


def test_the_two_knees_of_a_film_have_its_lines_in_common(shared):
    page = shared.page(lambda page: signed_in(page, BOTH))
    beside(page, BOTH)
    draw(page, 1)
    expect(lines(page, 0)).to_have_count(1)
    draw(page, 0, below=60)
    expect(lines(page, 1)).to_have_count(2)
    apart(page)
    expect(lines(page)).to_have_count(2)
    assert reported(page) == 1, "of the knee that is read"
    page.locator(".pane").first.focus()
    page.keyboard.press("Shift+Delete")
    expect(lines(page)).to_have_count(0)
    beside(page, BOTH)
    expect(lines(page, 1)).to_have_count(0)


def test_both_show_the_same_part_of_the_knee_whatever_is_done(pair):
    titles = pair.locator(".pane .title").all_inner_texts()
    assert titles[0].startswith("Prior, 2019-01-02")
    assert titles[1].startswith("Current, 2023-03-04")
    # What a tool is used for is told below that.
    pair.locator(".pane").first.focus()
    pair.keyboard.press("l")
    title, hint = (pair.locator(f".{name}").first.bounding_box() for name in ("title", "hint"))
    assert hint["y"] >= title["y"] + title["height"]
    pair.keyboard.press("Escape")
    assert alike(pair) > 0.9
    before = pair.locator(".values").all_inner_texts()
    box = pair.locator(".pane").nth(1).bounding_box()
    pair.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    pair.mouse.wheel(0, -400)
    still(pair.locator(".viewer"))
    zoomed = pair.locator(".values").all_inner_texts()
    assert all(one != other for one, other in zip(before, zoomed, strict=True))
    assert alike(pair) > 0.9
    pair.mouse.down()
    pair.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    pair.mouse.up()
    still(pair.locator(".viewer"))
    first, second = (text.split("  ")[:2] for text in pair.locator(".values").all_inner_texts())
    assert first == second
    assert first != zoomed[0].split("  ")[:2]
    assert alike(pair) > 0.9


def test_a_bar_on_each_says_how_long_millimetres_are(pair):
    zoomed = ""
    for turns in (0, -400, 900):
        pair.mouse.move(*pointer.middle(pair))
        pair.mouse.wheel(0, turns)
        still(pair.locator(".viewer"))
        bars = [pane.locator(".scale") for pane in pair.locator(".pane").all()]
        lengths = [float(bar.locator("text").text_content().removesuffix(" mm")) for bar in bars]
        widths = [bar.locator("polyline").evaluate("it => it.getBBox().width") for bar in bars]
        values = [pane.locator(".values").inner_text() for pane in pair.locator(".pane").all()]
        assert zoomed != values
        zoomed = values
        spacings = SPACINGS[LARGE], SPACINGS[KNEE]  # the prior stands left
        for spacing, length, width, value in zip(spacings, lengths, widths, values, strict=True):
            zoom = float(value.split("  ")[2].removesuffix("%")) / 100
            assert width == pytest.approx(length / spacing * zoom, rel=0.03, abs=3)
        assert lengths[0] == lengths[1]


def test_a_picture_of_two_that_are_wiped_names_both(pair):
    pair.locator(".pane").first.focus()
    pair.keyboard.press("c")
    still(pair.locator(".viewer"))
    seen = pointer.grey(pair.locator(".panes"))
    with pair.expect_download() as download:
        pair.keyboard.press("e")
    picture = np.asarray(Image.open(download.value.path()).convert("L"), float)[: len(seen)]
    assert np.abs(picture[:, :900] - seen[:, :900])[4:-4, 4:].mean() < 4
    # Where the second one's name stands, there is which of the two it is.
    words = pair.locator(".pane .title").nth(1).bounding_box()
    left = int(words["x"] - pair.locator(".panes").bounding_box()["x"])
    assert picture[8:28, left : left + 60].max() > 200
    pair.keyboard.press("c")


def test_what_differs_stands_below_and_says_no_more_than_is_known(pair):
    told = pair.locator(".st-key-beside").inner_text()
    assert "Grade" in told
    assert "Narrower" not in told
    assert "\u2193" not in told
    table = pair.locator(".st-key-beside").bounding_box()
    assert table["y"] + table["height"] <= 900


def test_on_a_phone_one_stands_below_the_other_and_leaves_room_to_move_the_page(pair):
    pair.set_viewport_size({"width": 390, "height": 844})
    still(pair.locator(".viewer"))
    first, second = (pane.bounding_box() for pane in pair.locator(".pane").all())
    assert second["y"] >= first["y"] + first["height"] > first["y"] + 200
    assert pair.locator(".viewer").bounding_box()["height"] < 844 - 220
    pair.set_viewport_size(VIEWPORT)
