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


def test_a_press_is_acted_on_at_once_wherever_the_page_goes_on_to(configured):
    def page():
        import streamlit as st

        from pages.shared.pacs import sending
        from tests.support.archive import report

        if st.session_state.get("elsewhere"):
            sending.tell(elsewhere=True)
            st.stop()
        sending.offer(lambda: [report("1.2.9.1")], content="KL 2")

    app = AppTest.from_function(page, default_timeout=SECONDS).run()
    app.session_state["elsewhere"] = True
    app.button[0].click().run()
    assert "1 report on the way" in app.toast[0].value
    wait_for(lambda: configured.came[-1:] == ["1.2.9.1"])
    app.session_state["elsewhere"] = False
    assert not app.run().success
    assert [one.label for one in app.button] == ["Send again to PACS"]


def test_a_report_that_cannot_be_made_is_said_not_to_be_sent(configured):
    def page():
        import streamlit as st

        from kneeoa.errors import KneeOAError
        from pages.shared.pacs import sending

        def make():
            raise KneeOAError("Expected a film with *its* study.")

        if st.session_state.get("elsewhere"):
            sending.tell(elsewhere=True)
            st.stop()
        sending.offer(make, about="case 3", content="KL 2")

    app = AppTest.from_function(page, default_timeout=SECONDS).run()
    app.button[0].click().run()
    said = "Nothing was sent (case 3). Expected a film with *its* study."
    assert app.error[0].value.replace("\\", "") == said
    assert not app.run().error
    app.session_state["elsewhere"] = True
    app.button[0].click().run()
    assert app.toast[0].value.replace("\\", "") == said


def wait_for(is_so):
    last = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < last
        time.sleep(0.05)
