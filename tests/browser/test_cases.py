"""A case in a real browser: graded by key, saved, opened again as it was left, deleted."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from kneeoa.store.cases import keeping
from kneeoa.store.cases.films import FilmFiles
from kneeoa.store.cases.settings import FOLDER
from kneeoa.store.database import open_store
from tests.support.case_pages import KEY, SECRET, environment
from tests.support.many_cases import fill
from tests.support.menu import turn_to
from tests.support.serving import App, forked_app
from tests.support.watching import settle

SECONDS = 60_000
KEPT = re.compile("Film [0-9A-F]{6}")


@dataclass(frozen=True)
class Saving:
    """The app, with the settings by which it saves."""

    app: App
    settings: dict[str, str]

    @property
    def url(self) -> str:
        return self.app.url

    def log(self) -> str:
        return self.app.log()


@pytest.fixture(scope="module")
def webgl():
    """The cheaper way to draw films: they are only to be there."""
    return False


@pytest.fixture(scope="module")
def saving(tmp_path_factory):
    """The app, with cases that can be saved."""
    folder = tmp_path_factory.mktemp("cases")
    with forked_app(folder, **environment(folder)) as running:
        yield Saving(running, environment(folder))


@pytest.fixture(scope="module")
def page(context):
    """A page that was not opened yet, or one on which she is signed in."""
    opened = context.new_page()
    yield opened
    opened.close()


@pytest.fixture
def film(tmp_path):
    file = tmp_path / "left knee.png"
    Image.fromarray(draw_knee(3, side=400)).save(file)
    return file


def sign_in(page, url, asked=""):
    page.goto(f"{url}/cases{asked}")
    # The first page of a server that has just started.
    expect(page.locator("input[type=password]")).to_be_visible(timeout=SECONDS)
    page.locator("input[type=password]").fill(KEY)
    page.get_by_role("textbox", name="Your initials").fill("ab")
    page.keyboard.press("Enter")
    expect(page.locator("input[type=password]")).to_have_count(0, timeout=SECONDS)


def open_film(page, film):
    page.get_by_role("link", name="Read", exact=True).click()
    expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=SECONDS)
    page.locator("input[type=file]").first.set_input_files(str(film))
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)


def go_to_cases(page):
    page.get_by_role("link", name="Cases", exact=True).click()
    expect(page.get_by_role("heading", name="Cases")).to_be_visible(timeout=SECONDS)


def mark(page, grade):
    """Press the key of a grade until the page shows it."""
    for _ in range(3):
        settle(page)
        page.keyboard.press(str(grade))
        try:
            marked = page.locator(f"[class*=st-key-own_{grade}--] button[kind=primary]")
            return expect(marked.first).to_be_visible(timeout=SECONDS / 6)
        except AssertionError:
            continue
    pytest.fail(f"The key {grade} marked nothing.")


def until_kept(saving, holds):
    """Wait until what is kept of the only case is so: the viewer tells it a moment later."""
    db = open_store(saving.settings["KNEEOA_DATABASE_URL"])
    end = time.monotonic() + SECONDS / 1000
    while time.monotonic() < end:
        (case,) = keeping.cases(db)
        if case.state.view and holds(case.state):
            return db.dispose()
        time.sleep(0.2)
    pytest.fail(f"What was seen was not kept: {case.state}")


def commit_before_the_answer(page):
    """Grade the film; nothing of the answer reaches the browser before that."""
    expect(page.get_by_text("Their answer is shown after yours")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".pane")).to_have_count(1)
    assert page.locator(".kl-grade, .kl-cells").count() == 0
    mark(page, 3)
    # Which is not that of the link to this page, which was clicked.
    page.keyboard.press("Enter")
    expect(page.locator(".kl-lead .kl-grade")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".pane")).to_have_count(3, timeout=SECONDS)
    expect(page.get_by_text("Given before the networks' answer was in sight")).to_be_visible()


def test_a_case_is_graded_before_the_answer_saved_opened_again_as_it_was_and_deleted(
    saving, page, film
):
    sign_in(page, saving.url, "?reveal=after")
    expect(page.get_by_text("No case is saved yet")).to_be_visible(timeout=SECONDS)
    open_film(page, film)
    commit_before_the_answer(page)
    mark(page, 2)
    expect(page.get_by_text("Before the networks' answer was in sight: KL 3")).to_be_visible()
    page.get_by_role("button", name="Save this case").click()
    expect(page.get_by_text("Saved as case")).to_be_visible(timeout=SECONDS)
    viewer = page.locator(".viewer")
    page.locator(".pane").first.focus()
    fitted = viewer.get_attribute("data-zoom")
    page.keyboard.press("i")
    page.keyboard.press("+")
    expect(viewer).to_have_attribute("data-invert", "true", timeout=SECONDS)
    expect(viewer).not_to_have_attribute("data-zoom", fitted, timeout=SECONDS)
    zoom = viewer.get_attribute("data-zoom")
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("Ruler, point 2", timeout=SECONDS)
    page.keyboard.press("Escape")
    until_kept(saving, lambda state: state.view["how"]["isInverted"] and state.measurements)
    # Another session, on another day.
    sign_in(page, saving.url)
    rows = page.locator(".rows")
    # Saved without its name, which may be a patient's.
    expect(rows.get_by_text(KEPT)).to_be_visible(timeout=SECONDS)
    expect(rows.get_by_text("KL 2", exact=True).last).to_be_visible()
    rows.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.locator("tr.here")).to_contain_text(KEPT)
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-case")).to_contain_text(KEPT, timeout=SECONDS)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    expect(viewer).to_have_attribute("data-invert", "true", timeout=SECONDS)
    expect(viewer).to_have_attribute("data-zoom", zoom, timeout=SECONDS)
    expect(page.locator(".pane").first.locator(".svg-layer text").first).to_be_visible(
        timeout=SECONDS
    )
    marked = page.locator("[class*=st-key-own_2--] button[kind=primary]")
    expect(marked.first).to_be_visible(timeout=SECONDS)
    go_to_cases(page)
    expect(rows.locator("tbody tr")).to_have_count(1, timeout=SECONDS)
    rows.focus()
    page.keyboard.press("ArrowDown")
    delete = page.locator(".st-key-cases_delete_asked_0 button").first
    expect(delete).to_be_enabled(timeout=SECONDS)
    delete.click()
    page.get_by_role("button", name="Delete now").click()
    expect(page.get_by_text("No case is saved yet")).to_be_visible(timeout=SECONDS)
    assert "Traceback" not in saving.log()
    assert film.name not in saving.log()


def mark_on_two_pages(page, rows):
    """Mark a case on each of two pages at the speed of hands; clear both."""
    page.keyboard.press(" ")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text("201 to 203 of 203")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_text("1 case marked, 1 not in sight")).to_be_visible(timeout=SECONDS)
    expect(rows.locator("tbody tr")).to_have_count(3, timeout=SECONDS)
    # Both knees of a case are marked together.
    whole = rows.locator("tbody tr").last.get_attribute("data-whole")
    same = rows.locator(f'tbody tr[data-whole="{whole}"] input')
    same.last.check()
    expect(page.get_by_text("2 cases marked, 1 not in sight")).to_be_visible(timeout=SECONDS)
    for box in same.all():
        expect(box).to_be_checked()
    # Who reads a case meanwhile finds them again.
    page.get_by_role("link", name="About", exact=True).click()
    expect(rows).to_have_count(0, timeout=SECONDS)
    go_to_cases(page)
    expect(page.get_by_text("2 cases marked")).to_be_visible(timeout=SECONDS)
    page.get_by_role("button", name="Clear marks").click()
    expect(page.get_by_text("marked", exact=False)).to_have_count(0, timeout=SECONDS)
    expect(rows.locator("tbody input:checked")).to_have_count(0)
    box = rows.locator("tbody input").first
    box.check()
    expect(page.get_by_text("1 case marked")).to_be_visible(timeout=SECONDS)
    box.uncheck()


def test_a_list_of_many_is_in_order_and_led_through_page_by_page(saving, page):
    db = open_store(saving.settings["KNEEOA_DATABASE_URL"])
    files = FilmFiles(Path(saving.settings[FOLDER]), bytes.fromhex(SECRET))
    fill(db, files, 140)
    db.dispose()
    if page.url.startswith(saving.url):
        turn_to(page, "", "About")
        turn_to(page, "", "Cases")
    else:
        sign_in(page, saving.url)
    rows = page.locator(".rows")
    expect(page.get_by_text("1 to 200 of 203")).to_be_visible(timeout=SECONDS)
    expect(rows.locator("tbody tr")).to_have_count(200)
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text("201 to 203 of 203")).to_be_visible(timeout=SECONDS)
    expect(rows.locator("tbody tr")).to_have_count(3, timeout=SECONDS)
    # By another order it begins anew, and a second click turns it round, for all pages.
    for way, first in (("ascending", "KL 0"), ("descending", "KL 4")):
        rows.get_by_role("button", name="Networks").click()
        expect(rows.locator("th[aria-sort]")).to_have_attribute("aria-sort", way, timeout=SECONDS)
        expect(rows.locator("tbody tr").first).to_contain_text(first, timeout=SECONDS)
        expect(page.get_by_text("1 to 200 of 203")).to_be_visible(timeout=SECONDS)
    rows.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".st-key-cases_open button")).to_be_enabled(timeout=SECONDS)
    expect(rows.locator("tbody tr").first).to_have_class(re.compile("here"))
    mark_on_two_pages(page, rows)
    assert "Traceback" not in saving.log()
