"""The film viewer in a real browser: with software WebGL, and without any."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from tests.support.pointer import drag, grey, middle
from tests.support.serving import VIEWPORT
from tests.support.viewer import SECONDS, WITHOUT_WEBGL, becomes, changes, state, still
from tests.support.watching import settle, watched

SIDE, BELOW = 600, 90
SMALL = {"width": 1200, "height": 750}  # without a GPU, drawing takes time by the size
WAYS = {"software WebGL": "", "no WebGL": WITHOUT_WEBGL}
in_one_way = pytest.mark.parametrize("reader", ["software WebGL"], indirect=True)
KINDS = ("log:", "info:", "debug:", "warning:")
# While the page runs anew, a film may be gone for a moment: it is asked for again.
GONE = "Failed to load resource: the server responded with a status of 404"


@pytest.fixture(scope="module")
def context(browser):
    with watched(browser, viewport=SMALL, has_touch=True) as opened:
        yield opened


@pytest.fixture(scope="module", params=WAYS)
def reader(request, context, app_url, tmp_path_factory):
    """A page with a film of 16 bits, rendered in one of `WAYS`."""
    film = np.pad(draw_knee(3, side=SIDE), ((0, BELOW), (0, 0)), mode="edge")
    file = tmp_path_factory.mktemp("films") / "deep.png"
    Image.fromarray(film.astype(np.uint16) * 13 + 700).save(file)
    page = context.new_page()
    page.add_init_script(WAYS[request.param])
    page.said = []
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("console", lambda message: page.said.append(f"{message.type}: {message.text}"))
    page.goto(f"{app_url}/")
    page.locator("input[type=file]").first.set_input_files(str(file))
    becomes(page, "ready", "true")
    becomes(page, "cpu", "true" if request.param == "no WebGL" else "false")
    yield page
    page.close()


@pytest.fixture
def page(reader):
    """The page of `reader`, its film as it came."""
    reader.locator(".pane").first.focus()
    for key in ("d", "Shift+Delete", "Home"):
        reader.keyboard.press(key)
    becomes(reader, "invert", "false")
    becomes(reader, "rotation", "0")
    becomes(reader, "part", "whole")
    return reader


def complaints(page):
    return [text for text in page.said if not text.startswith(KINDS) and GONE not in text]


def window(page):
    return [float(end) for end in state(page, "window").split(",")]


def test_the_servers_policy_holds_and_nothing_is_complained_of(page):
    assert complaints(page) == []
    assert page.locator(".pane").count() == 3
    # No bar of millimetres where nobody knows how large a pixel is.
    assert page.locator(".scale:visible").count() == 0


def test_it_fills_most_of_the_screen(page):
    page.set_viewport_size(VIEWPORT)
    still(page.locator(".viewer"))
    box = page.locator(".viewer").bounding_box()
    share = box["width"] * box["height"] / (VIEWPORT["width"] * VIEWPORT["height"])
    assert 0.58 < share < 0.72
    assert box["y"] + box["height"] <= VIEWPORT["height"]
    page.set_viewport_size(SMALL)


def test_dragging_windows_the_stored_samples(page):
    low, high = window(page)
    # Of 16 bits: 700 is black, and white far above 255.
    assert low >= 700
    assert high > 2000
    before, seen = state(page, "window"), grey(page.locator(".pane").first)
    drag(page, middle(page), (90, 40))
    changes(page, "window", before)
    assert np.abs(grey(page.locator(".pane").first) - seen).mean() > 2
    dragged = state(page, "window")
    page.keyboard.press("w")
    changes(page, "window", dragged)
    changed = window(page)
    assert changed[0] == pytest.approx(low + (high - low) / 4, abs=2)


def test_wheel_keys_and_fit_zoom(page):
    fit = state(page, "zoom")
    beside = page.locator(".values").nth(1)
    joint = beside.inner_text()
    page.mouse.move(*middle(page))
    page.mouse.wheel(0, -200)
    page.keyboard.press("+")
    assert float(changes(page, "zoom", fit)) > 1.2 * float(fit)
    # The maps beside it follow where the film is looked at closer than they show the joint.
    expect(beside).not_to_have_text(joint)
    page.keyboard.press("f")
    becomes(page, "zoom", fit)
    page.keyboard.press("z")
    becomes(page, "part", "left half")
    assert float(state(page, "zoom")) > 1.5 * float(fit)


def test_it_inverts_rotates_and_flips(page):
    plain = grey(page.locator(".pane").first)
    page.keyboard.press("i")
    becomes(page, "invert", "true")
    still(page.locator(".viewer"))
    both = [at[200:-200, 250:-250].ravel() for at in (plain, grey(page.locator(".pane").first))]
    assert np.corrcoef(*both)[0, 1] < -0.8  # a darker picture of a bright one, or a brighter
    page.keyboard.press("r")
    becomes(page, "rotation", "90")
    page.get_by_role("button", name="Flip").click()
    becomes(page, "flip", "true")
    assert page.get_by_role("button", name="Flip").get_attribute("aria-pressed") == "true"
    expect(page.locator(".values").first).to_contain_text("flipped")


def test_lengths_are_pixels_where_the_file_has_no_spacing(page):
    x, y = middle(page)
    page.keyboard.press("l")
    becomes(page, "tool", "length")
    drag(page, (x - 100, y - 120), (200, 0))
    pixels = round(200 / float(state(page, "zoom")))
    text = page.locator(".pane").first.locator(".svg-layer text")
    near = "|".join(str(length) for length in range(pixels - 2, pixels + 3))
    expect(text).to_have_text(re.compile(rf"^({near})(\.\d+)? px"), timeout=SECONDS)
    page.keyboard.press("Delete")
    expect(text).to_have_count(0)


@in_one_way
def test_one_of_several_rulers_is_removed_and_what_was_done_taken_back(page):
    x, y = middle(page)
    figures = page.locator(".pane").first.locator(".svg-layer text")
    offered = page.locator(".offered button:visible")
    expect(offered.get_by_text("Remove")).to_have_count(0)
    page.keyboard.press("l")
    for down, length in ((-90, 100), (60, 200)):
        drag(page, (x - 100, y + down), (length, 0))
    expect(figures).to_have_count(2)
    short, long = figures.all_text_contents()
    page.mouse.move(x - 50, y - 90)
    settle(page)
    page.keyboard.press("Delete")  # the one under the pointer
    expect(figures).to_have_text([long])
    page.keyboard.press("Control+z")
    expect(figures).to_have_text([short, long])
    drag(page, (x + 100, y + 60), (40, 0))
    expect(figures.nth(1)).not_to_have_text(long)
    offered.get_by_text("Undo").click()
    expect(figures).to_have_text([short, long])
    page.mouse.move(x, y - 200)
    settle(page)
    offered.get_by_text("Remove").click()  # the last one
    expect(figures).to_have_text([short])
    page.keyboard.press("Control+z")
    page.keyboard.press("Shift+Delete")
    expect(figures).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(figures).to_have_text([short, long])
    for _ in range(2):
        page.keyboard.press("Control+z")
    expect(figures).to_have_count(0)
    expect(offered.get_by_text("Remove")).to_have_count(0)
    # An angle of one leg, and one whose second follows the pointer.
    page.keyboard.press("a")
    for moves in (False, True):
        drag(page, (x - 80, y), (80, 0))
        if moves:
            page.mouse.move(x + 60, y - 60)
            expect(figures).to_have_text([re.compile("°")])
        page.keyboard.press("Control+z")
        expect(figures).to_have_count(0)
    # Of different kinds, too, the one that was drawn last.
    drag(page, (x - 80, y), (80, 0))
    page.mouse.click(x + 60, y - 60)
    page.keyboard.press("l")
    drag(page, (x - 100, y + 90), (100, 0))
    expect(figures).to_have_count(2)
    page.mouse.move(x, y - 200)
    settle(page)
    page.keyboard.press("Delete")
    expect(figures).to_have_text([re.compile("°")])
    page.keyboard.press("d")
    assert complaints(page) == []


def test_a_ruler_goes_by_key(page):
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    text = page.locator(".pane").first.locator(".svg-layer text")
    expect(text).to_contain_text("px", timeout=SECONDS)
    before = float(text.text_content().split()[0])
    page.keyboard.press("Shift+ArrowRight")
    expect(text).not_to_have_text(re.compile(rf"^{before:g} "), timeout=SECONDS)
    longer = float(text.text_content().split()[0])
    assert longer - before == pytest.approx(20 / float(state(page, "zoom")), abs=2)
    expect(page.locator(".said")).to_contain_text("Ruler, point 2:", timeout=SECONDS)
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowRight")
    expect(text).to_have_text(re.compile(rf"^{before:g}\d?"), timeout=SECONDS)
    page.keyboard.press("Escape")
    becomes(page, "tool", "window")


@in_one_way
def test_nothing_is_measured_past_the_films_edge(page):
    x, y = middle(page)
    page.keyboard.press("l")
    drag(page, (x, y), (900, 0))
    figure = page.locator(".pane").first.locator(".svg-layer text")
    expect(figure).to_have_text(re.compile(r"^(29\d|30\d) px"), timeout=SECONDS)
    page.keyboard.press("Delete")
    expect(figure).to_have_count(0)
    page.locator(".pane").first.focus()
    page.keyboard.press("Enter")
    for _ in range(20):
        page.keyboard.press("Shift+ArrowRight")
    # From four tenths of the pane, whose width the film does not fill, to the film's edge.
    expect(page.locator(".said")).to_contain_text("Ruler, point 2:", timeout=SECONDS)
    assert float(figure.text_content().split()[0]) < SIDE


def test_maps_show_the_box_large_until_the_film_is_looked_at_closer(page):
    def share(pane):
        """How much of the width of its pane the film takes that is not black."""
        shot = Image.open(io.BytesIO(page.locator(".pane").nth(pane).screenshot()))
        columns = np.asarray(shot.convert("L"), float).mean(axis=0)
        return (columns > 12).mean()

    assert share(1) > 0.9
    before = page.locator(".values").nth(1).text_content()
    page.keyboard.press("z")
    becomes(page, "part", "left half")
    expect(page.locator(".values").nth(1)).not_to_have_text(before, timeout=SECONDS)


@in_one_way
def test_the_box_is_moved_by_mouse_and_by_key_and_the_grades_follow(page):
    before = json.loads(state(page, "frame"))
    case = page.locator(".st-key-case")
    page.keyboard.press("b")
    becomes(page, "tool", "frame")
    expect(page.locator(".hint")).to_contain_text("drag it to move")
    drag(page, middle(page), (12, 25))
    zoom = float(state(page, "zoom"))
    moved = json.loads(changes(page, "frame", json.dumps(before, separators=(",", ":"))))
    assert moved["left"] - before["left"] == pytest.approx(12 / zoom, abs=2)
    assert moved["top"] - before["top"] == pytest.approx(25 / zoom, abs=2)
    assert moved["height"] == before["height"]
    expect(page.locator(".layer").nth(1)).to_have_count(1)
    page.keyboard.press("b")  # a key takes a tool, and does not put it down
    becomes(page, "tool", "frame")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator(".viewer")).to_have_class(re.compile("awaiting"))
    # Nor does the answer stand there as that of this box.
    expect(page.locator(".kl-lead")).to_have_css("opacity", "0.3")
    page.keyboard.press("Escape")
    becomes(page, "tool", "window")
    expect(page.locator(".hint")).to_have_text("")
    smaller = json.loads(changes(page, "frame", json.dumps(moved, separators=(",", ":"))))
    assert smaller["height"] < moved["height"]
    expect(page.locator(".kl-lead")).to_have_css("opacity", "1", timeout=SECONDS)
    expect(case).to_be_visible()
    page.get_by_role("button", name="Box and side").click()
    page.get_by_role("button", name="Back to the proposal").click()
    becomes(page, "frame", json.dumps(before, separators=(",", ":")))
    page.keyboard.press("Escape")


def test_the_map_fades_and_goes_while_h_is_held(page):
    layer = page.locator(".layer").nth(1)
    expect(layer).to_have_css("opacity", "0.6")
    page.keyboard.down("h")
    expect(layer).to_have_css("opacity", "0")
    page.keyboard.up("h")
    expect(layer).to_have_css("opacity", "0.6")
    slider = page.get_by_label("Opacity of the maps in percent")
    slider.press("ArrowRight")
    expect(layer).to_have_css("opacity", "0.61")
    slider.press("ArrowLeft")


def test_a_finger_windows_and_the_magnifier_follows_it(page):
    (x, y), before = middle(page), state(page, "window")
    # For two seconds Cornerstone takes a touch for the mouse's echo (its preventGhostClick).
    page.evaluate("(now => { Date.now = () => now() + 3000; })(Date.now)")
    session = page.context.new_cdp_session(page)
    points = [{"x": x + 20 * step, "y": y} for step in range(4)]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
    for point in points[1:]:
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        page.wait_for_timeout(60)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    changes(page, "window", before)
    page.keyboard.press("m")
    page.mouse.move(x, y)
    page.mouse.down()
    expect(page.locator(".lens")).to_be_visible()
    page.mouse.up()
    expect(page.locator(".lens")).to_be_hidden()
    page.keyboard.press("d")
    assert complaints(page) == []


def test_what_is_seen_is_saved_as_a_picture(page):
    settle(page)
    with page.expect_download() as download:
        page.keyboard.press("e")
    assert download.value.suggested_filename == "knee.png"
    picture = np.asarray(Image.open(download.value.path()).convert("L"), float)
    box = {name: round(at) for name, at in page.locator(".panes").bounding_box().items()}
    seen = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=box))).convert("L"), float)
    height = len(seen)
    assert np.abs(picture[:height] - seen)[4:-4, 4:-4].mean() < 2.5, "but for parts of a pixel"
    assert 5 < picture[height:].mean() < 100, "what it is for stands below"
    assert complaints(page) == []


def test_what_was_said_last_is_shown_and_what_a_key_does_is_told(reader):
    names = 'performance.getEntriesByType("resource").map(one => one.name)'
    pixels = reader.evaluate(f'{names}.find(name => name.endsWith(".bin"))')
    bundle = reader.evaluate(f'{names}.find(name => name.includes("film-viewer.js"))')
    mounted = Path(__file__).with_name("mounted.js").read_text(encoding="utf-8")
    title, inside, keys = reader.evaluate(mounted, {"bundle": bundle, "pixels": pixels})
    assert title == "last"
    # What was measured near the film's edge has its words in the pane.
    assert inside == [True, True, True]
    assert keys == [0, 1, 1]  # a first move of the box at once, more of them when the hand rests
