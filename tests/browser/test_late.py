"""Keys that come faster than the page, and where the focus is once a control is another element."""

import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from tests.support.watching import settle

SECONDS = 60_000
FILMS = 3
STOOD = """
addEventListener("keydown", () => {
  window.stood = document.querySelector(".st-key-case").textContent;
}, true)
"""
"""Notes which film is named when a key comes."""


@pytest.fixture
def read(page, app_url, tmp_path):
    """The reading page at the first of some films, all of them read."""
    files = [tmp_path / f"film{number}.png" for number in range(FILMS)]
    for number, file in enumerate(files):
        Image.fromarray(draw_knee(number, seed=number, side=300)).save(file)
    page.goto(app_url)
    expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=SECONDS)
    page.locator("input[type=file]").first.set_input_files([str(file) for file in files])
    expect(page.locator(".st-key-filmstrip .kl-thumb")).to_have_count(FILMS, timeout=SECONDS)
    expect(page.locator(".st-key-filmstrip").get_by_text("...")).to_have_count(0, timeout=SECONDS)
    is_there(page, 0)
    return page


def is_there(page, number):
    """Wait until a film is on the screen, and nothing else is to come."""
    expect(page.locator(".st-key-case")).to_contain_text(f"film{number}.png", timeout=SECONDS)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible(
        timeout=SECONDS
    )
    settle(page)


def test_a_grade_right_after_an_arrow_is_not_that_of_the_next_film(read):
    read.evaluate(STOOD)
    read.locator(".pane").first.focus()
    for number in range(1, FILMS):
        read.keyboard.press("ArrowRight")
        read.keyboard.press("2")
        is_there(read, number)
        if f"film{number - 1}.png" in read.evaluate("stood"):
            expect(read.locator(".st-key-own_grade")).not_to_contain_text("My grade: KL")
            expect(read.get_by_text(f"KL 2 was kept for film{number - 1}.png")).to_have_count(1)


def test_a_grade_is_nobodys_until_the_film_is_in_sight(read):
    held = []
    read.route("**/media/*.bin", lambda route: held.append(route))
    read.locator(".pane").first.focus()
    read.keyboard.press("ArrowRight")
    # Its name and its grades stand there, and it does not.
    expect(read.locator(".st-key-case")).to_contain_text("film1.png", timeout=SECONDS)
    expect(read.locator(".waiting").first).to_be_attached(timeout=SECONDS)
    settle(read)
    for key in ("Enter", "3"):
        read.keyboard.press(key)
    told = "Key 3 was not taken: the film was not in sight yet."
    expect(read.get_by_role("status").filter(has_text=told)).to_be_visible(timeout=SECONDS)
    settle(read)
    read.unroute_all()
    assert held, "the film was asked for"
    for route in held:
        route.fallback()
    is_there(read, 1)
    own = read.locator(".st-key-own_grade")
    expect(own).not_to_contain_text("My grade: KL")
    read.keyboard.press("1")
    expect(own).to_contain_text("My grade: KL 1", timeout=SECONDS)
    # What was not taken is told no more once a key is.
    shown = read.evaluate("document.documentElement.dataset.shown")
    show = "shown => { document.documentElement.dataset.shown = shown; }"
    read.evaluate(show, "")
    read.keyboard.press("3")
    expect(read.locator(".kl-not-taken")).to_have_count(1, timeout=SECONDS)
    read.evaluate(show, shown)
    read.keyboard.press("1")
    expect(read.locator(".kl-not-taken")).to_have_count(0, timeout=1_000)
    read.keyboard.press("ArrowLeft")
    is_there(read, 0)
    expect(own).not_to_contain_text("My grade: KL")


def focused(page):
    settle(page)
    return page.evaluate("document.activeElement.textContent.trim()")


def test_the_focus_stays_at_a_grade_and_at_a_film(read):
    read.keyboard.press("Tab")
    read.get_by_role("button", name="3", exact=True).focus()
    read.keyboard.press("Enter")
    expect(read.locator(".st-key-own_grade")).to_contain_text("My grade: KL 3", timeout=SECONDS)
    assert focused(read).startswith("3")
    read.locator(".st-key-filmstrip button").nth(1).focus()
    read.keyboard.press("Enter")
    is_there(read, 1)
    assert focused(read).startswith("film1.png")
    expect(read.get_by_role("button", name="What is shown")).to_be_visible()
