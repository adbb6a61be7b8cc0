"""Notes and tags of a run: kept with it, bounded, text and never more."""

import json

import pytest

from kneeoa.analysis import measuring
from kneeoa.errors import DataError
from kneeoa.records import notes
from kneeoa.records.archive import read_archive
from kneeoa.records.notes import Notes
from tests.support.research import write_study


@pytest.fixture
def run(tmp_path):
    (name, *_) = write_study(tmp_path, cycles=1)
    return tmp_path / "runs" / name


def test_notes_read_back_as_they_were_kept(run):
    kept = notes.write(run, "  worth a  second look ", ["Zeta", "alpha", "ALPHA", " "])
    assert kept == Notes("worth a second look", ("alpha", "Zeta")) == notes.read(run)
    assert notes.write(run, "", []) == Notes()
    assert not (run / notes.FILE).exists()
    assert notes.read(run) == Notes()


def test_markup_stays_the_text_that_it_is(run):
    text = "<script>alert(1)</script> **bold** =1+1"
    assert notes.write(run, text, ["<b>"]).note == text
    assert notes.read(run) == Notes(text, ("<b>",))


@pytest.mark.parametrize(
    ("note", "tags"),
    [
        ("x" * (notes.LONGEST_NOTE + 1), []),
        ("", ["x" * (notes.LONGEST_TAG + 1)]),
        ("", [f"tag {number}" for number in range(notes.MOST_TAGS + 1)]),
        ("", ["one,two"]),
        ("turned \u202e round", []),
    ],
)
def test_what_is_too_much_or_cannot_be_shown_is_refused_and_nothing_is_lost(run, note, tags):
    notes.write(run, "before", [])
    with pytest.raises(DataError, match="Expected"):
        notes.write(run, note, tags)
    assert notes.read(run).note == "before"


def test_notes_that_somebody_else_kept_meanwhile_are_not_replaced(run):
    opened = notes.read(run)
    theirs = notes.write(run, "do not use", ["exclude"], before=opened)
    with pytest.raises(notes.ChangedError, match="do not use; tags: exclude"):
        notes.write(run, "", ["mine"], before=opened)
    assert notes.read(run) == theirs
    both = notes.write(run, *notes.joined("", ["mine"], theirs), before=theirs)
    assert both == Notes("do not use", ("exclude", "mine"))
    # What stands there already may be kept once more.
    assert notes.write(run, "do not use", ["mine", "exclude"], before=opened) == both
    assert [file.name for file in run.iterdir() if "note" in file.name] == [notes.FILE]


def test_both_notes_and_all_tags_are_in_what_is_joined():
    theirs = Notes("do not use", ("exclude", "paper"))
    assert notes.joined(" ours ", ["Paper", "mine", ""], theirs) == (
        "do not use / ours",
        ["exclude", "mine", "paper"],
    )
    assert notes.joined("do not use", [], theirs)[0] == "do not use"
    assert notes.joined("ours", [], Notes())[0] == "ours"


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '{"schema_version": 9}',
        '{"schema_version": 1, "note": 5}',
        json.dumps({"schema_version": 1, "note": "x" * 5000, "tags": []}),
    ],
)
def test_a_damaged_file_is_refused_by_a_sentence(run, content):
    (run / notes.FILE).write_text(content)
    with pytest.raises(DataError):
        notes.read(run)


def test_a_run_that_is_gone_keeps_no_notes(run):
    with pytest.raises(DataError, match="they were not kept"):
        notes.write(run.parent / "nowhere", "x", [])
    assert not notes.may_be_written(run.parent / "nowhere")
    assert notes.may_be_written(run)


def test_notes_do_not_make_a_run_another_one(run):
    before = read_archive([run.parents[1]])
    notes.write(run, "a note", ["kept"])
    after = read_archive([run.parents[1]])
    assert after.problems == before.problems == ()
    assert after.runs.equals(before.runs)


def test_runs_are_found_by_tags_and_words():
    noted = {
        "a": Notes("The best so far", ("Paper", "good")),
        "b": Notes("best left alone", ("good",)),
        "c": Notes(),
    }
    assert measuring.noted_alike(noted, ["good"]) == ["a", "b"]
    assert measuring.noted_alike(noted, ["GOOD", "paper"]) == ["a"]
    assert measuring.noted_alike(noted, words="ALONE best") == ["b"]
    assert measuring.noted_alike(noted) == ["a", "b", "c"]
