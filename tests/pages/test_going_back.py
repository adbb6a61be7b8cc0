"""The browser's own way back: the address that it comes to is followed, not written over."""

import pytest
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.testing.v1 import AppTest

from pages.shared import kept, session_films
from tests.support.case_pages import (
    arrived,
    case_store,
)
from tests.support.practice_pages import begin, opened
from tests.support.teaching_pages import called, press


def page():
    import streamlit as st

    from pages.shared import kept

    kept.remember("when")
    film = kept.chosen("film")
    st.text(film)
    kept.turn_to("film", film)
    st.text(kept.tabs({"one": "First", "two": "Second"}, "part")["two"].open)
    st.text(kept.one(st.selectbox, "View", ["saved", "session"], "view"))
    st.text(kept.several(st.multiselect, "Grades", [0, 1, 2], "grades"))
    st.text(kept.one(st.selectbox, "When", ["at once", "after"], "when"))
    st.button("Open", on_click=kept.turn_to, args=["film", "a.png"])
    st.button("Close", on_click=kept.turn_to, args=["film", None])


@pytest.fixture
def app():
    shown = AppTest.from_function(page).run()
    assert not shown.exception
    return shown


@pytest.fixture
def go_back(monkeypatch):
    def gone(app, address):
        app.query_params.clear()
        for name, value in address.items():
            app.query_params[name] = value
        with monkeypatch.context() as patch:
            patch.setattr(kept, "_goes_through_history", lambda: True)
            app.run()
        assert not app.exception
        return app

    return gone


def shown(app):
    return [text.value for text in app.text]


def address(app):
    return dict(app.query_params)


AT_FIRST = ["None", "False", "saved", "()", "at once"]


def test_the_way_back_goes_through_what_was_chosen(app, go_back):
    assert shown(app) == AT_FIRST
    app.selectbox(key="view").select("session").run()
    app.multiselect(key="grades").select(1).run()
    app.button[0].click().run()
    everything = {"view": "session", "grades": "1", "film": "a.png"}
    assert address(app) == everything
    go_back(app, {"view": "session", "grades": "1"})
    assert shown(app) == ["None", "False", "session", "(1,)", "at once"]
    go_back(app, {"view": "session"})
    assert shown(app) == ["None", "False", "session", "()", "at once"]
    go_back(app, {})
    assert shown(app) == AT_FIRST
    assert address(app) == {}
    assert shown(go_back(app, {"part": "two"}))[1] == "True"
    assert shown(go_back(app, everything)) == ["a.png", "False", "session", "(1,)", "at once"]


def test_what_the_browser_came_back_to_can_be_closed(app, go_back):
    app.button[0].click().run()
    go_back(app, {})
    assert shown(go_back(app, {"film": "a.png"}))[0] == "a.png"
    assert shown(app.button[1].click().run())[0] == "None"
    assert address(app) == {}


def test_the_way_back_leads_out_of_a_result_of_practice_and_to_it_again(
    tmp_path, monkeypatch, go_back
):
    monkeypatch.setenv("KNEEOA_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    app = begin(opened(), feedback="end")
    for key in ("grade_2", "on", "stop"):
        press(app, key)
    # As a browser puts it: one value of each.
    code, result = (app.query_params[name][0] for name in ("learner", "result"))
    begun = {"learner": code}
    assert go_back(app, begun).title[0].value == "Practise KL grading"
    assert go_back(app, begun | {"result": result}).title[0].value == "Your result"
    assert press(app, "again").title[0].value == "Practise KL grading"
    assert "result" not in app.query_params


def test_a_run_that_goes_nowhere_keeps_what_was_chosen(app):
    app.selectbox(key="view").select("session").run()
    app.query_params.clear()  # as of a browser that has not heard of the new address yet
    assert shown(app.run())[2] == "session"
    assert address(app) == {"view": "session"}


def test_an_address_that_never_stood_for_a_choice_takes_none_away(go_back):
    app = AppTest.from_function(page)
    app.query_params["view"] = "session"
    assert shown(app.run())[2] == "session"
    assert shown(go_back(app, {}))[2] == "session"
    assert address(app) == {"view": "session"}


def test_what_is_chosen_for_all_pages_is_not_undone(app, go_back):
    app.selectbox(key="when").select("after").run()
    assert shown(go_back(app, {}))[-1] == "after"
    assert address(app) == {"when": "after"}


@pytest.mark.parametrize("view", ["session", "agreement"])
def test_the_way_back_from_a_film_leads_to_the_view_it_was_opened_from(tmp_path, monkeypatch, view):
    with case_store(tmp_path, monkeypatch):
        app = press(arrived(), "own_1")
        app.switch_page("cases/page.py").run()
        app.segmented_control(key="view").set_value(view).run()
        (digest,) = app.session_state["films"]
        sent = []
        enqueue = ScriptRunContext.enqueue

        def noted(self, message):
            if message.HasField("page_info_changed"):
                sent.append(message.page_info_changed.query_string)
            enqueue(self, message)

        monkeypatch.setattr(ScriptRunContext, "enqueue", noted)
        app.session_state["open_film"] = f"{digest}.0"
        app.run()
        assert any(called(button) == "own_1" for button in app.button)
        # The browser puts each address that it is told of into its history.
        assert set(sent) == {f"view={view}"}


def test_a_film_is_opened_though_she_does_something_else_on_the_way(tmp_path, monkeypatch):
    forget, left = session_films.forget_refusals, [True]

    def cut_off(**options):
        forget(**options)
        if left and left.pop():
            here = get_script_run_ctx()
            here.script_requests.request_rerun(RerunData(page_script_hash=here.page_script_hash))

    with case_store(tmp_path, monkeypatch):
        app = press(arrived(), "own_1")
        app.switch_page("cases/page.py").run()
        monkeypatch.setattr(session_films, "forget_refusals", cut_off)
        (digest,) = app.session_state["films"]
        app.session_state["open_film"] = f"{digest}.0"
        app.run()
        assert not left
        assert any(called(button) == "own_1" for button in app.button)
        # It is opened once.
        app.switch_page("cases/page.py").run()
        assert not any(called(button) == "own_1" for button in app.button)
