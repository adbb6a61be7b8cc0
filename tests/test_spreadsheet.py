"""No cell that a person opens is a formula, and what was written is what is read again."""

import csv
import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneeoa.spreadsheet import as_meant, csv_text, harmless, texts_as_meant

FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1")
NUMBER = re.compile(r"[+-]?\d+")
BEGINNINGS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_written_as_text(text):
    assert harmless(text) == f"'{text}" or not harmless(text).startswith(BEGINNINGS)
    assert as_meant(harmless(text)) == text.replace("\r", "\n")


@pytest.mark.parametrize("text", ["-5", "+5", "-0.25", "-1e-05", "-.5", "3", "", "knee.png", "a=b"])
def test_numbers_stay_numbers_and_plain_text_stays_as_it_is(text):
    assert harmless(text) == text


def test_a_semicolon_begins_a_cell_where_it_separates():
    written = harmless("a;=cmd()\t-1+1")
    assert not any(cell.startswith(BEGINNINGS) for cell in written.replace("\t", ";").split(";"))
    assert as_meant(written) == "a;=cmd()\t-1+1"


@settings(database=None, deadline=None, max_examples=300)
@given(st.text(st.sampled_from([*"=+-@';\t\r\n0a,\"", "\uff1d"]), max_size=8))
def test_whatever_is_written_is_read_again_and_is_no_formula(text):
    written = csv_text(pd.DataFrame({"name": [text], "n": [1]}))
    (cell, _) = list(csv.reader(io.StringIO(written, newline="")))[1]
    assert as_meant(cell) == re.sub("\r\n?", "\n", text)
    assert NUMBER.fullmatch(text) or not cell.startswith(BEGINNINGS)


def test_a_table_keeps_its_numbers_and_its_gaps():
    table = pd.DataFrame(
        {
            "=name": ["=1", None, "c"],
            "change": [-1.5, np.nan, 2.0],
            "count": pd.array([1, None, 3], "Int64"),
            "mixed": [1, None, "@x"],
        }
    )
    lines = csv_text(table, float_format="%.2f").splitlines()
    assert lines == ["'=name,change,count,mixed", "'=1,-1.50,1,1", ",,,", "c,2.00,3,'@x"]
    again = pd.read_csv(io.StringIO("\n".join(lines)))
    assert texts_as_meant(again, ["'=name", "none"])["'=name"].tolist()[::2] == ["=1", "c"]


def test_a_byte_that_is_no_character_is_shown_as_one():
    assert harmless("knie_m\udcfcller.png") == "knie_m\\xfcller.png"
    table = pd.DataFrame({"a": pd.Series(["\ud800"], dtype=object)})
    assert csv_text(table) == "a\n\\ud800\n"
