"""Results that were written by hand or damaged: left out with a sentence, the others stand."""

import io
import json
import os
import zipfile

import pytest

from kneeoa.charts.paper import drawing
from pages.shared.research import paper_sheet
from tests.support import opening
from tests.support.research import (
    write_robustness,
    write_run,
    write_search,
    write_study,
    write_tried,
)

PAGES = ("runs", "results", "confusion", "data", "robustness")
GOOD = 4


def json_with(**changed):
    """What edits a JSON file so; a value of the type bytes is put in as it is."""

    def edit(data):
        content = json.loads(data) | changed
        raw = {name: value for name, value in changed.items() if isinstance(value, bytes)}
        marked = content | {name: f"@{name}@" for name in raw}
        text = json.dumps(marked).encode()
        for name, value in raw.items():
            text = text.replace(f'"@{name}@"'.encode(), value)
        return text

    return edit


def cell(column, value):
    """What edits the third line of a CSV file so."""

    def edit(data):
        lines = data.decode().split("\n")
        cells = lines[2].split(",")
        cells[lines[0].split(",").index(column)] = value
        lines[2] = ",".join(cells)
        return "\n".join(lines).encode("utf-8", "surrogatepass")

    return edit


DAMAGED = {
    "seconds that are no number": ("run.json", json_with(seconds=b"NaN")),
    "seconds beyond all": ("run.json", json_with(seconds=b"1e999")),
    "a seed beyond all": ("run.json", json_with(seed=b"9" * 30)),
    "a seed of many digits": ("run.json", json_with(seed=b"9" * 5000)),
    "half a character": ("run.json", json_with(device=b'"\\ud800"')),
    "half a character in a name": ("run.json", json_with(libraries=b'{"\\udfff": "1"}')),
    "a date that is none": ("run.json", json_with(finished_at="the day before")),
    "a day that is none": ("run.json", json_with(finished_at="2026-02-31T09:00:00+00:00")),
    "another encoding": ("run.json", lambda data: data.replace(b"cpu", b"\xff\xfe")),
    "UTF-16": ("run.json", lambda data: data.decode().encode("utf-16")),
    "depth": ("run.json", json_with(config=b"[" * 100_000 + b"]" * 100_000)),
    "nothing": ("run.json", lambda _: b""),
    "null": ("run.json", lambda _: b"null"),
    "epochs that are none": ("history.csv", cell("epoch", "NaN")),
    "an epoch of many digits": ("history.csv", cell("epoch", "9" * 5000)),
    "an epoch beyond all": ("history.csv", cell("epoch", "9" * 40)),
    "no epochs": ("history.csv", lambda _: b"\x00\x01\x02\n"),
}
UNMEASURED = {
    "an answer that is none": ("predictions.csv", cell("p0", "NaN")),
    "an answer beyond all": ("predictions.csv", cell("p0", "inf")),
    "a grade beyond all": ("predictions.csv", cell("true_grade", "1e400")),
    "a grade that is none": ("predictions.csv", cell("true_grade", "7")),
    "half a character of a name": ("predictions.csv", cell("image_id", "\ud800")),
    "answers in UTF-16": ("predictions.csv", lambda data: data.decode().encode("utf-16")),
}
STANDING = {
    "a byte order mark": ("run.json", lambda data: b"\xef\xbb\xbf" + data),
    "a byte order mark in the epochs": ("history.csv", lambda data: b"\xef\xbb\xbf" + data),
    "a byte order mark in the answers": ("predictions.csv", lambda data: b"\xef\xbb\xbf" + data),
    "turned text": ("run.json", json_with(device="a\u202eb\x00c", stopped_because="x" * 9999)),
    "a loss that is none": ("history.csv", cell("loss", "nan")),
    "a loss beyond all": ("history.csv", cell("val_loss", "inf")),
    "a speed beyond all": ("history.csv", cell("images_per_second", "inf")),
    "a setting with markup": ("run.json", json_with(config={"preset": "![x](http://e.example/)"})),
    "a film's name with markup": ("predictions.csv", cell("image_id", "![x](http://e.example/)")),
}
FIRST = 100


def write_bad(folder, cases):
    for number, (file, edit) in enumerate(cases.values()):
        run_id = write_run(folder, "mobilenet", FIRST + number)
        place = folder / "runs" / run_id / file
        place.write_bytes(edit(place.read_bytes()))
    return len(cases)


def opened(page, **address):
    app = opening.opened(page, **address)
    assert not app.exception, app.exception[0].message
    return app


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_RESULTS", str(tmp_path))
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    write_study(tmp_path, cycles=GOOD // 2)
    return tmp_path


@pytest.fixture(scope="module")
def every_kind_laid(tmp_path_factory):
    """A results folder with whatever is odd or damaged, of which pages only read."""
    folder = tmp_path_factory.mktemp("every-kind")
    write_study(folder, cycles=GOOD // 2)
    write_bad(folder, DAMAGED | UNMEASURED | STANDING)
    write_robustness(folder)
    write_search(folder)
    for place in ("runs", "studies"):
        (folder / place / os.fsdecode(b"not \xff text")).mkdir()
    return folder


@pytest.fixture
def every_kind(every_kind_laid, monkeypatch):
    monkeypatch.setenv("KNEEOA_RESULTS", str(every_kind_laid))
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)


LEFT_OUT = "mobilenet-seed0-00000000"


@pytest.fixture(scope="module")
def one_unread_laid(tmp_path_factory):
    """A study of which the answers of the run `LEFT_OUT` are none; pages only read it."""
    folder = tmp_path_factory.mktemp("one-unread")
    write_study(folder, cycles=GOOD // 2)
    answers = folder / "runs" / LEFT_OUT / "predictions.csv"
    _, edit = UNMEASURED["an answer that is none"]
    answers.write_bytes(edit(answers.read_bytes()))
    return folder


@pytest.fixture
def one_unread(one_unread_laid, monkeypatch):
    monkeypatch.setenv("KNEEOA_RESULTS", str(one_unread_laid))
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)


def states(app):
    """How many runs are in which state, of all runs and not those of the study alone."""
    app.selectbox[0].select("all runs").run()
    assert not app.exception, app.exception[0].message
    return dict(app.dataframe[0].value["state"].value_counts())


def test_damaged_runs_are_named_and_the_others_stand(folder):
    damaged = write_bad(folder, DAMAGED)
    pipe = folder / "runs" / write_run(folder, "resnet50", FIRST) / "run.json"
    pipe.unlink()
    os.mkfifo(pipe)
    app = opened("runs")
    assert app.expander[0].label == f"{damaged + 1} things here could not be read"
    # What is shown of a problem never quotes the file.
    assert not any("\ud800" in one.value or "\ufffd" in one.value for one in app.markdown)
    assert states(app) == {"finished": GOOD, "damaged": damaged + 1}


def test_answers_that_are_none_are_named_and_the_others_stand(folder):
    bad = write_bad(folder, UNMEASURED)
    app = opened("runs")
    found = states(app)
    assert (found["finished"], found["finished, not graded"]) == (GOOD, bad)
    assert len(app.warning) == bad


@pytest.mark.parametrize(
    ("page", "part", "said"),
    [
        ("confusion", None, "1 of 4 finished runs is not counted here"),
        ("results", "claim", "1 of 4 finished runs is not counted here"),
        ("results", "beside", "1 of 2 finished runs of the first set is not counted here"),
    ],
)
@pytest.mark.usefixtures("one_unread")
def test_no_figure_stands_on_more_runs_than_it_was_counted_from(page, part, said):
    app = opened(page, **({"part": part} if part else {}))
    assert [one.value for one in app.warning if one.value.startswith(said)]


@pytest.mark.parametrize("networks", [["mobilenet", "resnet50"], ["mobilenet"]])
@pytest.mark.parametrize(
    ("page", "part", "name"),
    [("results", "claim", "results"), ("results", "beside", "side_by_side"), ("confusion",) * 3],
)
@pytest.mark.usefixtures("one_unread")
def test_a_file_for_a_paper_cites_no_run_that_was_left_out(monkeypatch, page, part, name, networks):
    for suffix in ("svg", "pdf"):  # what the figures are is no matter here
        monkeypatch.setattr(drawing, suffix, lambda _: b"")
    made = {}
    monkeypatch.setattr(
        paper_sheet, "show_button", lambda name, content: made.update({name: content})
    )
    opened(page, part=part, networks=networks)
    with zipfile.ZipFile(io.BytesIO(made[name]())) as archive:
        (cited,) = (path for path in archive.namelist() if path.endswith("CITATION.txt"))
        text = archive.read(cited).decode()
    assert "mobilenet-seed1-00000000" in text
    assert LEFT_OUT not in text


def test_what_is_odd_and_whole_stands(folder):
    odd = write_bad(folder, STANDING)
    app = opened("runs")
    assert states(app) == {"finished": GOOD + odd}
    table = app.dataframe[0].value
    assert table["device"].str.contains("a\ufffdb\ufffdc", regex=False).any()
    assert table["why"].str.len().max() <= 200


@pytest.mark.usefixtures("every_kind")
@pytest.mark.parametrize("page", PAGES)
def test_no_page_goes_away(page):
    opened(page)
    opened(page, study="all runs")


NUMBERS = (b"NaN", b"inf", b"-1e400", b"9" * 5000, b'"half \xff"', b"", b"\x00")


@pytest.mark.parametrize("number", range(len(NUMBERS)))
def test_tables_with_any_cell_keep_their_page(folder, number):
    write_robustness(folder)
    write_tried(folder)
    place = write_search(folder)
    files = [folder / name for name in ("robustness.csv", "tried.csv")]
    for file in (*files, place / "trials.csv", place / "importance.csv"):
        lines = file.read_bytes().split(b"\n")
        cells = lines[1].split(b",")
        # Each column once, in a line of its own.
        for column in range(len(cells)):
            lines.append(b",".join([*cells[:column], NUMBERS[number], *cells[column + 1 :]]))
        file.write_bytes(b"\n".join(one for one in lines if one) + b"\n")
    best = json.loads((place / "best.json").read_text())
    (place / "best.json").write_bytes(
        json.dumps(best | {"trial": "@"}).encode().replace(b'"@"', NUMBERS[number] or b"null")
    )
    opened("robustness")
    opened("results", part="tried")


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """A study whose status each test writes anew, and what that was."""
    folder = tmp_path_factory.mktemp("studied")
    write_study(folder, cycles=GOOD // 2)
    return folder, (folder / "studies" / "one" / "status.json").read_bytes()


@pytest.mark.parametrize(
    "changed",
    [
        {"runs": b"1e999"},
        {"seconds_left_at_most": b"NaN"},
        {"seconds_left_at_most": b"1e300"},
        {"updated_at": "0000-99-99"},
        {"updated_at": "2026-11-23T09:00:00"},
        {"runs": -5, "runs_done": 99999999999},
        {"rows": [{"run_id": "![x](http://e.example/)", "state": "training", "share": 7.0}]},
        {"rows": b'[{"run_id": "a", "state": "training", "loss": NaN, "share": -3}]'},
        {"rows": b'[{"run_id": "\\ud800", "state": "training"}]'},
    ],
)
def test_a_study_that_says_odd_things_of_itself_keeps_the_page(studied, monkeypatch, changed):
    folder, status = studied
    monkeypatch.setenv("KNEEOA_RESULTS", str(folder))
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    file = folder / "studies" / "one" / "status.json"
    file.write_bytes(json_with(state="training", **changed)(status))
    opened("runs")
