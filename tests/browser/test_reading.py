"""The main paths in a real browser: upload, look, explain, leave and come back."""

import re
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from tests.support.pointer import grey
from tests.support.reading_page import Shared, add, begin, is_there, upload
from tests.support.serving import VIEWPORT
from tests.support.viewer import still

SECONDS = 60_000


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    file = tmp_path_factory.mktemp("films") / "left knee.png"
    Image.fromarray(draw_knee(3, side=300)).save(file)
    return file


@pytest.fixture(scope="module")
def session(context, app_url, film):
    """A page with a film that was read, and the list of all that it asked for."""
    asked = []

    def read(page):
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda websocket: asked.append(websocket.url))
        begin(page, app_url)
        upload(page, film)
        wait_for_reading(page)

    shared = Shared(context, read)
    yield shared, asked
    shared.close()


@pytest.fixture
def read(session, film):
    """The page of `session` with its film alone, the size of its window as it was."""

    def alone(page):
        page.unroute_all()
        page.set_viewport_size(VIEWPORT)
        if page.locator(".st-key-filmstrip").count():
            # What was added is looked at, and one film is.
            page.get_by_role("button", name="Remove film").click()
            expect(page.locator(".st-key-filmstrip")).to_have_count(0)
        is_there(page, film.name)
        wait_for_reading(page)

    return session[0].page(alone)


def wait_for_reading(page):
    expect(page.locator(".kl-lead")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".pane")).to_have_count(3)


def test_an_upload_shows_both_grades_and_overlays_and_asks_no_other_host(read, session):
    _, asked = session
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
    for title in read.locator(".pane .title:not(:empty)").all():
        assert title.evaluate("at => at.scrollWidth <= at.clientWidth"), title.inner_text()
    assert read.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_a_slow_line_the_viewer_says_how_much_of_a_film_is_there(read, tmp_path):
    large = tmp_path / "large.png"
    drawn = draw_knee(2, side=350).astype(np.uint16) * 16
    Image.fromarray(drawn.repeat(2, axis=0).repeat(2, axis=1)).save(large)
    line = read.context.new_cdp_session(read)
    line.send("Network.enable")
    add(read, large)
    conditions = {"offline": False, "latency": 0, "uploadThroughput": -1}
    line.send("Network.emulateNetworkConditions", conditions | {"downloadThroughput": 250_000})
    pane, part = read.locator(".pane").first, re.compile(r"^, \d\d?%$")
    expect(pane).to_have_attribute("data-loaded", part, timeout=SECONDS)
    line.send("Network.emulateNetworkConditions", conditions | {"downloadThroughput": -1})
    is_there(read, large.name)
    line.detach()


def test_of_two_knees_the_graded_one_is_shown_large_and_both_are_a_key_away(
    page, app_url, tmp_path
):
    both = tmp_path / "both.png"
    knees = [draw_knee(grade, side=400, laterality=side) for grade, side in ((1, "R"), (3, "L"))]
    Image.fromarray(np.hstack([knees[0], np.full((400, 60), 12, np.uint8), knees[1]])).save(both)
    # Not on the page of other films: beside those, pixels of a pane and of the screen differ.
    begin(page, app_url)
    upload(page, both)
    wait_for_reading(page)
    viewer = page.locator(".viewer")
    large = float(viewer.get_attribute("data-zoom"))
    frame = viewer.get_attribute("data-frame")
    canvas = page.locator(".pane canvas").first
    page.locator(".pane").first.focus()
    still(viewer)
    before = grey(canvas)
    page.keyboard.press("x")
    expect(page.locator(".values").first).to_contain_text("flipped")
    still(viewer)
    flipped = grey(canvas)[:, ::-1]
    assert np.corrcoef(before.ravel(), flipped.ravel())[0, 1] > 0.98, "the graded knee, mirrored"
    page.keyboard.press("x")
    page.keyboard.press("z")
    expect(viewer).to_have_attribute("data-part", "whole")
    assert float(viewer.get_attribute("data-zoom")) < 0.7 * large
    # The other knee, once it is the graded one, is as large, whatever was in view.
    page.get_by_role("radio", name="right of the image").click()
    expect(viewer).to_have_attribute("data-part", "one knee", timeout=SECONDS)
    expect(viewer).not_to_have_attribute("data-frame", frame, timeout=SECONDS)
    assert float(viewer.get_attribute("data-zoom")) == pytest.approx(large, rel=0.1)
    page.keyboard.press("ArrowLeft")
    expect(viewer).to_have_attribute("data-frame", frame, timeout=SECONDS)
    expect(page.get_by_role("radio", name="left of the image")).to_be_checked()


def test_leaving_the_page_and_coming_back_loses_nothing(read):
    read.get_by_role("link", name="About").click()
    expect(read.get_by_role("heading", name="Measured performance")).to_be_visible(timeout=SECONDS)
    read.get_by_role("link", name="Read", exact=True).click()
    wait_for_reading(read)
    expect(read.locator(".st-key-case")).to_contain_text("left knee.png")


def test_a_bad_file_gets_a_sentence_and_no_traceback(read, tmp_path, app):
    bad = tmp_path / "notes.png"
    bad.write_text("these are notes")
    good = tmp_path / "good.png"
    Image.fromarray(draw_knee(1, side=300)).save(good)
    add(read, bad, good)
    is_there(read, good.name)
    wait_for_reading(read)
    expect(read.get_by_text("was not read")).to_contain_text("Expected PNG, JPEG, TIFF or DICOM")
    assert "Traceback" not in read.content()
    assert "Traceback" not in app.log()


def test_the_names_of_films_stay_out_of_the_log(read, film, app):
    expect(read.locator(".st-key-case")).to_contain_text(film.name)
    assert film.name not in app.log()


def test_a_film_and_maps_that_are_gone_for_seconds_come_all_the_same(read, tmp_path):
    """As on a busy server, while the page runs anew."""
    refused = []

    def gone(route):
        url = route.request.url
        if refused.count(url) < 5:
            refused.append(url)
            route.fulfill(status=404, body="")
        else:
            route.fallback()

    film = tmp_path / "gone.png"
    Image.fromarray(draw_knee(2, seed=1, side=300)).save(film)
    read.route("**/media/**", gone)
    add(read, film)
    expect(read.locator(".st-key-case")).to_contain_text(film.name, timeout=SECONDS)
    expect(read.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    expect(read.locator(".layer:not([hidden]):not(.coming)")).to_have_count(2, timeout=SECONDS)
    assert len(refused) >= 15
