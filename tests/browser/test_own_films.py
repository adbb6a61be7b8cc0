"""Graded films and profiles in a real browser: upload, correct, use, compare, and no leak."""

import io
import zipfile

import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from tests.support.profiles import profile_zip

SECONDS = 90_000


@pytest.fixture
def film(tmp_path):
    file = tmp_path / "knee.png"
    Image.fromarray(draw_knee(3, side=400, marked=False)).save(file)
    return file


@pytest.fixture
def own(page, app_url):
    page.goto(f"{app_url}/own_films")
    expect(page.get_by_role("heading", name="Your own films")).to_be_visible(timeout=SECONDS)
    return page


def read(page, film):
    """Open a film in the reading page that `page` is turning to."""
    expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=SECONDS)
    page.locator("input[type=file]").first.set_input_files(str(film))
    expect(page.locator(".kl-lead")).to_be_visible(timeout=SECONDS)


def test_a_profile_is_used_compared_left_and_seen_by_no_other_session(
    own, film, app_url, browser, tmp_path
):
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

    with browser.new_context() as context:
        other = context.new_page()
        other.goto(app_url)
        read(other, film)
        expect(other.locator(".kl-profile")).to_have_count(0)
        expect(other.locator(".kl-grade").first).not_to_contain_text("KL 4", timeout=SECONDS)

    own.get_by_text("Compare with the published networks").click()
    expect(own.locator(".kl-answers tr")).to_have_count(3, timeout=SECONDS)
    own.get_by_role("button", name="Back to the published networks").click()
    expect(own.locator(".kl-profile")).to_have_count(0, timeout=SECONDS)
    expect(own.locator(".kl-grade").first).not_to_contain_text("KL 4", timeout=SECONDS)


def test_a_frame_is_corrected_on_the_contact_sheet(own, tmp_path):
    file = tmp_path / "films.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for grade in range(3):
            stream = io.BytesIO()
            Image.fromarray(draw_knee(grade, seed=grade, marked=False)).save(stream, "PNG")
            archive.writestr(f"{grade}/film{grade}.png", stream.getvalue())
    own.locator("input[type=file]").first.set_input_files(str(file))
    own.get_by_role("button", name="Look at these films").click()
    expect(own.get_by_text("film1.png KL 1")).to_be_visible(timeout=SECONDS)
    own.get_by_role("button", name="Frame of film1.png", exact=True).click()
    dialog = own.get_by_role("dialog")
    expect(dialog.get_by_text("1/film1.png")).to_be_visible(timeout=SECONDS)
    slider = dialog.get_by_role("slider").first
    slider.focus()
    for _ in range(4):
        slider.press("ArrowLeft")
    expect(dialog.get_by_text("220")).to_be_visible(timeout=SECONDS)
    dialog.get_by_role("button", name="Take this frame").click()
    expect(own.get_by_text("KL 1, corrected")).to_be_visible(timeout=SECONDS)
    expect(own.get_by_text("25 films are needed")).to_be_visible()
    expect(own.get_by_role("button", name="Learn from these films")).to_be_disabled()


def test_a_file_name_that_a_spreadsheet_would_compute_is_downloaded_as_text_alone(own, tmp_path):
    file, stream = tmp_path / "films.zip", io.BytesIO()
    Image.fromarray(draw_knee(0, seed=0, marked=False)).save(stream, "PNG")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("grades.csv", "file,grade\nfilm.png,0\n=1+1.png,0\n")
        archive.writestr("film.png", stream.getvalue())
        archive.writestr("=1+1.png", b"no film")
    own.locator("input[type=file]").first.set_input_files(str(file))
    own.get_by_role("button", name="Look at these films").click()
    table = own.get_by_test_id("stDataFrame")
    table.hover(timeout=SECONDS)
    expect(table.get_by_role("button", name="Search")).to_be_visible()
    # Streamlit's own button writes formulas as they are.
    expect(own.locator("[aria-label='Download as CSV']")).to_have_count(1)
    expect(own.locator("[aria-label='Download as CSV']")).to_be_hidden()
    with own.expect_download(timeout=SECONDS) as download:
        own.get_by_role("button", name="CSV of films left out", exact=True).click()
    header, row = download.value.path().read_text("utf-8").splitlines()
    assert header == "Film,Why"
    assert row.startswith("'=1+1.png,")
