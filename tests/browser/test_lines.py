"""What is drawn on a film in a real browser is what the page knows of it, also beside another."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from tests.support import pointer
from tests.support.case_pages import KEY, environment
from tests.support.films import dicom_dataset, dicom_file
from tests.support.serving import running_app
from tests.support.viewer import still
from tests.support.watching import at_rest

SECONDS = 60_000
FULL = 4095


@pytest.fixture(scope="module")
def saving(tmp_path_factory):
    """The app, with a list of cases: only while that is open is the page told of lines."""
    folder = tmp_path_factory.mktemp("cases")
    with running_app(folder, **environment(folder)) as running:
        yield running


def knee_file(folder, name, pixels, **tags):
    whose = {"PatientBirthDate": "19600229", "ImageLaterality": "R"}
    tags = whose | {"PixelSpacing": ["0.2", "0.2"]} | tags
    (folder / name).write_bytes(dicom_file(dicom_dataset(pixels, **tags)))
    return str(folder / name)


@pytest.fixture
def two(tmp_path):
    """A knee today, and earlier at the detector's millimetres, of which low values are white."""
    new, old = (draw_knee(2, seed=seed, side=512, marked=False).astype(int) for seed in (3, 4))
    shown = {"bits": 12, "WindowCenter": "2048", "WindowWidth": "4096"}
    earlier = {
        "PhotometricInterpretation": "MONOCHROME1",
        "PixelSpacing": None,
        "ImagerPixelSpacing": ["0.2", "0.2"],
    }
    white = (FULL - 16 * old).astype(np.uint16)
    return [
        knee_file(tmp_path, "new.dcm", (16 * new).astype(np.uint16), StudyDate="20230304", **shown),
        knee_file(tmp_path, "old.dcm", white, StudyDate="20190102", **shown, **earlier),
    ]


@pytest.fixture
def both(tmp_path):
    """A film of both knees."""
    knees = [
        draw_knee(grade, seed=3, side=512, laterality=side, marked=False)
        for grade, side in ((1, "R"), (3, "L"))
    ]
    return [knee_file(tmp_path, "both.dcm", np.hstack(knees), ImageLaterality=None)]


def signed_in(page, url, files):
    page.goto(f"{url}/cases")
    expect(page.locator("input[type=password]")).to_be_visible(timeout=SECONDS)
    page.locator("input[type=password]").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator("input[type=password]")).to_have_count(0, timeout=SECONDS)
    page.get_by_role("link", name="Read", exact=True).click()
    upload(page, files)


def upload(page, files):
    expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=SECONDS)
    page.locator("input[type=file]").first.set_input_files(files)
    expect(page.locator(".kl-lead .kl-grade")).to_be_visible(timeout=SECONDS)
    ready(page)


def ready(page, *, panes=None):
    if panes:
        expect(page.locator(".pane")).to_have_count(panes, timeout=SECONDS)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    at_rest(page)
    still(page.locator(".viewer"))


def choice(page):
    page.get_by_role("button", name="Beside").click()
    return page.get_by_role("combobox", name="Prior film, or other knee")


def beside(page):
    choice(page).click()
    page.get_by_role("option").first.click()
    expect(page.locator(".st-key-beside")).to_be_visible(timeout=SECONDS)
    # What it was chosen in is out of the way.
    expect(page.get_by_role("combobox", name="Prior film, or other knee")).to_have_count(0)
    ready(page, panes=2)


def apart(page):
    choice(page).hover()
    page.get_by_label("Clear value").first.click()
    expect(page.locator(".st-key-beside")).to_have_count(0, timeout=SECONDS)
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


def test_a_ruler_drawn_or_removed_beside_another_film_is_so_in_the_report(saving, page, two):
    signed_in(page, saving.url, two)
    beside(page)
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
    beside(page)
    page.locator(".pane").nth(1).focus()
    page.keyboard.press("Delete")
    expect(lines(page, 1)).to_have_count(0)
    apart(page)
    expect(lines(page)).to_have_count(0)
    assert reported(page) == 0


def test_both_follow_one_window_and_say_where_their_millimetres_are(saving, page, two):
    page.goto(saving.url)
    upload(page, two)
    beside(page)
    bars = [pane.locator(".scale text").text_content() for pane in page.locator(".pane").all()]
    assert bars[0].endswith(" mm at detector")
    assert bars[1].endswith(" mm")
    draw(page, 0)
    expect(lines(page, 0)).to_have_text(re.compile(r"\d mm at detector$"))
    page.keyboard.press("Shift+Delete")
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


def test_the_two_knees_of_a_film_have_its_lines_in_common(saving, page, both):
    signed_in(page, saving.url, both)
    beside(page)
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
    beside(page)
    expect(lines(page, 1)).to_have_count(0)


def test_a_ruler_that_was_there_before_the_list_was_opened_is_in_the_report(saving, page, two):
    page.goto(saving.url)
    upload(page, two[:1])
    assert not asks_before_leaving(page)
    draw(page, 0)
    expect(lines(page)).to_have_count(1)
    assert asks_before_leaving(page), "the page itself has not heard of it"
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("input[type=password]").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Save this case")).to_be_visible(timeout=SECONDS)
    page.keyboard.press("Escape")
    ready(page)
    expect(lines(page)).to_have_count(1)
    assert reported(page) == 1


def test_a_ruler_drawn_just_before_the_next_film_is_in_the_report(saving, page, two):
    signed_in(page, saving.url, two)
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
