"""Graded films and profiles in a real browser: upload, correct, use, compare, and no leak."""

import io
import zipfile

import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from tests.support.menu import turn_to
from tests.support.profiles import profile_zip
from tests.support.watching import at_rest

SECONDS = 90_000


@pytest.fixture
def film(tmp_path):
    file = tmp_path / "knee.png"
    Image.fromarray(draw_knee(3, side=400, marked=False)).save(file)
    return file


@pytest.fixture(scope="module")
def webgl():
    """The cheaper way to draw films: they are only to be there."""
    return False


@pytest.fixture(scope="module")
def opened(context, app_url):
    page = context.new_page()
    page.goto(f"{app_url}/own_films")
    yield page
    page.close()


@pytest.fixture
def own(opened):
    """The page, whatever it showed before."""
    turn_to(opened, "Research", "Your own films")
    expect(opened.get_by_role("heading", name="Your own films")).to_be_visible(timeout=SECONDS)
    return opened


@pytest.fixture(scope="module")
def another(context, app_url, tmp_path_factory):
    """Another session, in which graded films are looked at, and a file that is no film."""
    file = tmp_path_factory.mktemp("graded") / "films.zip"
    with zipfile.ZipFile(file, "w") as archive:
        rows = ["file,grade", *(f"{grade}/film{grade}.png,{grade}" for grade in range(3))]
        archive.writestr("grades.csv", "\n".join([*rows, "=1+1.png,0", ""]))
        archive.writestr("=1+1.png", b"no film")
        for grade in range(3):
            stream = io.BytesIO()
            Image.fromarray(draw_knee(grade, seed=grade, marked=False)).save(stream, "PNG")
            archive.writestr(f"{grade}/film{grade}.png", stream.getvalue())
    page = context.new_page()
    page.goto(f"{app_url}/own_films")
    page.locator("input[type=file]").first.set_input_files(str(file))
    page.get_by_role("button", name="Look at these films").click()
    expect(page.get_by_text("film1.png KL 1")).to_be_visible(timeout=SECONDS)
    at_rest(page)
    yield page
    page.close()


@pytest.fixture
def sheet(another):
    """The contact sheet of its films."""
    turn_to(another, "Research", "Your own films")
    return another


def read(page, film):
    """Open a film in the reading page that `page` is turning to."""
    expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=SECONDS)
    page.locator("input[type=file]").first.set_input_files(str(film))
    expect(page.locator(".kl-lead")).to_be_visible(timeout=SECONDS)


def test_a_profile_is_used_compared_left_and_seen_by_no_other_session(own, film, another, tmp_path):
    file = tmp_path / "profile.zip"
    file.write_bytes(profile_zip("County hospital", towards=4))
    own.get_by_role("button", name="Load a profile").click()
    own.locator("input[type=file]").last.set_input_files(str(file))
    expect(own.get_by_text("As graded at County hospital")).to_be_visible(timeout=SECONDS)
    own.keyboard.press("Escape")
    own.get_by_role("link", name="Read", exact=True).click()
    read(own, film)
    expect(own.locator(".kl-profile")).to_have_text(
        "As graded at County hospital, 50 films, 61% right (51 to 71%)", timeout=SECONDS
    )
    expect(own.locator(".kl-grade").first).to_contain_text("KL 4", timeout=SECONDS)

    turn_to(another, "", "Read")
    read(another, film)
    expect(another.locator(".kl-profile")).to_have_count(0)
    expect(another.locator(".kl-grade").first).not_to_contain_text("KL 4", timeout=SECONDS)

    own.get_by_text("Compare with the published networks").click()
    expect(own.locator(".kl-answers tr")).to_have_count(3, timeout=SECONDS)
    own.get_by_role("button", name="Back to the published networks").click()
    expect(own.locator(".kl-profile")).to_have_count(0, timeout=SECONDS)
    expect(own.locator(".kl-grade").first).not_to_contain_text("KL 4", timeout=SECONDS)


def test_a_frame_is_corrected_on_the_contact_sheet(sheet):
    expect(sheet.get_by_text("film1.png KL 1")).to_be_visible(timeout=SECONDS)
    sheet.get_by_role("button", name="Frame of film1.png", exact=True).click()
    dialog = sheet.get_by_role("dialog")
    expect(dialog.get_by_text("1/film1.png")).to_be_visible(timeout=SECONDS)
    slider = dialog.get_by_role("slider").first
    slider.focus()
    for _ in range(4):
        slider.press("ArrowLeft")
    expect(dialog.get_by_text("220")).to_be_visible(timeout=SECONDS)
    dialog.get_by_role("button", name="Take this frame").click()
    expect(sheet.get_by_text("KL 1, corrected")).to_be_visible(timeout=SECONDS)
    expect(sheet.get_by_text("25 films are needed")).to_be_visible()
    expect(sheet.get_by_role("button", name="Learn from these films")).to_be_disabled()


def test_a_file_name_that_a_spreadsheet_would_compute_is_downloaded_as_text_alone(sheet):
    table = sheet.get_by_test_id("stDataFrame")
    table.hover(timeout=SECONDS)
    expect(table.get_by_role("button", name="Search")).to_be_visible()
    # Streamlit's own button writes formulas as they are.
    expect(sheet.locator("[aria-label='Download as CSV']")).to_have_count(1)
    expect(sheet.locator("[aria-label='Download as CSV']")).to_be_hidden()
    with sheet.expect_download(timeout=SECONDS) as download:
        sheet.get_by_role("button", name="CSV of films left out", exact=True).click()
    header, row = download.value.path().read_text("utf-8").splitlines()
    assert header == "Film,Why"
    assert row.startswith("'=1+1.png,")
