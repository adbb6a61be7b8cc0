"""Choices that go along from page to page and stand in the URL, so that a view can be sent.

Streamlit's own binding of widgets to the URL forgets them when a page is left by a link and forbids
to open another page from code; this does neither. Where the browser goes back or on, the address it
comes to is followed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def one(
    widget: Callable[..., Any],
    label: str,
    options: Iterable[Any],
    key: str,
    *,
    default=None,
    **more,
) -> Any:
    """Show a widget that chooses one of `options`; return the choice.

    `widget` is a ``selectbox`` or ``segmented_control`` of the page or of a column. `default` is
    the first option where it is not given or not among them.
    """
    _follow(key)
    options = list(options)
    if default not in options:
        default = options[0]
    value = st.session_state.get(key)
    if value not in options:
        named = {str(option): option for option in options}
        wanted = _wanted(key)
        value = named.get(wanted[0], default) if wanted else default
    # Set even where nothing changes: else it goes with the page on which it was chosen.
    st.session_state[key] = value
    chosen = widget(label, options, key=key, **more)
    _keep(key, [] if chosen == default else [str(chosen)], [str(chosen)])
    return chosen


def several(
    widget: Callable[..., Any], label: str, options: Iterable[Any], key: str, *, default=(), **more
) -> tuple:
    """Show a widget that chooses any of `options` (``multiselect``, ``pills``); return them."""
    _follow(key)
    options = list(options)
    named = {str(option): option for option in options}
    if key in st.session_state:
        # What the other choices no longer offer goes.
        values = [option for option in st.session_state[key] if option in options]
    else:
        values = [named[name] for name in _wanted(key) if name in named] or list(default)
    st.session_state[key] = values
    chosen = widget(label, options, key=key, **more)
    names = [str(option) for option in chosen]
    _keep(key, [] if set(chosen) == set(default) else names, names)
    return tuple(chosen)


def tabs(labels: Mapping[str, str], key: str) -> dict[str, Any]:
    """Show tabs; return each by its short name, with ``open``: only that one need be computed.

    `labels` are what is read on them, by the short name that stands in the address.
    """
    _follow(key)
    first = next(iter(labels))
    value = st.session_state.get(key, "")
    value = labels.get(value, value)
    if value not in labels.values():
        wanted = _wanted(key)
        value = labels.get(wanted[0] if wanted else first, labels[first])
    st.session_state[key] = value
    made = st.tabs(list(labels.values()), key=key, on_change="rerun")
    at = next(name for name, label in labels.items() if label == st.session_state[key])
    _keep(key, [] if at == first else [at], [at])
    return dict(zip(labels, made, strict=True))


def choose(key: str, value: Any) -> None:
    """Set the choice of a widget that is shown further below."""
    st.session_state[key] = value


def turn_to(key: str, value: str | None) -> None:
    """Set what no widget chooses, such as the film that is open, here and in the address.

    None takes it away.
    """
    if value is None:
        _note_silence(key)
        st.session_state.pop(key, None)
        st.session_state.pop(_place(key), None)  # where the browser has gone back or on to it
        st.query_params.pop(key, None)
    else:
        st.session_state[key] = value
        if st.query_params.get(key) != value:
            st.query_params[key] = value


def chosen(key: str) -> Any:
    """Return what a widget that is shown further below stands at; None where nothing was chosen.

    Not checked: from an address it is text, and may be none of the options.
    """
    _follow(key)
    if key in st.session_state:
        return st.session_state[key]
    wanted = _wanted(key)
    return wanted[0] if wanted else None


def standing(*keys: str) -> dict[str, list[str]]:
    """Return what `keys` were chosen to be in this session, for a link to a page that shows them.

    Else that page would say so in an address of its own, behind which the one of the link stays.
    """
    return {key: names for key in keys if (names := st.session_state.get(_place(key)))}


def open_read() -> NoReturn:
    """Turn to Read from code.

    It goes along with this page's address: Streamlit takes that away before it turns, and the
    browser's way back would then lead to an address that nobody has chosen.
    """
    here = {key: st.query_params.get_all(key) for key in st.query_params}
    st.switch_page("reading/page.py", query_params=here)


def remember(key: str) -> None:
    """Keep what the address asks for, for pages that do not show the widget which chooses it.

    Going back in the browser does not undo such a choice: it is made for all pages.
    """
    st.session_state[_silent_on(key)] = None
    if wanted := st.query_params.get_all(key):
        st.session_state[_place(key)] = wanted


def _wanted(key):
    """Return what the URL asks for; without it, what was chosen on another page."""
    return st.query_params.get_all(key) or st.session_state.get(_place(key), [])


def _follow(key):
    """Have the address choose where the browser has gone back or on to it, or come by a link to it.

    Where it says nothing it does so only if that stood for a choice on this page, and not after a
    link: the menu's have such an address, too, before what was chosen elsewhere stands in it.
    """
    pages = st.session_state.get(_silent_on(key), frozenset())
    address = st.query_params.get_all(key)
    is_new_here = st.session_state.get(_followed_on(key)) != _page()
    st.session_state[_followed_on(key)] = _page()
    if pages is None:
        return
    if (is_new_here and address) or (_goes_through_history() and (address or _page() in pages)):
        st.session_state.pop(key, None)
        st.session_state[_place(key)] = address


def _goes_through_history() -> bool:
    """Return whether this run is because the browser went back or on."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _page():
    context = get_script_run_ctx()
    return context.page_script_hash if context else ""


def _note_silence(key):
    """Note that an address which says nothing stands for the choice on this page."""
    pages = st.session_state.get(_silent_on(key), frozenset())
    if pages is not None:
        st.session_state[_silent_on(key)] = pages | {_page()}


def _silent_on(key):
    """Return where the pages are kept that `_note_silence` noted; None: no address is followed."""
    return f"silent {key}"


def _followed_on(key):
    """Return where the page is kept on which the address was last asked for `key`."""
    return f"page {key}"


def _keep(key, in_url, kept):
    if not in_url:
        _note_silence(key)
    st.session_state[_place(key)] = kept
    # A link may name a first choice, too. An address that is written anew is one more to go back.
    if st.query_params.get_all(key) not in (in_url, kept):
        if in_url:
            st.query_params[key] = in_url
        else:
            st.query_params.pop(key, None)


def _place(key):
    return f"kept {key}"
