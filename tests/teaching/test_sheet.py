"""Result sheets: what stands in them can be read, whatever the names are."""

import io
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from pypdf import PdfReader

from kneeoa.teaching import sheet

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


def text(data):
    return " ".join(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split()
    )


def test_a_sheet_says_what_it_was_given():
    confusion = np.arange(25).reshape(5, 5)
    data = sheet.sheet(
        "Practice of 20 films",
        {"Accuracy": "70.0% (48.1% to 85.5%)"},
        [("Confusion", sheet.confusion_table(confusion)), ("", "Missed: none.")],
        made_at=NOW,
    )
    said = text(data)
    assert "Practice of 20 films" in said
    assert "70.0% (48.1% to 85.5%)" in said
    assert "KL 3 15 16 17 18 19" in said
    assert "not a medical device" in said
    assert "2026-11-23 12:30 UTC" in said
    assert data == sheet.sheet(
        "Practice of 20 films",
        {"Accuracy": "70.0% (48.1% to 85.5%)"},
        [("Confusion", sheet.confusion_table(confusion)), ("", "Missed: none.")],
        made_at=NOW,
    )


def test_names_from_strangers_do_no_harm():
    names = ["<b>Zoë</b> & Łukasz", "<para>", "</font>", "李", "🦴", "a" * 200]
    said = text(sheet.sheet("<i>x", {}, [("Who", pd.DataFrame({"name": names}))], made_at=NOW))
    assert "<b>Zoë</b> & Łukasz" in said
    assert "</font>" in said
    assert "?" in said


def test_in_a_table_of_many_columns_the_wide_one_alone_gives_way():
    columns = ["film", "id", "ref.", "votes", *(f"KL {g}" for g in range(5)), "median", "SD"]
    row = [
        100,
        "9000099_with_a_name_as_long_as_some_are.dcm",
        "KL 2",
        200,
        *[200] * 5,
        "2.0",
        "1.00",
    ]
    table = pd.DataFrame([[*row, "100%", "yes"]], columns=[*columns, "right", "again"])
    data = sheet.sheet("Wide", {}, [("All", table)], made_at=NOW)
    lines = PdfReader(io.BytesIO(data)).pages[0].extract_text().splitlines()
    for word in ("votes", "median", "again", "KL 2", "1.00", "100%", "yes"):
        assert word in lines


def test_a_long_table_goes_over_pages_with_its_head():
    table = pd.DataFrame({"film": [f"film-{i}" for i in range(150)], "votes": range(150)})
    data = sheet.sheet("Long", {}, [("All", table), ("Empty", table.iloc[:0])], made_at=NOW)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
    assert len(pages) > 2
    assert all("votes" in page for page in pages[:-1])
    assert "film-149" in " ".join(pages)
    assert "None." in pages[-1]
