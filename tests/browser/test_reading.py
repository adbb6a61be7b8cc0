"""The main paths in a real browser: upload, look, explain, leave and come back."""

import re
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from tests.support.pointer import grey
from tests.support.serving import VIEWPORT
from tests.support.viewer import still

SECONDS = 60_000


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    file = tmp_path_factory.mktemp("films") / "left knee.png"
    Image.fromarray(draw_knee(3, side=400)).save(file)
    return file


@pytest.fixture(scope="module")
def session(context, app_url, film):
    """A page with a film that was read, and the list of all that it asked for.

    One for the tests that begin with just that: to load the app takes seconds of computing.
    """
    asked = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda websocket: asked.append(websocket.url))
    begin(page, app_url)
    upload(page, film)
    wait_for_reading(page)
    yield page, asked
    page.close()


@pytest.fixture
def read(session):
    """The page of `session`, the size of its window as it was."""
    page, _ = session
    yield page
    page.set_viewport_size(VIEWPORT)


@pytest.fixture
def start(page, app_url):
    """The first page, ready for an upload."""
    begin(page, app_url)
    return page


def begin(page, app_url):
    page.goto(app_url)
    expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=SECONDS)


def upload(page, *files):
    page.locator("input[type=file]").first.set_input_files([str(file) for file in files])


def wait_for_reading(page):
    expect(page.locator(".kl-lead")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".pane")).to_have_count(3)


def test_an_upload_shows_both_grades_and_overlays_and_asks_no_other_host(session):
    read, asked = session
    case = read.locator(".st-key-case")
    expect(case).to_contain_text("left knee.png")
    expect(case).to_contain_text("not a medical device")
    expect(read.locator(".kl-lead .kl-grade")).to_be_in_viewport()
    lines = [
        read.locator("summary").filter(has_text=f"{name} KL") for name in ("MobileNet", "ResNet50")
    ]
    for line in lines:
        expect(line).to_be_in_viewport()
    for line in lines:
        line.click()
    expect(read.locator(".kl-bars")).to_have_count(2)
    read.wait_for_load_state("networkidle")
    hosts = {urlsplit(url).hostname for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    for line in lines:
        line.click()
    expect(read.locator("details[open]")).to_have_count(0)


def test_nothing_is_cut_off_or_scrolls_sideways(read):
    assert read.evaluate("document.documentElement.scrollWidth") <= 1440
    for row in read.locator(".kl-cells").all():
        box = row.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1440


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (768, 1024)])
def test_on_a_tablet_the_grade_stands_beside_the_film(read, width, height):
    read.set_viewport_size({"width": width, "height": height})
    grade, pane = read.locator(".kl-lead .kl-grade"), read.locator(".pane").first
    expect(grade).to_be_in_viewport(ratio=1)
    expect(pane).to_be_in_viewport(ratio=0.95)
    assert pane.bounding_box()["width"] > 0.4 * width
    buttons = read.locator(".st-key-own_grades button:visible").all()
    boxes = [button.bounding_box() for button in buttons]
    assert len(boxes) == 6
    assert min(min(box["width"], box["height"]) for box in boxes) >= 36
    name = read.get_by_text("Box and side", exact=True)
    assert name.evaluate("at => at.parentElement.scrollWidth <= at.parentElement.clientWidth")
    assert read.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_the_film_comes_first_and_is_in_sight_while_it_is_graded(read):
    read.set_viewport_size({"width": 390, "height": 844})
    read.get_by_test_id("stMain").evaluate("at => at.scrollTo(0, 0)")
    pane, grade = (
        read.locator(".pane").first,
        read.locator(".st-key-own_grades button:visible").nth(4),
    )
    expect(pane).to_be_in_viewport(ratio=1)
    expect(grade).to_be_in_viewport(ratio=1)
    places = (
        ".st-key-case",
        ".pane",
        ".st-key-own_grades",
        ".kl-lead",
        '[class*="st-key-remove_"]',
    )
    tops = [read.locator(place).first.bounding_box()["y"] for place in places]
    assert tops == sorted(tops)
    assert read.locator(".st-key-case").bounding_box()["height"] < 70
    assert read.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_film_that_comes_back_is_looked_at_as_it_was_left(start, film, tmp_path):
    other = tmp_path / "other.png"
    Image.fromarray(draw_knee(1, side=300)).save(other)
    upload(start, film, other)
    wait_for_reading(start)
    viewer, case = start.locator(".viewer"), start.locator(".st-key-case")
    start.locator(".pane").first.focus()
    fitted = viewer.get_attribute("data-zoom")
    start.keyboard.press("i")
    start.keyboard.press("+")
    expect(viewer).to_have_attribute("data-invert", "true", timeout=SECONDS)
    expect(viewer).not_to_have_attribute("data-zoom", fitted, timeout=SECONDS)
    zoom = viewer.get_attribute("data-zoom")
    for key in ("l", "Enter", "Escape"):
        start.keyboard.press(key)
    ruler = start.locator(".pane").first.locator(".svg-layer text")
    expect(ruler).to_contain_text("px", timeout=SECONDS)
    length = ruler.text_content()
    start.keyboard.press("ArrowRight")
    expect(case).to_contain_text("other.png", timeout=SECONDS)
    expect(ruler).to_have_count(0)
    expect(viewer).to_have_attribute("data-invert", "false", timeout=SECONDS)
    start.keyboard.press("ArrowLeft")
    expect(case).to_contain_text("left knee.png", timeout=SECONDS)
    expect(viewer).to_have_attribute("data-invert", "true", timeout=SECONDS)
    expect(viewer).to_have_attribute("data-zoom", zoom, timeout=SECONDS)
    expect(ruler).to_have_text(length, timeout=SECONDS)
    start.locator(".pane").last.focus()
    start.keyboard.press("Tab")
    expect(start.locator(".pane:focus")).to_have_count(0)


def test_a_ruler_that_was_removed_does_not_come_back(start, film, tmp_path):
    rings = tmp_path / "rings.png"
    y, x = np.mgrid[:200, :300]
    Image.fromarray(((np.hypot(y - 90, x - 100) % 40) * 6).astype(np.uint8)).save(rings)
    upload(start, rings, film)
    viewer, case = start.locator(".viewer"), start.locator(".st-key-case")
    expect(viewer).to_have_attribute("data-ready", "true", timeout=SECONDS)
    start.locator(".pane").first.focus()
    ruler = start.locator(".pane").first.locator(".svg-layer text")
    for key in ("l", "Enter", "Escape"):
        start.keyboard.press(key)
    expect(ruler).to_contain_text("px", timeout=SECONDS)
    for key, name in (("ArrowRight", "left knee.png"), ("ArrowLeft", "rings.png")):
        start.keyboard.press(key)
        expect(case).to_contain_text(name, timeout=SECONDS)
    expect(ruler).to_contain_text("px", timeout=SECONDS)
    expect(viewer).to_have_attribute("data-ready", "true", timeout=SECONDS)
    start.keyboard.press("Delete")
    expect(ruler).to_have_count(0)
    # Maps come beside the same film.
    start.get_by_role("button", name="Grade anyway").click()
    expect(start.locator(".pane")).to_have_count(3, timeout=SECONDS)
    expect(start.locator(".layer").nth(1)).to_have_css("opacity", "0.6", timeout=SECONDS)
    expect(ruler).to_have_count(0)


def read_several(page, folder, count):
    """Have films of different sizes be read; return their files."""
    films = [folder / f"knee {number}.png" for number in range(count)]
    for number, file in enumerate(films):
        Image.fromarray(draw_knee(number, side=240 + number)).save(file)
    upload(page, *films)
    wait_for_reading(page)
    return films


def test_arrows_that_come_faster_than_the_films_add_up(start, tmp_path):
    read_several(start, tmp_path, 4)
    start.locator(".pane").first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        start.keyboard.press(key)
    expect(start.locator(".st-key-case")).to_contain_text("knee 3.png", timeout=SECONDS)
    label = re.compile("knee 3.png")
    expect(start.locator(".pane").first).to_have_attribute("aria-label", label, timeout=SECONDS)


def test_a_film_that_is_turned_back_to_while_the_next_is_on_its_way_is_there(start, tmp_path):
    films = read_several(start, tmp_path, 3)
    pane, viewer = start.locator(".pane").first, start.locator(".viewer")
    first = pane.get_attribute("aria-label")
    held = []
    start.route("**/media/*.bin", lambda route: held.append(route))
    pane.focus()
    start.keyboard.press("ArrowRight")
    expect(pane).to_have_class(re.compile("waiting"), timeout=SECONDS)
    expect(pane).not_to_have_attribute("aria-label", first)
    start.keyboard.press("ArrowLeft")
    expect(pane).to_have_attribute("aria-label", first, timeout=SECONDS)
    expect(viewer).to_have_attribute("data-ready", "true", timeout=SECONDS)
    expect(start.locator(".waiting")).to_have_count(0)
    assert held, "the other film was asked for"
    start.unroute_all()
    for route in held:
        route.fallback()
    for _ in films:
        before = pane.get_attribute("aria-label")
        start.keyboard.press("ArrowRight")
        expect(pane).not_to_have_attribute("aria-label", before, timeout=SECONDS)
        expect(viewer).to_have_attribute("data-ready", "true", timeout=SECONDS)
        expect(start.locator(".waiting")).to_have_count(0)
    assert viewer.get_attribute("data-error") is None


def test_on_a_slow_line_the_viewer_says_how_much_of_a_film_is_there(start, tmp_path):
    large = tmp_path / "large.png"
    Image.fromarray(draw_knee(2, side=700).astype(np.uint16) * 16).save(large)
    line = start.context.new_cdp_session(start)
    line.send("Network.enable")
    upload(start, large)
    conditions = {"offline": False, "latency": 0, "uploadThroughput": -1}
    line.send("Network.emulateNetworkConditions", conditions | {"downloadThroughput": 250_000})
    pane, part = start.locator(".pane").first, re.compile(r"^, \d\d?%$")
    expect(pane).to_have_attribute("data-loaded", part, timeout=SECONDS)
    line.send("Network.emulateNetworkConditions", conditions | {"downloadThroughput": -1})
    expect(start.locator(".viewer")).to_have_attribute("data-ready", "true", timeout=SECONDS)


def test_of_two_knees_the_graded_one_is_shown_large_and_both_are_a_key_away(start, tmp_path):
    both = tmp_path / "both.png"
    knees = [draw_knee(grade, side=400, laterality=side) for grade, side in ((1, "R"), (3, "L"))]
    Image.fromarray(np.hstack([knees[0], np.full((400, 60), 12, np.uint8), knees[1]])).save(both)
    upload(start, both)
    wait_for_reading(start)
    viewer = start.locator(".viewer")
    large = float(viewer.get_attribute("data-zoom"))
    frame = viewer.get_attribute("data-frame")
    canvas = start.locator(".pane canvas").first
    start.locator(".pane").first.focus()
    before = grey(canvas)
    start.keyboard.press("x")
    expect(start.locator(".values").first).to_contain_text("flipped")
    still(viewer)
    flipped = grey(canvas)[:, ::-1]
    assert np.corrcoef(before.ravel(), flipped.ravel())[0, 1] > 0.98, "the graded knee, mirrored"
    start.keyboard.press("x")
    start.keyboard.press("z")
    expect(viewer).to_have_attribute("data-part", "whole")
    assert float(viewer.get_attribute("data-zoom")) < 0.7 * large
    # The other knee, once it is the graded one, is as large, whatever was in view.
    start.get_by_role("radio", name="right of the image").click()
    expect(viewer).to_have_attribute("data-part", "one knee", timeout=SECONDS)
    expect(viewer).not_to_have_attribute("data-frame", frame, timeout=SECONDS)
    assert float(viewer.get_attribute("data-zoom")) == pytest.approx(large, rel=0.1)
    start.keyboard.press("ArrowLeft")
    expect(viewer).to_have_attribute("data-frame", frame, timeout=SECONDS)
    expect(start.get_by_role("radio", name="left of the image")).to_be_checked()


def test_leaving_the_page_and_coming_back_loses_nothing(read):
    read.get_by_role("link", name="About").click()
    expect(read.get_by_role("heading", name="Measured performance")).to_be_visible(timeout=SECONDS)
    read.get_by_role("link", name="Read", exact=True).click()
    wait_for_reading(read)
    expect(read.locator(".st-key-case")).to_contain_text("left knee.png")


def test_a_bad_file_gets_a_sentence_and_no_traceback(start, film, tmp_path, app):
    bad = tmp_path / "notes.png"
    bad.write_text("these are notes")
    upload(start, bad, film)
    wait_for_reading(start)
    expect(start.get_by_text("was not read")).to_contain_text("Expected PNG, JPEG, TIFF or DICOM")
    assert "Traceback" not in start.content()
    assert "Traceback" not in app.log()


def test_the_names_of_films_stay_out_of_the_log(read, film, app):
    expect(read.locator(".st-key-case")).to_contain_text(film.name)
    assert film.name not in app.log()


def test_a_film_and_maps_that_are_gone_for_seconds_come_all_the_same(page, start, film):
    """As on a busy server, while the page runs anew."""
    refused = []

    def gone(route):
        url = route.request.url
        if refused.count(url) < 5:
            refused.append(url)
            route.fulfill(status=404, body="")
        else:
            route.fallback()

    page.route("**/media/**", gone)
    upload(page, film)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".layer:not([hidden]):not(.coming)")).to_have_count(2, timeout=SECONDS)
    assert len(refused) >= 15
