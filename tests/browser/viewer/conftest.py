"""A page with viewers that no page of the app made."""

import contextlib
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.viewer import still

SECONDS = 60_000
STAND = Path(__file__).with_name("stand.js").read_text(encoding="utf-8")


class Stand:
    """A viewer on a page, and films A, B and C, which come when they are given."""

    def __init__(self, page):
        self.page = page
        self.number = page.evaluate("stand.put()")
        self.viewer = page.locator(".viewer").last
        self.said = self.viewer.locator(".said")
        self.again = self.said.get_by_role("button", name="Try again")
        self.figures = self.viewer.locator(".pane").first.locator(".svg-layer text")

    def do(self, what, *given):
        return self.page.evaluate(f"given => stand.{what}(...given)", given)

    def say(self, *turns, **how):
        """Say which films are to be seen, a pane each; of several turns each before it is done."""
        for films in turns:
            self.do("say", self.number, films, how)

    def give(self, *films):
        for film in films:
            self.do("give", film)

    def shows(self, films, *, is_open=False):
        """Check that they are there, each under its heading, and nothing waits or has failed."""
        assert self.do("shows", self.number, films, is_open) == films

    def presses(self, *keys):
        self.viewer.locator(".pane").first.focus()
        for key in keys:
            self.page.keyboard.press(key)

    @contextlib.contextmanager
    def dragging(self):
        """Hold the pointer down in the middle of the film, and move it a little."""
        box = self.viewer.locator(".pane").first.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + 20, y, steps=3)
        yield
        self.page.mouse.move(x + 30, y, steps=3)
        self.page.mouse.up()

    def looked_at(self):
        """Return how the first film is looked at, and where its box stands."""
        still(self.viewer, rest=60)  # whoever waits there waits a twentieth of it
        known = ("zoom", "window", "invert", "rotation", "flip", "frame")
        return [self.viewer.get_attribute(f"data-{name}") for name in known]

    def fails(self, films, *, gone):
        """Turn to films of which one is gone."""
        self.do("lose", gone)
        self.say(films)
        for film in films.replace(gone, ""):
            self.give(film)
        expect(self.said).to_contain_text(f"film {gone} could not be fetched", timeout=SECONDS)

    def turns_to(self, films, **how):
        """Turn to films that come."""
        self.say(films, **how)
        self.shows(films, is_open=True)


@pytest.fixture(scope="module")
def page(context, app_url):
    """A page that has loaded the viewer's program, and no viewer of its own."""
    opened = context.new_page()
    with opened.expect_response("**/film-viewer.js*", timeout=SECONDS):
        opened.goto(app_url)
    expect(opened.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=SECONDS)
    opened.evaluate(STAND)
    yield opened
    opened.close()


@pytest.fixture
def stand(page):
    put = Stand(page)
    yield put
    put.do("lose", "")
    put.do("takeAway", put.number)
