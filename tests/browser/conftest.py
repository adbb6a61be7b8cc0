"""The running app and a Chromium that looks at it."""

from pathlib import Path

import pytest

from tests.support.install_chromium import NoChromiumError
from tests.support.serving import VIEWPORT, chromium, running_app
from tests.support.watching import watched


def pytest_collection_modifyitems(items):
    """Mark every test of this folder, so that ``-m "not browser"`` leaves them out."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The app as a user runs it, with an empty home folder."""
    with running_app(tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture(scope="session")
def app_url(app):
    """Return the address of the running app."""
    return app.url


# Not of session scope: while Playwright runs, no other test can run an event loop.
@pytest.fixture(scope="module")
def browser():
    """A Chromium; its absence is a failure, not a reason to skip."""
    try:
        with chromium() as started:
            yield started
    except NoChromiumError as error:
        pytest.fail(f"{error} `make test` does so by itself where it can.")


@pytest.fixture
def requested_urls():
    """Return the list that `page` adds each address to that it asks for, web sockets included."""
    return []


@pytest.fixture(scope="module")
def context(browser):
    """One profile for the pages of a module: the app's scripts are loaded and compiled once.

    Whatever its tests do, the server's policy holds and nothing leaves this machine.
    """
    with watched(browser, viewport=VIEWPORT) as opened:
        yield opened


@pytest.fixture
def page(context, requested_urls):
    """Open an empty page, a session of its own to the app."""
    opened = context.new_page()
    opened.on("request", lambda request: requested_urls.append(request.url))
    opened.on("websocket", lambda websocket: requested_urls.append(websocket.url))
    yield opened
    opened.close()
