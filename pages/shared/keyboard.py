"""Keys on pages that are led by them: who gets a key, and keys that come faster than the page."""

from typing import Literal

import streamlit as st

Key = int | Literal["lower", "higher", "confirm"]
PRESSED = "pressed"

# Streamlit 1.67 leaves a key to a switch, slider or choice that has the focus, even a digit or
# Enter, of which these make nothing: after a click on one no grade could be marked, and no session
# begun. It gives Enter to the button
# whose shortcut that is, even where another one has the focus; and Escape, which leaves a figure on
# the full screen, to a button as well.
SCRIPT = """
<script class="kl-keys">
(() => {
  if (window.kneeKeys) return;
  window.kneeKeys = true;
  const isLed = () => document.querySelector(".kl-keys") !== null;
  const isControl = at => at.matches?.(
    "input[type=checkbox], input[type=range], input[type=radio], [role=radio]");
  let byMouse = false;
  addEventListener("pointerdown", () => { byMouse = true; }, true);
  addEventListener("pointerup", () => setTimeout(() => {
    const at = document.activeElement;
    if (isLed() && at && isControl(at)) at.blur();
  }), true);
  addEventListener("keydown", event => {
    if (event.key === "Tab") byMouse = false;
    if (!isLed() || event.ctrlKey || event.metaKey || event.altKey) return;
    const close = document.querySelector('button[aria-label="Close fullscreen"]');
    if (event.key === "Escape" && close) {
      event.stopImmediatePropagation();
      close.click();
    }
    if (!isControl(event.target) || !/^([0-9a-z]|Enter)$/i.test(event.key)) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    event.target.blur();
    document.body.dispatchEvent(new KeyboardEvent("keydown", event));
    document.body.dispatchEvent(new KeyboardEvent("keyup", event));
  }, true);
  document.body.addEventListener("keydown", event => {
    if (isLed() && !byMouse && event.key === "Enter" && event.target.closest("button, summary, a"))
      event.stopPropagation();
  });
})();
</script>
"""
"""What the server's policy lets run beside Streamlit's own scripts."""


def lead() -> None:
    """Let the keys of this page's buttons work wherever the focus is.

    Enter is that of the button that has the focus, if one was reached by the Tab key.
    """
    st.html(SCRIPT, unsafe_allow_javascript=True)


def note(place: tuple, key: Key) -> None:
    """Keep that `key`, or its button, was pressed at `place`; to be the ``on_click`` of it."""
    st.session_state.setdefault(PRESSED, []).append((place, key))


def pressed(place: tuple) -> set[Key]:
    """Return the keys that were pressed at `place` and that no run has acted on yet.

    Mostly one. Streamlit 1.67 gives keys that come while it is busy to one run, in an order that
    says nothing, and one that came twice once: "2" and Enter could confirm before anything is
    marked. So whoever acts on several must not depend on their order. `place` is the session and
    the film: a key counts for what was on the screen.
    """
    return {key for at, key in st.session_state.pop(PRESSED, []) if at == place}


def taken(kind: str) -> dict[tuple, set[Key]]:
    """Return the keys, as `pressed` does, of all places that begin with `kind`, by place.

    For what must not be lost where the page turned to another film before it acted on a key.
    """
    noted = st.session_state.get(PRESSED, [])
    keys: dict[tuple, set[Key]] = {}
    for place, key in noted:
        if place[0] == kind:
            keys.setdefault(place, set()).add(key)
    noted[:] = [(place, key) for place, key in noted if place[0] != kind]
    return keys
