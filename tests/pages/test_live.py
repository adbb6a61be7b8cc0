"""Parts that look again by themselves: they begin last, and stand where they were asked for.

Streamlit drops the end of a run where such a part asks to be run again just as the run ends.
"""

from datetime import UTC, datetime

import pytest
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.testing.v1 import AppTest

from kneeoa.films.phantom import DEMO_NAMES, demo_film
from kneeoa.store import group as store
from kneeoa.teaching.exam import draw_exam
from kneeoa.teaching.films import synthetic_set
from tests.support import case_pages, practice_pages
from tests.support.teaching_pages import class_store, opened, signed_in, submit

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def sent(monkeypatch):
    """Return what goes to the browser in its order: labels of buttons, and requests to ask."""
    order = []
    enqueue = ScriptRunContext.enqueue

    def noted(self, message):
        if message.HasField("auto_rerun"):
            order.append("asks again")
        elif message.HasField("delta") and message.delta.new_element.HasField("button"):
            order.append(message.delta.new_element.button.label)
        enqueue(self, message)

    monkeypatch.setattr(ScriptRunContext, "enqueue", noted)
    return order


@pytest.fixture
def group(tmp_path, monkeypatch):
    with class_store(tmp_path, monkeypatch) as db:
        films = draw_exam(synthetic_set().films.values(), 5, seed=0)
        group = store.open_group(db, films, NOW)
        yield store.change_group(db, group, position=0)


def page():
    import streamlit as st

    from pages.shared import live

    def show(words):
        st.markdown(words)

    with live.begun_last():
        st.markdown("above")
        live.every(1.0, show, "looked")
        st.button("below")
        st.markdown("last")


def test_a_part_begins_after_all_else_and_stands_where_it_was_asked_for(sent):
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert sent == ["below", "asks again"]
    assert [block.value for block in app.markdown] == ["above", "looked", "last"]


def page_that_fails():
    import streamlit as st

    from pages.shared import live

    with live.begun_last():
        live.every(1.0, lambda: st.markdown("looked"))
        raise MemoryError("no room")


def test_a_page_that_fails_looks_again_all_the_same(sent):
    app = AppTest.from_function(page_that_fails).run()
    assert len(app.exception) == 1
    assert sent == ["asks again"]


def page_of_a_fragment():
    import streamlit as st

    from pages.shared import live

    @st.fragment
    def part():
        live.every(1.0, lambda: st.markdown("looked"))
        st.button("beside it")

    with live.begun_last():
        part()
        st.button("below")


def test_inside_a_fragment_a_part_goes_with_it(sent):
    app = AppTest.from_function(page_of_a_fragment).run()
    assert not app.exception
    assert sent == ["asks again", "beside it", "below"]


def test_a_learner_has_all_grades_before_her_page_asks_how_it_stands(group, sent):
    app = opened("join", code=group.code)
    app.text_input(key="nickname").set_value("Anna")
    del sent[:]
    submit(app)
    assert [label[:8] for label in sent[-6:-1]] == [f"**KL {grade}**" for grade in range(5)]
    assert sent[-1] == "asks again"


def test_a_teachers_page_stands_before_it_asks(group, sent):
    signed_in(session=group.code)
    assert sent[-1] == "asks again"
    assert sent.index("Close the votes") < sent.index("asks again")


def test_a_practice_session_stands_before_its_clock_asks(tmp_path, monkeypatch, sent):
    monkeypatch.setenv("KNEEOA_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    practice_pages.begin(practice_pages.opened(), limit=30)
    assert sent[-1] == "asks again"
    assert sent.index("Confirm") < sent.index("asks again")


def test_the_reading_page_stands_before_its_strip_asks(tmp_path, monkeypatch, sent):
    with case_pages.case_store(tmp_path, monkeypatch):
        app = case_pages.started()
        films = [(name, demo_film(name), "image/png") for name in DEMO_NAMES[:3]]
        app.file_uploader[0].set_value(films).run()
        del sent[:]
        case_pages.sign_in(app)
    assert "Save this case" in sent[: sent.index("asks again")]
