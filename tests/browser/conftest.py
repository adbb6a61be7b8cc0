"""The running app and a Chromium that looks at it."""

import asyncio
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.install_chromium import NoChromiumError
from tests.support.serving import VIEWPORT, chromium, forked_app
from tests.support.viewer import WITHOUT_WEBGL
from tests.support.watching import watched

# A machine that does other things meanwhile takes longer than Playwright's five seconds.
expect.set_options(timeout=60_000)
# Of what V8 compiles twice, a test sees the end of little: without it, pages do the same for a
# fifth less computing. Benchmarks measure browsers as they are.
COMPILED_ONCE = "--js-flags=--no-opt"


def pytest_collection_modifyitems(items):
    """Mark every test of this folder, so that ``-m "not browser"`` leaves them out."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The app, with an empty home folder; each network computes what it is asked."""
    with forked_app(tmp_path_factory.mktemp("app"), asks_once=False) as running:
        yield running


@pytest.fixture(scope="session")
def app_url(app):
    """Return the address of the running app."""
    return app.url


@pytest.fixture(scope="session")
def started():
    """A Chromium, and the loop by which it is driven; without one, tests fail and are not skipped.

    While Playwright marks its loop as running, no other test of this process could run one:
    `browser` marks it for as long as it is used.
    """
    try:
        with chromium(COMPILED_ONCE) as opened:
            loop = asyncio.get_running_loop()
            asyncio._set_running_loop(None)
            yield opened, loop
            asyncio._set_running_loop(loop)
    except NoChromiumError as error:
        pytest.fail(f"{error} `make test` does so by itself where it can.")


@pytest.fixture(scope="module")
def browser(started):
    """The Chromium, for the tests of a module."""
    opened, loop = started
    asyncio._set_running_loop(loop)
    yield opened
    asyncio._set_running_loop(None)


@pytest.fixture
def requested_urls():
    """Return the list that `page` adds each address to that it asks for, web sockets included."""
    return []


@pytest.fixture(scope="module")
def webgl():
    """Whether films are drawn by WebGL, as in most browsers, in software here.

    Without it they are drawn for half the computing. What the viewer does either way, its own tests
    say: where a film is only there to be graded, a module takes the cheaper one.
    """
    return True


@pytest.fixture(scope="module")
def context(browser, webgl):
    """One profile for the pages of a module: the app's scripts are loaded and compiled once.

    Whatever its tests do, the server's policy holds and nothing leaves this machine.
    """
    with watched(browser, viewport=VIEWPORT) as opened:
        if not webgl:
            opened.add_init_script(WITHOUT_WEBGL)
        yield opened


@pytest.fixture
def page(context, requested_urls):
    """Open an empty page, a session of its own to the app."""
    opened = context.new_page()
    opened.on("request", lambda request: requested_urls.append(request.url))
    opened.on("websocket", lambda websocket: requested_urls.append(websocket.url))
    yield opened
    opened.close()
