"""Buttons with one word and pictures say which one they are to who hears the page."""

import ast
import re
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.store import group as store
from kneeoa.teaching.exam import draw_exam
from kneeoa.teaching.films import synthetic_set
from pages.shared.boundary import told_apart
from tests.support.places import ROOT
from tests.support.teaching_pages import class_store, signed_in

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def db(tmp_path, monkeypatch):
    with class_store(tmp_path, monkeypatch) as engine:
        yield engine


def labels(app, kind, key):
    assert not app.exception
    shown = (one.proto for one in app.get(kind))
    return [proto.label for proto in shown if key in proto.id]


def assert_apart(names, word):
    assert len(names) > 1
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"{word} *") for name in names)


def test_what_is_read_out_alone_is_no_markup_of_its_own():
    assert told_apart("Frame", "of *a*.png") == "Frame *of \\*a\\*\\.png*"


def test_the_buttons_of_each_session_say_of_which_one_they_are(db):
    for seed in range(2):
        store.open_group(db, draw_exam(synthetic_set().films.values(), 5, seed=seed), NOW)
    app = signed_in()
    assert_apart(labels(app, "button", "go_"), "Go on")


def test_the_code_to_join_by_has_its_address_in_words(db):
    group = store.open_group(db, draw_exam(synthetic_set().films.values(), 5, seed=0), NOW)
    (picture,) = signed_in(session=group.code).get("image")
    assert picture.proto.imgs[0].alt.startswith("QR code of ")
    assert group.code in picture.proto.imgs[0].alt


def two_tables():
    import pandas as pd

    from pages.shared import table_view

    for name in ("first_table", "second_table"):
        table_view.show_table(pd.DataFrame({"grade": [0]}), name, "print(table)")


def test_the_buttons_of_each_table_say_of_which_one_they_are():
    app = AppTest.from_function(two_tables).run()
    assert_apart(labels(app, "download_button", "csv_"), "CSV")
    assert "first table" in labels(app, "download_button", "csv_")[0]


def buttons():
    """Each button of the pages whose label stands in the code: where, label, whether primary."""
    for path in sorted((ROOT / "pages").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(call, "func", None), "attr", "")
            if name in ("button", "form_submit_button") and call.args:
                label = getattr(call.args[0], "value", "")
                given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
                if isinstance(label, str):
                    yield f"{path.name}:{call.lineno}", label, "primary" in given.get("type", "")


def test_what_takes_away_for_good_is_red_and_not_in_the_colour_of_what_leads_on():
    known = list(buttons())
    assert len(known) > 10
    taking = re.compile(r"(Delete|Remove|Discard) now|Leave and|End the|Sign out \w")
    wrong = [
        f"{where}: {label}"
        for where, label, is_primary in known
        if taking.search(label) and (is_primary or not label.startswith(":red["))
    ]
    assert wrong == []
