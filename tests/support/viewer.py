"""What the film viewer is told on a page that runs without a browser, and what it says in one."""

import json

from playwright.sync_api import expect

SECONDS = 60_000
"""How long the viewer may take for what it does, in ms."""
STILL = """
(viewer, {rest, most}) => new Promise((done, failed) => {
  const end = performance.now() + most;
  let before, since;
  const look = () => {
    const words = [...viewer.querySelectorAll(".values, .scale, .title, .svg-layer text")];
    const boxes = [...viewer.querySelectorAll(".pane, .scale polyline, .svg-layer line")];
    const seen = JSON.stringify([
      Object.entries(viewer.dataset), words.map((it) => it.textContent),
      boxes.map((it) => it.getBoundingClientRect()),
    ]);
    const now = performance.now();
    if (seen !== before) [before, since] = [seen, now];
    if (now - since > rest) done();
    else if (now > end) failed(Error(`The viewer did not come to rest: ${seen}`));
    else setTimeout(look, rest / 8); // each frame would have the browser draw one
  };
  look();
})
"""
WITHOUT_WEBGL = """
const { getContext } = HTMLCanvasElement.prototype;
HTMLCanvasElement.prototype.getContext = function get(kind, ...more) {
  return /webgl/.test(kind) ? null : getContext.call(this, kind, ...more);
};
"""
"""What a browser without WebGL says to who asks for it."""
REST = 250
"""How long nothing changes in a viewer that is done, in ms: the others follow a pane after 120."""


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


def still(viewer, *, rest=REST):
    """Wait until a viewer has drawn all that follows from what was done, `rest` ms ago."""
    viewer.evaluate(STILL, {"rest": rest, "most": SECONDS})


def changes(page, name, before):
    """Wait until it says something else than `before`; return that."""
    expect(page.locator(".viewer")).not_to_have_attribute(f"data-{name}", before, timeout=SECONDS)
    return state(page, name)
