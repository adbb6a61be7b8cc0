"""What a reader asks is done, whatever she asks while it is being done."""

import inspect

import pytest
from streamlit.runtime.scriptrunner import RerunData
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.testing.v1 import AppTest

from pages import callbacks
from tests.support.teaching_pages import press

BEGUN = inspect.unwrap(SafeSessionState.on_script_will_rerun)
"""As Streamlit has it."""


@pytest.fixture(params=["before", "during"], autouse=True)
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
