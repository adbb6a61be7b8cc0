"""A page of the dashboard opened by its address, as a link or a bookmark does; no browser."""

import functools

from streamlit.testing.v1 import AppTest

from tests.support.places import MAIN_SCRIPT


def opened(page: str, **address: str) -> AppTest:
    """Open a page, with what its address says; the first page, Read, is not run before it."""
    return at(page, **address).run()


def at(page: str, **address: str) -> AppTest:
    """Return the app as a session begins at this page; it has not run."""
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120)
    if page != "reading":
        app._registered_pages = _registered_pages()
        app.switch_page(f"{page}/page.py")
    for name, value in address.items():
        app.query_params[name] = value
    return app


@functools.cache
def _registered_pages():
    """What `AppTest` knows of the pages once the app has run: a browser knows their addresses."""
    return AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()._registered_pages
