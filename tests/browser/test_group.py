"""A group session in real browsers: a teacher, two learners, a reload, a restart of the server."""

import re
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from kneeoa.store import group as store
from kneeoa.store.database import open_store, writing
from kneeoa.teaching.exam import draw_exam
from kneeoa.teaching.films import synthetic_set
from tests.support.serving import Restarted
from tests.support.watching import watched

SECONDS = 60_000
KEY = "a long enough key"


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


def join(page, url, code, nickname):
    page.goto(f"{url}/join?code={code}")
    page.get_by_label("Nickname").fill(nickname)
    page.get_by_role("button", name="Join", exact=True).click()
    seen(page, "You are in")


def vote(page, grade):
    press(page, f"KL {grade}")
    seen(page, f"KL {grade}.")
    expect(page.get_by_text("Your vote is kept")).to_be_visible(timeout=SECONDS)


def test_a_second_tap_while_the_server_is_busy_leaves_one_of_her(app, settings, page):
    db = open_store(settings["KNEEOA_DATABASE_URL"])
    films = draw_exam(synthetic_set().films.values(), 10, seed=0)
    group = store.open_group(db, films, datetime.now(UTC))
    page.goto(f"{app.url}/join?code={group.code}")
    page.get_by_label("Nickname").fill("Anna")
    button = page.get_by_role("button", name="Join", exact=True)
    with writing(db):
        for _ in range(2):
            button.click()
            page.wait_for_timeout(600)
    seen(page, "You are in")
    assert [one.nickname for one in store.participants(db, group.group_id)] == ["Anna"]
    db.dispose()


@pytest.fixture
def people(browser):
    """Three browsers, each with a profile of its own."""
    with ExitStack() as closing:
        yield [closing.enter_context(watched(browser)) for _ in range(3)]


def test_a_session_is_led_and_nothing_is_lost(app, settings, people):
    teacher, anna, ben = (one.new_page() for one in people)
    sent = []
    anna.on("websocket", lambda socket: socket.on("framereceived", lambda data: sent.append(data)))
    code = open_session(teacher, app.url)
    join(anna, app.url, code, "Anna")
    join(ben, app.url, code, "Ben")
    # One who never votes, so that voting does not close by itself.
    db = open_store(settings["KNEEOA_DATABASE_URL"])
    store.join(db, code, "Silent", datetime.now(UTC))
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
    anna.reload()
    seen(anna, "Your vote is kept")
    vote(anna, 1)
    expect(teacher.locator(".kl-code")).to_have_text("2 of 3", timeout=SECONDS)
    # Before it is told, nothing that a learner's browser is sent says what it is.
    assert not any("Reference" in str(data) for data in sent)
    queries = [page.url.partition("?")[2] for page in (teacher, anna, ben)]
    app.restart()
    sign_in(teacher, f"{app.url}/teach?{queries[0]}")
    expect(teacher.locator(".kl-code")).to_have_text("2 of 3", timeout=SECONDS)
    for page, query in ((anna, queries[1]), (ben, queries[2])):
        page.goto(f"{app.url}/join?{query}")
        seen(page, "Your vote is kept")
    press(teacher, "Close the votes")
    seen(anna, "Voting is closed. Your vote: KL 1")
    press(teacher, "Show the reference")
    seen(ben, re.compile("Right|Off by"))
    press(teacher, "End")
    press(teacher, "End the session")
    seen(teacher, "Fleiss' kappa")
    seen(teacher, "3 learners, 1 of 10 films shown, 2 votes")
    seen(anna, "The session has ended")
    assert teacher.evaluate("document.documentElement.scrollWidth") <= 1440
    for page in (teacher, anna, ben):
        assert page.get_by_text("encountered an error").count() == 0
