"""What a browser asked for and complained of, while the dashboard kept to itself."""

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext

OWN = ("127.0.0.1", "localhost")
POLICY = ("Content Security Policy", "Content-Security-Policy", "Refused to")


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


def is_own(url: str) -> bool:
    """Return whether an address is this machine's, or none of the network."""
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about") or parts.hostname in OWN
