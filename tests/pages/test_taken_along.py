"""Tables that are taken along as CSV have the words and numbers that are shown."""

from io import StringIO

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.spreadsheet import csv_text
from pages.shared import table_view
from tests.support.graded_films import lay


@pytest.fixture
def taken_along(monkeypatch):
    """Return the CSV that download buttons were given."""
    texts = []

    def noted(table):
        texts.append(csv_text(table))
        return texts[-1]

    monkeypatch.setattr(table_view, "csv_text", noted)
    return texts


def agreement(knees):
    import numpy as np
    import pandas as pd

    from kneeoa.store.cases.agreement import COLUMNS, comparisons
    from pages.cases.agreement import table_view_of

    grades = np.arange(knees) % 5
    graded = pd.DataFrame({"knee": [f"film {number}" for number in range(knees)]})
    graded["patient"] = graded["knee"]
    graded["given_at"] = pd.Timestamp("2030-01-01", tz="UTC")
    graded["committed"] = graded["grade"] = grades
    graded["networks"] = graded["low"] = graded["high"] = np.where(grades == 4, 3, grades)
    graded["reference"] = pd.array([None] * knees, dtype="Int64")
    graded["profile"] = ""
    table_view_of(comparisons(graded[list(COLUMNS)]))


def reference_of(grade):
    import pandas as pd

    from pages.cases.agreement import say_learnt

    say_learnt(pd.DataFrame({"reference": pd.array([grade], dtype="Int64")}))


@pytest.mark.parametrize(
    ("place", "grade"), [("0/1L.png", 2), ("0/1L.png", None), ("val/0/1L.png", 2)]
)
def test_figures_on_films_that_the_networks_may_have_learnt_are_marked(
    tmp_path, monkeypatch, place, grade
):
    monkeypatch.setenv("KNEEOA_DATASET", str(lay(tmp_path, place)))
    app = AppTest.from_function(reference_of, args=(grade,)).run()
    assert not app.exception
    told = ["agree with the reference too well" in one.value for one in app.caption]
    assert told == [True] * (grade is not None and not place.startswith("val"))


HEADINGS = [
    "Compared with",
    "Knees",
    "Weighted kappa",
    "95% interval",
    "Same grade",
    "At most one apart",
    "In their range",
]


@pytest.mark.parametrize(("knees", "headings"), [(40, HEADINGS), (3, [*HEADINGS, "Note"])])
def test_agreement_is_taken_along_as_it_is_shown(taken_along, knees, headings):
    app = AppTest.from_function(agreement, args=(knees,), default_timeout=60).run()
    assert not app.exception
    shown, taken = app.dataframe[0].value, pd.read_csv(StringIO(taken_along[-1]))
    assert list(shown) == list(taken) == headings
    kappa = shown["Weighted kappa"].iloc[0]
    if knees == 40:
        assert taken["Weighted kappa"].iloc[0] == round(kappa, 2) != kappa
    else:
        assert taken["Note"].iloc[0] == "3 of at least 10 knees so far."
        assert taken["Weighted kappa"].isna().all()


def reports():
    from datetime import UTC, datetime
    from types import SimpleNamespace

    from pages.cases.pacs_outbox import _show_sent

    sent_at = datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    entry = SimpleNamespace(sent_at=sent_at, kind="Report", about="=case 7", server="archive")
    _show_sent([entry])


def test_the_list_of_reports_in_an_archive_can_be_taken_along(taken_along):
    app = AppTest.from_function(reports, default_timeout=60).run()
    assert not app.exception
    assert len(app.get("download_button")) == 1
    assert taken_along == [
        "Sent (UTC),Kind,Of,Archive\n2030-01-02 03:04:05,Report,'=case 7,archive\n"
    ]
    assert list(app.dataframe[0].value) == ["Sent (UTC)", "Kind", "Of", "Archive"]
