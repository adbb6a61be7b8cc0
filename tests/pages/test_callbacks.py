"""What a reader asks is done, whatever she asks while it is being done."""

import asyncio
import inspect
import textwrap
import threading

import pytest
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import RerunData
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.testing.v1 import AppTest

from pages import callbacks
from tests.support.asking import asking
from tests.support.teaching_pages import press

BEGUN = inspect.unwrap(SafeSessionState.on_script_will_rerun)
"""As Streamlit has it."""


@pytest.fixture(autouse=True)
def streamlit_s_own(monkeypatch):
    """Undo after each test what it changed of Streamlit."""
    monkeypatch.setattr(SafeSessionState, "on_script_will_rerun", BEGUN)
    for name in ("request_rerun", "_create_scriptrunner"):
        monkeypatch.setattr(AppSession, name, inspect.unwrap(getattr(AppSession, name)))


@pytest.fixture(params=["before", "during"])
def comes(request, monkeypatch):
    """When the next request comes: just before a callback, or while it is at work."""

    def followed(state, told, **more):
        if request.param == "before" and any(widget.trigger_value for widget in told.widgets):
            state._yield_callback.__self__._requests.request_rerun(RerunData())
        return BEGUN(state, told, **more)

    monkeypatch.setattr(SafeSessionState, "on_script_will_rerun", followed)
    return request.param


def page():
    import streamlit as st
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    def press():
        if st.session_state["during"]:
            get_script_run_ctx().script_requests.request_rerun(RerunData())
        st.toast("At work")
        st.session_state["last"] = True

    st.button("Press", key="press", on_click=press)
    st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1


def pressed(comes):
    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["during"] = comes == "during"
    app.run()
    press(app, "press")
    return app.session_state


def test_a_callback_is_run_to_its_end(comes):
    callbacks.keep_whole()
    callbacks.keep_whole()  # for a server that is begun in the same process
    left = pressed(comes)
    assert "last" in left
    # The next request was heard, before the page was drawn for the first one.
    assert left["drawn"] == 2


def test_streamlit_itself_cuts_it_off(comes):
    """Where it does no longer, `pages/callbacks.py` can go."""
    assert "last" not in pressed(comes)


BUSY = """
    import time
    import streamlit as st

    def press(key):
        done = st.session_state["done"]
        done.append(key)
        if key == "bug":
            raise ValueError(key)
        time.sleep(0.03)
        done.append(key)

    for key in [*"abc", "bug"]:
        st.button(key, key=key, on_click=press, args=[key])

    @st.fragment
    def part():
        st.button("Part", key="part", on_click=press, args=["part"])

    part()
    while not st.session_state["may_end"].wait(0.005):
        st.session_state["looked_for_what_is_asked"] = True
"""


@pytest.fixture
def asked(tmp_path):
    """Ask `ask` of a page that is busy until nothing is left to ask; return what it did."""
    callbacks.keep_whole()
    script = tmp_path / "busy.py"
    script.write_text(textwrap.dedent(BUSY))
    done, may_end = [], threading.Event()
    may_end.set()

    async def all_of(ask):
        async with asking(script, done=done, may_end=may_end) as browser:
            may_end.clear()
            await ask(browser)
            may_end.set()
        return done

    return lambda ask: asyncio.run(all_of(ask))


def twice(keys):
    return [key for key in keys for _ in "12"]


def test_one_callback_is_through_before_the_next_begins(asked):
    async def ask(browser):
        for key in "abcab":
            browser.press(key)

    assert asked(ask) == twice("abcab")


def test_callbacks_that_come_while_one_is_at_work_wait_for_it_in_order(asked):
    async def ask(browser):
        for key in "abcab":
            browser.press(key)
            await asyncio.sleep(0.01)

    assert asked(ask) == twice("abcab")


def test_a_click_in_a_part_is_not_forgotten_where_the_page_is_ended_by_the_next(asked):
    async def ask(browser):
        (part,) = browser.parts()
        browser.press("a")
        await asyncio.sleep(0.1)
        browser.press("part", part=part)
        await asyncio.sleep(0.02)
        browser.press("b")

    assert asked(ask) == twice(["a", "part", "b"])


def test_a_click_in_a_part_that_was_drawn_anew_meanwhile_is_one_on_the_page(asked):
    async def ask(browser):
        browser.press("part", part="gone")

    assert asked(ask) == twice(["part"])


@pytest.fixture
def may_begin(monkeypatch):
    """Say when a page is begun that was asked for."""
    may_begin, ready = threading.Event(), ScriptRequests.on_scriptrunner_ready
    may_begin.set()

    def ready_later(requests):
        assert may_begin.wait(30)
        return ready(requests)

    monkeypatch.setattr(ScriptRequests, "on_scriptrunner_ready", ready_later)
    return may_begin


def test_what_comes_after_a_callback_that_fails_is_done_with_it(asked, may_begin):
    async def ask(browser):
        may_begin.clear()
        browser.press("bug")
        browser.press("a")
        may_begin.set()

    assert asked(ask) == ["bug", *twice("a")]


def test_a_click_in_a_part_before_the_page_is_begun_lets_none_be_done_twice(asked, may_begin):
    async def ask(browser):
        (part,) = browser.parts()
        may_begin.clear()
        browser.press("a")
        browser.press("part", part=part)
        may_begin.set()
        await asyncio.sleep(0.1)
        browser.press("b")

    assert asked(ask) == twice(["a", "part", "b"])


def test_what_a_stopped_page_was_asked_is_not_asked_later(asked):
    async def ask(browser):
        browser.press("a")
        await asyncio.sleep(0.1)
        browser.press("part", part=browser.parts()[0])
        browser.session.request_script_stop()
        await browser.drawn()
        browser.press("b")

    assert asked(ask) == twice("ab")


def failing():
    import streamlit as st

    def press():
        st.session_state["pressed"] = st.session_state.get("pressed", 0) + 1
        if st.session_state["pressed"] == 1:
            raise ValueError("a bug")
        if st.session_state["pressed"] == 2:
            st.rerun()

    st.button("Press", key="press", on_click=press)
    st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1


def test_after_a_callback_that_fails_or_asks_to_run_anew_the_page_goes_on():
    callbacks.keep_whole()
    app = AppTest.from_function(failing, default_timeout=60).run()
    app.button(key="press").click().run()
    assert app.exception
    app.run()
    press(app, "press")
    press(app, "press")
    assert (app.session_state["pressed"], app.session_state["drawn"]) == (3, 4)
