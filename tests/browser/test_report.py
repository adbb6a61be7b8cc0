"""The report in a real browser: opened, copied, downloaded; nothing of the patient unless asked."""

import io

import pydicom
import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.support.report_films import PLANTED, knee_file

SECONDS = 60_000
WITH_NAME = "With the patient's name"
OF_HER_STUDY = "the film's own study"


@pytest.fixture(scope="module")
def webgl():
    """The cheaper way to draw films: they are only to be there."""
    return False


@pytest.fixture(scope="module")
def opened(context, app_url, tmp_path_factory):
    """The page with a film that was read, and its report open."""
    film = tmp_path_factory.mktemp("report") / "Plantagenet.dcm"
    film.write_bytes(knee_file(2))
    page = context.new_page()
    page.goto(app_url)
    expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=SECONDS)
    page.locator("input[type=file]").first.set_input_files(str(film))
    expect(page.locator(".kl-lead")).to_be_visible(timeout=SECONDS)
    page.locator(".st-key-report").get_by_role("button", name="Report").click()
    expect(page.get_by_role("button", name="DICOM SR")).to_be_visible(timeout=SECONDS)
    yield page
    page.close()


@pytest.fixture
def report(opened):
    """The report as it is opened, without the patient's name."""
    if asked_for(opened).is_checked():
        opened.get_by_text(WITH_NAME).click()
        expect(opened.get_by_text(OF_HER_STUDY)).to_have_count(0, timeout=SECONDS)
    return opened


def asked_for(page):
    return page.get_by_role("checkbox", name=WITH_NAME)


def downloaded(page, name):
    with page.expect_download(timeout=SECONDS) as download:
        page.get_by_role("button", name=name, exact=True).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_all_forms_come_without_the_patient_and_with_her_when_she_is_asked_for(report):
    files = dict(
        downloaded(report, name)
        for name in ("PDF", "JSON", "DICOM SR", "DICOM SC", "De-identified film")
    )
    assert len(files) == 5
    for name, data in files.items():
        assert [one for one in PLANTED if one.encode() in data or one in name] == []
    (pdf,) = [data for name, data in files.items() if name.endswith(".pdf")]
    assert "Not for diagnosis" in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    expect(report.get_by_role("button", name="DICOM SC")).to_be_in_viewport(ratio=1)
    expect(asked_for(report)).not_to_be_checked()
    report.get_by_text(WITH_NAME).click()
    expect(report.get_by_text(OF_HER_STUDY)).to_be_visible(timeout=SECONDS)
    _, data = downloaded(report, "DICOM SR")
    assert pydicom.dcmread(io.BytesIO(data)).PatientName == "Plantagenet^Eleonora"


def test_the_text_can_be_copied_without_a_line_that_breaks(report):
    report.get_by_text("Text to copy").click()
    text = report.get_by_test_id("stCode")
    expect(text).to_contain_text("Not for diagnosis", timeout=SECONDS)
    expect(text).not_to_contain_text("Plantagenet")
    assert report.evaluate("document.documentElement.scrollWidth") <= 1440
