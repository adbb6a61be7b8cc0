"""The main paths in a real browser: upload, look, explain, leave and come back."""

import re
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee

SECONDS = 60_000


@pytest.fixture
def film(tmp_path):
    file = tmp_path / "left knee.png"
    Image.fromarray(draw_knee(3, side=400)).save(file)
    return file


@pytest.fixture
def start(page, app_url):
    """The first page, ready for an upload."""
    page.goto(app_url)
    expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=SECONDS)
    return page


def upload(page, *files):
    page.locator("input[type=file]").first.set_input_files([str(file) for file in files])


def wait_for_reading(page):
    expect(page.locator(".kl-lead")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".pane")).to_have_count(3)


def test_an_upload_shows_both_grades_and_overlays_and_asks_no_other_host(
    start, film, requested_urls
):
    upload(start, film)
    wait_for_reading(start)
    case = start.locator(".st-key-case")
    expect(case).to_contain_text("left knee.png")
    expect(case).to_contain_text("not a medical device")
    expect(start.locator(".kl-lead .kl-grade")).to_be_in_viewport()
    lines = [
        start.locator("summary").filter(has_text=f"{name} KL") for name in ("MobileNet", "ResNet50")
    ]
    for line in lines:
        expect(line).to_be_in_viewport()
    for line in lines:
        line.click()
    expect(start.locator(".kl-bars")).to_have_count(2)
    start.wait_for_load_state("networkidle")
    hosts = {
        urlsplit(url).hostname for url in requested_urls if not url.startswith(("data:", "blob:"))
    }
    assert hosts == {"127.0.0.1"}


def test_nothing_is_cut_off_or_scrolls_sideways(start, film):
    upload(start, film)
    wait_for_reading(start)
    assert start.evaluate("document.documentElement.scrollWidth") <= 1440
    for row in start.locator(".kl-cells").all():
        box = row.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1440


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (768, 1024)])
def test_on_a_tablet_the_grade_stands_beside_the_film(start, film, width, height):
    upload(start, film)
    wait_for_reading(start)
    start.set_viewport_size({"width": width, "height": height})
    grade, pane = start.locator(".kl-lead .kl-grade"), start.locator(".pane").first
    expect(grade).to_be_in_viewport(ratio=1)
    expect(pane).to_be_in_viewport(ratio=0.95)
    assert pane.bounding_box()["width"] > 0.4 * width
    assert start.evaluate("document.documentElement.scrollWidth") <= width


def test_a_film_that_comes_back_is_looked_at_as_it_was_left(start, film, tmp_path):
    other = tmp_path / "other.png"
    Image.fromarray(draw_knee(1, side=300)).save(other)
    upload(start, film, other)
    wait_for_reading(start)
    viewer, case = start.locator(".viewer"), start.locator(".st-key-case")
    start.locator(".pane").first.focus()
    start.keyboard.press("i")
    start.keyboard.press("+")
    expect(viewer).to_have_attribute("data-invert", "true", timeout=SECONDS)
    zoom = viewer.get_attribute("data-zoom")
    start.keyboard.press("ArrowRight")
    expect(case).to_contain_text("other.png", timeout=SECONDS)
    expect(viewer).to_have_attribute("data-invert", "false", timeout=SECONDS)
    start.keyboard.press("ArrowLeft")
    expect(case).to_contain_text("left knee.png", timeout=SECONDS)
    expect(viewer).to_have_attribute("data-invert", "true", timeout=SECONDS)
    expect(viewer).to_have_attribute("data-zoom", zoom, timeout=SECONDS)


def test_arrows_that_come_faster_than_the_films_add_up(start, tmp_path):
    films = [tmp_path / f"knee {number}.png" for number in range(4)]
    for number, file in enumerate(films):
        Image.fromarray(draw_knee(number, side=240 + number)).save(file)
    upload(start, *films)
    wait_for_reading(start)
    start.locator(".pane").first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        start.keyboard.press(key)
    expect(start.locator(".st-key-case")).to_contain_text("knee 3.png", timeout=SECONDS)
    label = re.compile("knee 3.png")
    expect(start.locator(".pane").first).to_have_attribute("aria-label", label, timeout=SECONDS)


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


def test_leaving_the_page_and_coming_back_loses_nothing(start, film):
    upload(start, film)
    wait_for_reading(start)
    start.get_by_role("link", name="About").click()
    expect(start.get_by_role("heading", name="Measured performance")).to_be_visible(timeout=SECONDS)
    start.get_by_role("link", name="Read", exact=True).click()
    wait_for_reading(start)
    expect(start.locator(".st-key-case")).to_contain_text("left knee.png")


def test_a_bad_file_gets_a_sentence_and_no_traceback(start, film, tmp_path, app):
    bad = tmp_path / "notes.png"
    bad.write_text("these are notes")
    upload(start, bad, film)
    wait_for_reading(start)
    expect(start.get_by_text("was not read")).to_contain_text("Expected PNG, JPEG, TIFF or DICOM")
    assert "Traceback" not in start.content()
    assert "Traceback" not in app.log()


def test_the_names_of_films_stay_out_of_the_log(start, film, app):
    upload(start, film)
    wait_for_reading(start)
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
