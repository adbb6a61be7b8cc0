"""What a reader does on the reading page of a browser, and a page that several tests share."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.support.viewer import still
from tests.support.watching import at_rest, settle

SECONDS = 60_000
"""How long the page may take for what it does, in ms."""
LATER = "(now => { performance.now = () => now() + 2000; })(performance.now.bind(performance))"
"""Has time pass, after which an arrow counts from the film in sight, and not from one before."""
PUT_OFF = """(later => {
  window.setTimeout = (call, ms, ...more) => later(call, ms === 5000 ? 1e8 : ms, ...more);
})(window.setTimeout)"""
"""Has what waits for five seconds not come, as long as the page is there, on a slow machine too."""


class Shared:
    """A page that tests share: to load the app, and to read films, takes seconds of computing.

    `begin` is what is done once on a new page.
    """

    def __init__(self, context: BrowserContext, begin: Callable[[Page], None]) -> None:
        self._context, self._begin = context, begin
        self._page: Page | None = None

    def page(self, bring_back: Callable[[Page], None]) -> Page:
        """Return the page as `bring_back` leaves it; a new one where a test broke the last."""
        if self._page is not None:
            try:
                bring_back(self._page)
            except (AssertionError, Error):
                self.close()
        if self._page is None:
            self._page = self._context.new_page()
            self._begin(self._page)
            bring_back(self._page)
        return self._page

    def close(self) -> None:
        """Leave the page, if there is one."""
        if self._page is not None:
            self._page.close()
            self._page = None


def begin(page: Page, url: str) -> None:
    """Open the first page, ready for an upload."""
    page.goto(url)
    expect(page.get_by_role("heading", name="Grade a knee X-ray")).to_be_visible(timeout=SECONDS)


def upload(page: Page, *files) -> None:
    """Give the page films."""
    page.locator("input[type=file]").first.set_input_files([str(file) for file in files])


def add(page: Page, *files) -> None:
    """Give the page more films than it has."""
    page.get_by_role("button", name="Add films").click()
    expect(page.get_by_test_id("stFileUploader")).to_be_visible(timeout=SECONDS)
    upload(page, *files)


def is_there(page: Page, name: str) -> None:
    """Wait until a film is on the screen, and nothing else is to come."""
    expect(page.locator(".st-key-case")).to_contain_text(name, timeout=SECONDS)
    at_rest(page)
    # The viewer hears of it last: until then it is ready with the film before, whose keys it takes.
    pane = page.locator(f'.viewer[data-ready=true] .pane[aria-label*="{name}"]')
    expect(pane.first).to_be_visible(timeout=SECONDS)
    settle(page)


def turn_to(page: Page, name: str) -> None:
    """Have one of several films on the screen."""
    at_rest(page)
    if not page.locator(".st-key-case", has_text=name).count():
        page.locator(".st-key-filmstrip button", has_text=name).click()
    is_there(page, name)
    page.evaluate(LATER)


def are_read(page: Page, count: int) -> None:
    """Wait until so many films stand in the strip, each with its answer."""
    expect(page.locator(".kl-thumb")).to_have_count(count, timeout=SECONDS)
    expect(page.locator(".kl-thumb", has_text="...")).to_have_count(0, timeout=SECONDS)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    at_rest(page)


def ready(page: Page, *, panes: int | None = None) -> None:
    """Wait until the viewer shows all that follows from what was done."""
    if panes:
        expect(page.locator(".pane")).to_have_count(panes, timeout=SECONDS)
    expect(page.locator(".viewer[data-ready=true]")).to_be_visible(timeout=SECONDS)
    at_rest(page)
    still(page.locator(".viewer"))


def choice(page: Page):
    """Open the choice of what is put beside a film; return it."""
    page.get_by_role("button", name="Beside").click()
    return page.get_by_role("combobox", name="Prior film, or other knee")


def beside(page: Page, other: str) -> None:
    """Put a knee of the film `other` beside the one that is read."""
    choice(page).click()
    page.get_by_role("option").filter(has_text=other).first.click()
    expect(page.locator(".st-key-beside")).to_be_visible(timeout=SECONDS)
    # What it was chosen in is out of the way.
    expect(page.get_by_role("combobox", name="Prior film, or other knee")).to_have_count(0)
    ready(page, panes=2)


def apart(page: Page) -> None:
    """Have a film alone again."""
    choice(page).hover()
    page.get_by_label("Clear value").first.click()
    expect(page.locator(".st-key-beside")).to_have_count(0, timeout=SECONDS)
    ready(page)
