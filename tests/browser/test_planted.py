"""What asks for pictures and links, in every field of every file: a real browser asks for none."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from kneeoa.store import group as store
from kneeoa.store.database import open_store
from kneeoa.teaching.exam import Exam, ExamFilm
from kneeoa.teaching.films import synthetic_set
from tests.support.menu import turn_to
from tests.support.planted import HOST, PLANTED, SHORT, plant
from tests.support.serving import forked_app

SECONDS = 60_000
KEY = "a long enough key"
TITLE = PLANTED[:120]
ELSEWHERE = f"a[href*='{HOST}'], img[src*='{HOST}'], a[href^='mailto:'], .katex"


@pytest.fixture(scope="module")
def webgl():
    """The cheaper way to draw films: they are only to be there."""
    return False


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A dashboard whose results and session are full of them; the session's code."""
    root = tmp_path_factory.mktemp("planted")
    plant(root / "results")
    url = f"sqlite:///{root}/store.sqlite"
    db = open_store(url)
    films = tuple(ExamFilm(name, 0) for name in list(synthetic_set().films)[:2])
    group = store.open_group(db, Exam(TITLE, 0, (0,), films), datetime.now(UTC))
    db.dispose()
    settings = {
        "KNEEOA_RESULTS": str(root / "results"),
        "KNEEOA_DATABASE_URL": url,
        "KNEEOA_TEACHER_KEY": KEY,
    }
    with forked_app(root, **settings) as app:
        yield app, group.code


@pytest.fixture(scope="module")
def opened(site, context):
    """A page that was opened at the results."""
    page = context.new_page()
    page.goto(f"{site[0].url}/runs?study=all+runs")
    yield page
    page.close()


def is_plain(page):
    """Whether the page shows what is planted, as it is."""
    done = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(done).to_be_attached(timeout=SECONDS)
    expect(page.locator(ELSEWHERE)).to_have_count(0)
    expect(page.get_by_text("\U0001f604")).to_have_count(0)  # the emoji of :smile:
    return page.locator("[data-testid=stMain]").inner_text().replace("\u2060", "")


def results_are_plain(page):
    expect(page.locator("[data-testid=stMain]")).to_contain_text("**bold**", timeout=SECONDS)
    said = is_plain(page)
    for part in (f"![a](https://{HOST}/a.png)", "&#104;ttps", ":smile:", "-> <b>tag</b>"):
        assert part in said


def test_results_ask_for_nothing(opened):
    page = opened
    turn_to(page, "Research", "Runs")
    results_are_plain(page)
    turn_to(page, "Research", "Data")
    results_are_plain(page)


def test_titles_nicknames_and_names_of_films_ask_for_nothing(site, opened):
    page = opened
    turn_to(page, "Learn", "Join")
    page.get_by_label("Code").fill(site[1])
    page.get_by_label("Nickname").fill(SHORT)
    page.get_by_role("button", name="Join", exact=True).click()
    expect(page.get_by_text("You are in")).to_be_visible(timeout=SECONDS)
    assert SHORT in is_plain(page)
    turn_to(page, "Learn", "Teach")
    page.get_by_label("Teacher's key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Go on").click(timeout=SECONDS)
    expect(page.get_by_text("1 learner is in")).to_be_visible(timeout=SECONDS)
    said = is_plain(page)
    assert TITLE in said
    assert SHORT in said
    turn_to(page, "", "Read")
    upload = page.locator("input[type=file]").first
    name = f"{PLANTED} .png".replace("/", ":")
    upload.set_input_files([{"name": name, "mimeType": "image/png", "buffer": b"no film"}])
    expect(page.get_by_text("was not read")).to_be_visible(timeout=SECONDS)
    assert "![a](" in is_plain(page)
