"""A practice session in a real browser, by keyboard alone, over a restart of the server."""

import pytest
from playwright.sync_api import expect

from tests.support.serving import Restarted
from tests.support.watching import settle, watched

SECONDS = 60_000


@pytest.fixture(scope="module")
def webgl():
    """The cheaper way to draw films: they are only to be there."""
    return False


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The app, whose sessions outlast it."""
    file = tmp_path_factory.mktemp("practice") / "store.sqlite"
    settings = {"KNEEOA_DATABASE_URL": f"sqlite:///{file}", "KNEEOA_DATASET": ""}
    running = Restarted(lambda: tmp_path_factory.mktemp("app"), **settings)
    yield running
    running.stop()


def wait(page, text):
    expect(page.get_by_text(text).first).to_be_visible(timeout=SECONDS)


def is_asked(page, film):
    """Wait until the film can be graded."""
    wait(page, f"Film {film} of 10")
    expect(page.locator("[class*=st-key-grade_0--] button")).to_be_enabled(timeout=SECONDS)
    expect(page.locator("[class*=st-key-on--]").get_by_text("Confirm")).to_be_visible(
        timeout=SECONDS
    )


def press(page, key, seen):
    """Press `key` until the page answers."""
    for _ in range(3):
        settle(page)
        page.keyboard.press(key)
        try:
            return expect(page.locator(seen).first).to_be_visible(timeout=SECONDS / 3)
        except AssertionError:
            continue
    pytest.fail(f"{key} did nothing: {seen} did not come.")


def mark(page, key, grade):
    """Press `key`, and wait until the page shows the mark at this grade."""
    press(page, key, f'[class*=st-key-grade_{grade}--] [data-testid="stBaseButton-primary"]')


def test_a_session_is_played_by_keyboard_alone(app, page):
    page.goto(f"{app.url}/practice")
    wait(page, "Practise KL grading")
    ten = page.get_by_role("radio", name="10", exact=True)
    ten.press("Space")
    expect(ten).to_be_checked(timeout=SECONDS)
    page.get_by_role("button", name="Begin").press("Enter")
    is_asked(page, 1)
    # Whatever of the viewer has the focus keeps no key that is not its own.
    page.locator(".pane").focus()
    mark(page, "4", 4)
    page.get_by_role("button", name="Ruler").press("Enter")
    expect(page.locator('.viewer[data-tool="length"]')).to_be_visible()
    mark(page, "2", 2)
    mark(page, "4", 4)
    # Enter is that of a button reached by the Tab key, and of none that was clicked.
    page.get_by_role("button", name="Lower").press("Enter")
    expect(page.locator("[class*=st-key-grade_3--] button[kind=primary]")).to_be_visible()
    page.get_by_role("button", name="Full screen").press("Enter")
    page.wait_for_function("() => document.fullscreenElement !== null")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.fullscreenElement === null")
    is_asked(page, 1)
    press(page, "z", '.viewer[data-part="left half"]')
    mark(page, "2", 2)
    mark(page, "ArrowRight", 3)
    page.get_by_role("button", name="Invert").click()
    expect(page.locator('.viewer[data-invert="true"]')).to_be_visible()
    press(page, "Enter", "[class*=st-key-next--] button")
    press(page, "Enter", 'text="Film 2 of 10"')
    is_asked(page, 2)
    # Every film begins whole and as it came.
    seen = '.viewer[data-ready=true][data-part="whole"][data-invert="false"]'
    expect(page.locator(seen)).to_be_visible(timeout=SECONDS)
    mark(page, "2", 2)
    query = page.url.partition("?")[2]
    # The server is gone, and a new one knows where the learner was.
    app.restart()
    page.goto(f"{app.url}/practice?{query}")
    is_asked(page, 2)
    mark(page, "0", 0)
    press(page, "Enter", "[class*=st-key-next--] button")
    press(page, "Enter", 'text="Film 3 of 10"')
    is_asked(page, 3)
    page.keyboard.press("Escape")
    wait(page, "Your result")
    wait(page, "2 of 10 films graded")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert page.get_by_text("encountered an error").count() == 0


def test_on_a_phone_film_and_grades_are_in_sight_together_and_so_is_the_next_film(app, browser):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with watched(browser, **phone) as context:
        page = context.new_page()
        page.goto(f"{app.url}/practice")
        page.get_by_role("button", name="Begin").click()
        for film in (1, 2):
            wait(page, f"Film {film} of 20")
            expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
            for button in ("grade_0", "grade_4", "on"):
                seen = page.locator(f"[class*=st-key-{button}--]")
                expect(seen.first).to_be_in_viewport(ratio=1)
            expect(page.locator(".viewer .pane").first).to_be_in_viewport(ratio=1)
            expect(page.get_by_role("button", name="Ruler")).to_have_count(0)
            page.locator("[class*=st-key-grade_2--] button").click()
            page.locator("[class*=st-key-on--] button").click()
            following = page.locator("[class*=st-key-next--] button")
            expect(following).to_be_visible(timeout=SECONDS)
            page.locator('[data-testid="stMain"]').evaluate("it => it.scrollTo(0, 400)")
            following.click()
