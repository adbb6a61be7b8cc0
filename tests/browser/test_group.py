"""A group session in real browsers: a teacher, two learners, a reload, a restart of the server."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from kneeoa.store import group as store
from kneeoa.store.database import open_store, writing
from tests.support.serving import Restarted

SECONDS = 60_000
KEY = "a long enough key"


@pytest.fixture(scope="module")
def webgl():
    """The cheaper way to draw films: they are only to be there."""
    return False


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    file = tmp_path_factory.mktemp("group") / "store.sqlite"
    return {
        "KNEEOA_DATABASE_URL": f"sqlite:///{file}",
        "KNEEOA_DATASET": "",
        "KNEEOA_TEACHER_KEY": KEY,
    }


@pytest.fixture(scope="module")
def app(settings, tmp_path_factory):
    """The app, whose sessions outlast it."""
    running = Restarted(lambda: tmp_path_factory.mktemp("app"), **settings)
    yield running
    running.stop()


def seen(page, text):
    expect(page.get_by_text(text).first).to_be_visible(timeout=SECONDS)


def press(page, name):
    page.get_by_role("button", name=name).first.click(timeout=SECONDS)


def sign_in(page, address):
    page.goto(address)
    page.get_by_label("Teacher's key").fill(KEY)
    press(page, "Sign in")


def open_session(page, url):
    """Open a session of ten films; return its code."""
    sign_in(page, f"{url}/teach")
    page.get_by_role("radio", name="10", exact=True).press("Space")
    press(page, "Open the session")
    code = page.locator(".kl-code")
    expect(code).to_be_visible(timeout=SECONDS)
    return code.inner_text()


def fill_in(page, url, code, nickname):
    """Fill in all that a learner joins with; return the button by which she does."""
    page.goto(f"{url}/join?code={code}")
    page.get_by_label("Nickname").fill(nickname)
    return page.get_by_role("button", name="Join", exact=True)


def vote(page, grade):
    press(page, f"KL {grade}")
    seen(page, f"KL {grade}.")
    expect(page.get_by_text("Your vote is kept")).to_be_visible(timeout=SECONDS)


@pytest.fixture
def people(context):
    """Three pages, each a session of its own to the app; nothing is kept in a browser's profile."""
    pages = [context.new_page() for _ in range(3)]
    yield pages
    for page in pages:
        page.close()


def test_a_session_is_led_nothing_is_lost_and_nobody_is_in_it_twice(app, settings, people):
    teacher, anna, ben = people
    db = open_store(settings["KNEEOA_DATABASE_URL"])
    sent = []
    anna.on("websocket", lambda socket: socket.on("framereceived", lambda data: sent.append(data)))
    code = open_session(teacher, app.url)
    # A second tap while the server is busy leaves one of her.
    button = fill_in(anna, app.url, code, "Anna")
    with writing(db):
        for _ in range(2):
            button.click()
            anna.wait_for_timeout(600)
    seen(anna, "You are in")
    fill_in(ben, app.url, code, "Ben").click()
    seen(ben, "You are in")
    # One who never votes, so that voting does not close by itself.
    silent = store.join(db, code, "Silent", datetime.now(UTC))
    names = [one.nickname for one in store.participants(db, silent.group_id)]
    assert names == ["Anna", "Ben", "Silent"]
    db.dispose()
    seen(teacher, "3 learners are in")
    press(teacher, "Show the first film")
    # Learners look at the film themselves, and see no more of it than that.
    look = anna.locator(".viewer[data-ready=true]")
    expect(look).to_be_visible(timeout=SECONDS)
    zoom = look.get_attribute("data-zoom")
    anna.keyboard.press("+")
    expect(look).not_to_have_attribute("data-zoom", zoom)
    expect(anna.locator(".pane")).to_have_count(1)
    vote(anna, 2)
    vote(ben, 3)
    assert ben.get_by_text("encountered an error").count() == 0
    ben.close()
    anna.reload()
    seen(anna, "Your vote is kept")
    vote(anna, 1)
    expect(teacher.locator(".kl-code")).to_have_text("2 of 3", timeout=SECONDS)
    # Before it is told, nothing that a learner's browser is sent says what it is.
    assert not any("Reference" in str(data) for data in sent)
    queries = [page.url.partition("?")[2] for page in (teacher, anna)]
    app.restart()
    sign_in(teacher, f"{app.url}/teach?{queries[0]}")
    expect(teacher.locator(".kl-code")).to_have_text("2 of 3", timeout=SECONDS)
    anna.goto(f"{app.url}/join?{queries[1]}")
    seen(anna, "Your vote is kept")
    press(teacher, "Close the votes")
    seen(anna, "Voting is closed. Your vote: KL 1")
    press(teacher, "Show the reference")
    seen(anna, re.compile("Right|Off by"))
    press(teacher, "End")
    press(teacher, "End the session")
    seen(teacher, "Fleiss' kappa")
    seen(teacher, "3 learners, 1 of 10 films shown, 2 votes")
    seen(anna, "The session has ended")
    assert teacher.evaluate("document.documentElement.scrollWidth") <= 1440
    for page in (teacher, anna):
        assert page.get_by_text("encountered an error").count() == 0
