"""Settings from outside: each is known, and one that is mistyped is named."""

import re

import pytest

from kneeoa.__main__ import main
from kneeoa.environment import KNOWN, unknown
from tests.support.places import ROOT

ELSEWHERE = re.compile(r"KNEEOA_(PACS_|RECEIVER|TEST)")


def names_in(*places):
    files = (file for place in places for file in sorted(ROOT.glob(place)))
    names = set().union(
        *(re.findall(r"KNEEOA_[A-Z_]+[A-Z](?![A-Z_])", f.read_text("utf-8")) for f in files)
    )
    return {name for name in names if not ELSEWHERE.match(name)}


def test_all_that_is_read_or_told_of_is_known_and_nothing_else():
    assert names_in("docs/settings.md") == KNOWN
    assert names_in("kneeoa/**/*.py", "pages/**/*.py", "train/**/*.py") <= KNOWN


def test_what_is_mistyped_is_named_with_what_there_is_and_without_its_value():
    (sentence,) = unknown({"KNEEOA_CASES_SECRT": "s3cret", "KNEEOA_MODELS": "x", "HOME": "y"})
    assert "KNEEOA_CASES_SECRT is none (there is KNEEOA_CASES_SECRET)" in sentence
    assert "s3cret" not in sentence
    assert unknown({"KNEEOA_CASES_SECRT": "", "KNEEOA_PACS_PORT": "of another room"}) == []


@pytest.mark.parametrize("arguments", [["pacs", "find"], ["--version"]])
def test_commands_name_it(monkeypatch, capsys, arguments):
    monkeypatch.setenv("KNEEOA_PSEUDONYM_KY", "s3cret")
    main(arguments)
    assert "KNEEOA_PSEUDONYM_KY is none" in capsys.readouterr().err
