"""An answer that stood in a list was in sight, on another day as well; it can still wait."""

import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.films import phantom
from kneeoa.graders import track_record
from kneeoa.store.cases import keeping, settings
from tests.support.case_pages import (
    at_list,
    listed,
    opened,
    read_and_saved,
    sign_in,
    started,
    upload,
)
from tests.support.places import MAIN_SCRIPT
from tests.support.teaching_pages import html, press

pytestmark = pytest.mark.usefixtures("kept")
AFTER_YOURS = "after yours"


@pytest.fixture
def case(db):
    """A case whose answer one reader has read in the list, and nowhere else."""
    read_and_saved("ab")
    (row,) = listed(at_list("cd"))
    assert "KL" in row["cells"]["answer"]
    return keeping.cases(db)[0]


def on_another_day(case, reader):
    """A session that is new, in which answers wait for hers, with its list."""
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120)
    app.query_params["reveal"] = "after"
    sign_in(app.run().switch_page("cases/page.py").run(), reader)
    (row,) = listed(app)
    assert row["cells"]["answer"] == AFTER_YOURS
    opened(app, case.case_id)
    assert "Show the networks' answer" in {button.label for button in app.button}
    press(app, "own_2")
    press(app, "own_commit")
    return app


def test_a_grade_after_that_is_no_free_one(case, db):
    app = on_another_day(case, "cd")
    own = keeping.get(db, case.case_id, "CD").own(0)
    assert (own.grade, own.committed, own.passed) == (2, None, False)
    assert own.seen_at < own.given_at
    assert "before the networks" not in html(app)


def test_that_of_another_reader_is(case, db):
    app = on_another_day(case, "ef")
    assert keeping.get(db, case.case_id, "EF").own(0).committed == 2
    assert "before the networks" in html(app)


def test_nothing_more_is_written_for_what_was_noted(case, db, monkeypatch):
    before = keeping.get(db, case.case_id, "CD").own(0)
    listed(at_list("cd"))
    assert keeping.get(db, case.case_id, "CD").own(0) == before


@pytest.mark.parametrize("is_picked", [True, False])
def test_drawn_films_are_no_part_of_her_agreement(kept, monkeypatch, is_picked):
    app, name = started(), phantom.DEMO_NAMES[0]
    if is_picked:
        app.button_group(key="demo_0").set_value(name).run()
    else:  # as `python -m kneeoa demo` writes it, under whatever name
        upload(app, "film.png", phantom.demo_film(name))
    assert track_record.DRAWN in html(app)
    press(app, "own_2")
    press(sign_in(app, "ab"), "save_case")
    assert agreement_in(app) == "Left out: 1 knee of synthetic demo films."
    monkeypatch.delenv(settings.KEY)
    assert agreement_in(app) == "Left out: 1 knee of synthetic demo films."


def test_knees_that_are_not_in_the_figures_are_counted_with_the_reason(kept, monkeypatch):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120)
    app.query_params["reveal"] = "after"
    app = upload(app.run())
    press(app, "own_2")
    press(sign_in(app, "ab"), "save_case")
    waits = (
        "Not compared with the networks: 1 knee of which you have seen no answer of theirs, "
        "because it waits or they gave none."
    )
    assert agreement_in(app) == waits
    upload(app.switch_page("reading/page.py").run(), "two.png", phantom.knee_png(1, seed=5))
    press(app, "own_2")
    agreement_shown(app)
    unsaved = "Not counted: 1 knee that you graded and did not save."
    assert [caption.value for caption in app.caption] == [unsaved, waits]
    # Who saves no cases has those of the session, and all of them are counted.
    monkeypatch.delenv(settings.KEY)
    assert "Not counted" not in [caption.value[:11] for caption in app.run().caption]


def agreement_shown(app):
    app.switch_page("cases/page.py").run()
    app.segmented_control(key="view").set_value("agreement").run()


def agreement_in(app):
    agreement_shown(app)
    assert not [frame.value for frame in app.dataframe]
    assert not app.info
    (left_out,) = app.caption
    return left_out.value
