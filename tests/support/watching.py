"""What a browser asked for and complained of, while the dashboard kept to itself."""

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect

OWN = ("127.0.0.1", "localhost")
POLICY = ("Content Security Policy", "Content-Security-Policy", "Refused to")


# Signs of waiting that turn take a third of what a browser computes here, where no GPU draws them.
STILL = """
document.addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent =
    "*, *::before, *::after { animation: none !important; transition: none !important }";
  document.head.append(style);
});
"""


@contextlib.contextmanager
def watched(browser: Browser, **options) -> Iterator[BrowserContext]:
    """Open a profile of its own, in which nothing moves by itself; see `keeps_to_itself`."""
    with browser.new_context(**options) as opened, keeps_to_itself(opened):
        opened.add_init_script(STILL)
        yield opened


@contextlib.contextmanager
def keeps_to_itself(context: BrowserContext) -> Iterator[None]:
    """Fail at the end if a page broke the server's policy, or asked for anything elsewhere."""
    asked, said = [], []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda message: said.append(message.text))
    yield
    assert asked, "Nothing was watched."
    assert [url for url in asked if not is_own(url)] == []
    assert [text for text in said if any(part in text for part in POLICY)] == []


def at_rest(page: Page) -> None:
    """Wait until the server has run the page to its end, and that has been drawn."""
    done = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(done).to_be_visible(timeout=60_000)
    settle(page)


def settle(page: Page) -> None:
    """Wait until what is shown has also been drawn: only then does a button know its key."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")


def is_own(url: str) -> bool:
    """Return whether an address is this machine's, or none of the network."""
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about") or parts.hostname in OWN
