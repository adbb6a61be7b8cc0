"""Keys on pages that are led by them: who gets a key, and keys that come faster than the page."""

from collections.abc import Callable, Iterable
from typing import Any, Literal

import streamlit as st

Key = int | Literal["lower", "higher", "confirm"]
PRESSED = "pressed"
_TOLD, _TOLD_AT_MOST = "controls_told", 20
_CHANGES = "controls_changed"

# Streamlit 1.67 leaves a key to a switch, slider or choice that has the focus, even a digit or
# Enter, of which these make nothing: after a click on one no grade could be marked, and no session
# begun. It gives Enter to the button
# whose shortcut that is, even where another one has the focus; and Escape, which leaves a figure on
# the full screen, to a button as well. A control whose key or colour is another one is put in the
# page as a new element, and the focus that the old one had is nowhere.
SCRIPT = """
<script class="kl-keys">
(() => {
  if (window.kneeKeys) return;
  window.kneeKeys = true;
  const isLed = () => document.querySelector(".kl-keys") !== null;
  const isControl = at => at.matches?.(
    "input[type=checkbox], input[type=range], input[type=radio], [role=radio]");
  // Who came by a click on a link, before this page was there, goes on by keys of its own.
  let byMouse = Boolean(document.querySelector(":focus:not(:focus-visible)"));
  // Where the focus is, or was until that control went. Before "--" stands what it is called.
  let held = null;
  const controls = place => [...place.querySelectorAll("button, input")];
  const heldBy = at => {
    const place = at.closest?.('.stElementContainer[class*="st-key-"]');
    const name = place && [...place.classList].find(name => name.startsWith("st-key-"));
    return name && { at, name, number: controls(place).indexOf(at), gone: 0 };
  };
  addEventListener("focusin", event => { held = byMouse ? null : heldBy(event.target); }, true);
  addEventListener("focusout", ({ target }) => setTimeout(() => {
    if (held?.at === target && target.isConnected && document.activeElement !== target) held = null;
  }), true);
  new MutationObserver(() => {
    if (!held || held.at.isConnected) return;
    held.gone ||= Date.now();
    const isElsewhere = document.activeElement !== document.body;
    if (isElsewhere || !isLed() || Date.now() - held.gone > 5000) { held = null; return; }
    const [stem] = held.name.split("--");
    const place = document.querySelector(`.stElementContainer.${CSS.escape(held.name)}`)
      || document.querySelector(`.stElementContainer[class*="${CSS.escape(stem)}--"]`);
    const now = place && controls(place);
    if (place) (now[held.number] || now[0])?.focus({ preventScroll: true });
  }).observe(document, { childList: true, subtree: true });
  addEventListener("pointerdown", () => { byMouse = true; held = null; }, true);
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
  // While the page goes on to another film, controls of both are there, and the picture comes last:
  // a grade is that of the film which the viewer tells that it shows, or nobody's.
  const stemsOf = key => /^[0-4]$/.test(key) ? [`own_${key}`, `grade_${key}`]
    : key === "Enter" ? ["own_commit", "on"] : [];
  const isText = at => !isControl(at) && at.matches?.(
    "input, textarea, select, [contenteditable=true]");
  const isOf = (place, start) => [...place.classList].some(
    name => name === start || name.startsWith(`${start}_`));
  let gone;
  const take = () => document.querySelector(".kl-not-taken")?.remove();
  const tell = words => {
    const line = document.querySelector(".kl-not-taken")
      || document.body.appendChild(document.createElement("div"));
    line.className = "kl-not-taken";
    line.setAttribute("role", "status");
    line.textContent = words;
    line.dataset.page = location.pathname;
    clearTimeout(gone);
    gone = setTimeout(take, 5000);
  };
  // It is of the page that the key was pressed on.
  new MutationObserver(() => {
    const line = document.querySelector(".kl-not-taken");
    if (line && line.dataset.page !== location.pathname) take();
  }).observe(document.documentElement, { childList: true, subtree: true });
  const giveToShown = event => {
    const { shown } = document.documentElement.dataset;
    if (shown === undefined || isText(event.composedPath()[0])) return;
    for (const stem of stemsOf(event.key)) {
      const places = [...document.querySelectorAll(
        `.stElementContainer[class*="st-key-${stem}--"]`)];
      if (!places.length) continue;
      event.stopPropagation();
      event.preventDefault();
      const theirs = shown && places.filter(place => isOf(place, `st-key-${stem}--${shown}`));
      if (event.repeat) continue;
      if (theirs.length) {
        take();
        theirs.at(-1).querySelector("button").click();
      } else tell(`Key ${event.key} was not taken: the film was not in sight yet.`);
    }
  };
  document.body.addEventListener("keydown", event => {
    if (!isLed() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!byMouse && event.key === "Enter" && event.target.closest("button, summary, a"))
      event.stopPropagation();
    else giveToShown(event);
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


def key_for(control: str, *shown: object) -> str:
    """Return the key of a `control` that acts on what is `shown`, such as a film and its knee.

    Under one key for all films Streamlit would take a press that comes late, while the film before
    is still on the screen, for one of the film that is being drawn. Under a key of its own it does
    what it did when it was drawn: so what is done must know whether that still holds, and get no
    film, which would be held for as long as the session, but its digest.
    """
    return f"{control}--{named(*shown)}"


def named(*shown: object) -> str:
    """Return what the viewer is to tell that it shows, for keys to be given to its controls."""
    return "_".join(map(str, shown))


def followed(
    widget: Callable[..., Any],
    label: str,
    options: Iterable[Any],
    place: str,
    control: str,
    *shown: object,
    on_choice: Callable[..., None] | None = None,
    args: Iterable[Any] = (),
    **more: Any,
) -> Any:
    """Ask for what stands at `place` of the session and is also changed otherwise; return it.

    With whatever it asks for a browser tells what all of its controls stand at, also of those that
    the page has gone on from: what stood there before would come back as a choice. So the key of
    this one, `key_for` the `control` and what is `shown`, ends in how often that changed.
    """
    stands = st.session_state.get(place)
    key = key_for(control, *shown, times_changed(place, stands))
    st.session_state[key] = stands
    more |= {"on_change": _choose, "args": [place, key, stands, on_choice, tuple(args)]}
    widget(label, options, key=key, **more)
    return stands


def times_changed(place: str, stands: Any) -> int:
    """Return how often what stands at `place` has changed, for the key of what asks for it.

    Under the key of before, a choice that was made once would pass for one that is told again.
    """
    changes = st.session_state.setdefault(_CHANGES, {})
    stood, times = changes.get(place, (stands, 0))
    changes[place] = stands, times + (stood != stands)
    return changes[place][1]


def _choose(place, key, stood, on_choice, args):
    chosen = st.session_state.get(key)
    if not is_choice(key, chosen, stood, st.session_state.get(place)):
        return
    st.session_state[place] = chosen
    if on_choice is not None:
        on_choice(*args)


def is_choice(key: str, chosen: Any, stood: Any, stands: Any) -> bool:
    """Return whether what a control tells is a choice, and note it; not what it told before.

    `stood` is what it was drawn with, `stands` what it is about now. What was acted on already
    comes again; another choice of the same control is one. Of the latest few controls: a browser
    tells again what it had told just before.
    """
    told = st.session_state.setdefault(_TOLD, {})
    if chosen == told.get(key, stood) or (key not in told and stands != stood):
        return False
    for old in [other for other in told if other != key][:-_TOLD_AT_MOST]:
        del told[old]
    told[key] = chosen
    return True


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
    for entry in [entry for entry in noted if entry[0][0] == kind]:
        # One by one: another may be noted meanwhile.
        noted.remove(entry)
        place, key = entry
        keys.setdefault(place, set()).add(key)
    return keys
