"""Two films beside each other in a real browser: one zoom and one window for both."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from tests.support import pointer
from tests.support.films import dicom_dataset, dicom_file
from tests.support.viewer import becomes, still

SECONDS = 60_000
SIDE = 600


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """A knee, and the same one elsewhere on a larger film of twice the resolution."""
    knee = draw_knee(2, seed=3, side=SIDE, marked=False)
    large = draw_knee(2, seed=3, side=2 * SIDE, marked=False)
    large = np.pad(large, ((300, 160), (420, 100)), mode="edge")
    folder, files = tmp_path_factory.mktemp("films"), []
    for name, day, pixels, spacing in (
        ("new.dcm", "20230304", knee, 0.2),
        ("old.dcm", "20190102", large, 0.1),
    ):
        dataset = dicom_dataset(
            pixels, StudyDate=day, ImageLaterality="R", PixelSpacing=[str(spacing)] * 2
        )
        dataset.PatientBirthDate = "19520317"
        (folder / name).write_bytes(dicom_file(dataset))
        files.append(str(folder / name))
    return files


@pytest.fixture(scope="module")
def opened(context, app_url, films):
    """The reading page with both films beside each other."""
    page = context.new_page()
    page.goto(app_url)
    expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=SECONDS)
    page.locator("input[type=file]").first.set_input_files(films)
    expect(page.locator(".kl-lead .kl-grade")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    page.get_by_role("button", name="Beside another").click()
    page.get_by_role("combobox", name="Prior film, or other knee").click()
    page.get_by_role("option").first.click()
    expect(page.locator(".st-key-beside")).to_be_visible(timeout=SECONDS)
    # What it was chosen in is out of the way.
    expect(page.get_by_role("combobox", name="Prior film, or other knee")).to_have_count(0)
    expect(page.locator(".pane")).to_have_count(2)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    yield page
    page.close()


@pytest.fixture
def pair(opened):
    """The page of `opened`, the films as they came."""
    opened.locator(".pane").first.focus()
    for key in ("d", "Home"):
        opened.keyboard.press(key)
    becomes(opened, "tool", "window")
    still(opened.locator(".viewer"))
    return opened


def grey(page, place):
    shot = page.locator(".pane").nth(place).locator("canvas").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("L"), float)


def alike(page):
    one, other = (grey(page, place)[80:-80, 60:-60] for place in (0, 1))
    rows, columns = (min(pair) for pair in zip(one.shape, other.shape, strict=True))
    return np.corrcoef(one[:rows, :columns].ravel(), other[:rows, :columns].ravel())[0, 1]


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
        # The prior stands left: a tenth of a millimetre a pixel, and the other has two.
        for spacing, length, width, value in zip((0.1, 0.2), lengths, widths, values, strict=True):
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
