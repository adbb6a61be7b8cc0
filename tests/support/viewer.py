"""What the film viewer is told on a page that runs without a browser, and what it says in one."""

import json

from playwright.sync_api import expect

SECONDS = 60_000
"""How long the viewer may take for what it does, in ms."""


def viewers(app) -> list[dict]:
    """Return the data of each viewer on the page, as its program in the browser gets them."""
    mounted = [one.proto for one in app.get("bidi_component")]
    return [json.loads(one.json) for one in mounted if one.component_name == "film_viewer"]


def state(page, name):
    """Return what the viewer says of itself as `name`."""
    return page.locator(".viewer").get_attribute(f"data-{name}")


def becomes(page, name, value):
    """Wait until it says `value`."""
    expect(page.locator(".viewer")).to_have_attribute(f"data-{name}", value, timeout=SECONDS)


def changes(page, name, before):
    """Wait until it says something else than `before`; return that."""
    expect(page.locator(".viewer")).not_to_have_attribute(f"data-{name}", before, timeout=SECONDS)
    return state(page, name)
