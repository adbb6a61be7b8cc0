"""The research pages as they are opened by a link, without a browser."""

from streamlit.testing.v1 import AppTest

from tests.support.places import MAIN_SCRIPT


def opened(page: str, **address: str) -> AppTest:
    """Open a page of the dashboard at the address that a link to a view has."""
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()
    app.query_params.update(address)
    return app.switch_page(f"{page}/page.py").run()
