"""The button that sends reports to the archive: pressed once, twice, late, and while cut off."""

import time

from streamlit.testing.v1 import AppTest

SECONDS = 60


def texts(app):
    return " ".join(caption.value for caption in app.caption)


def test_reports_are_sent_by_a_button(configured):
    def page():
        from pages.shared.pacs import sending
        from tests.support.archive import report

        sending.offer(lambda: [report("1.2.6.1")], about="case 3")

    app = AppTest.from_function(page, default_timeout=SECONDS).run()
    assert [one.label for one in app.button] == ["Send to PACS"]
    app.button[0].click().run()
    assert not app.exception
    assert "1 report on the way" in app.success[0].value
    wait_for(lambda: configured.came[-1:] == ["1.2.6.1"])


def test_a_second_press_on_the_button_sends_nothing(configured):
    def page():
        import streamlit as st

        from pages.shared.pacs import sending
        from tests.support.archive import report

        made = st.session_state.setdefault("made", [])

        def make():
            made.append(1)
            return [report(f"1.2.7.{len(made)}")]

        sending.offer(make, content=st.session_state.get("said", "KL 2"))

    app = AppTest.from_function(page, default_timeout=SECONDS).run()
    first = app.button[0]
    first.click().run()
    assert not app.exception
    first.click().run()  # of a double click
    assert not app.exception
    assert app.session_state["made"] == [1]
    assert [one.label for one in app.button] == ["Send again to PACS"]
    assert "was given to be sent" in texts(app)
    app.session_state["said"] = "KL 3"
    assert [one.label for one in app.run().button] == ["Send to PACS"]


def test_a_press_is_not_lost_where_the_page_is_cut_off_and_not_acted_on_later(configured):
    def page():
        import streamlit as st
        from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

        from pages.shared.pacs import sending
        from tests.support.archive import report

        if st.session_state.get("cut_off"):
            st.session_state["cut_off"] = False
            get_script_run_ctx().script_requests.request_rerun(RerunData())
        if st.session_state.get("elsewhere"):
            st.stop()
        sending.offer(lambda: [report("1.2.9.1")], content="KL 2")

    app = AppTest.from_function(page, default_timeout=SECONDS).run()
    app.session_state["cut_off"] = True
    app.button[0].click().run()
    assert "1 report on the way" in app.success[0].value
    app.session_state["elsewhere"] = True
    app.button[0].click().run()
    key, at = app.session_state["report_to_send"]
    app.session_state["report_to_send"] = key, at - 60
    app.session_state["elsewhere"] = False
    assert not app.run().success
    assert [one.label for one in app.button] == ["Send again to PACS"]


def wait_for(is_so):
    last = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < last
        time.sleep(0.05)
