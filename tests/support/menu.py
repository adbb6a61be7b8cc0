"""The menu of the dashboard, as a visitor uses it.

By it a browser need not start the app's scripts again, which takes it seconds of computing.
"""

import ast
import re

from playwright.sync_api import Page, expect

from tests.support.places import ROOT

MILLISECONDS = 60_000


def rooms() -> dict[str, dict[str, str]]:
    """Return the rooms, "" for the menu itself, each with the titles of its pages by name."""
    tree = ast.parse((ROOT / "pages" / "navigation.py").read_text("utf-8"))
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ROOMS"
    )
    return ast.literal_eval(value)


def turn_to(page: Page, room: str, title: str) -> None:
    """Go to the page of this title, and wait until it is there."""
    if room:
        page.get_by_role("button", name=re.compile(f"^{room}")).click(timeout=MILLISECONDS)
        page.get_by_role("menuitem", name=title, exact=True).click(timeout=MILLISECONDS)
    else:
        page.get_by_role("link", name=title, exact=True).click(timeout=MILLISECONDS)
    expect(page).to_have_title(f"{title} - Knee reading room", timeout=MILLISECONDS)
