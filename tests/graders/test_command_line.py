"""The command line loses no data: whatever is asked of it, and however it ends."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kneeoa.__main__ import main
from kneeoa.films.phantom import knee_png
from kneeoa.graders.batch import COLUMNS
from kneeoa.spreadsheet import as_meant
from tests.support.places import ROOT

pytestmark = pytest.mark.usefixtures("networks_asked_once")
COMMAND = [sys.executable, "-m", "tests.support.asked_once", "kneeoa", "grade"]
FULL = Path("/dev/full")
FEW_AT_ONCE = """
import runpy
from kneeoa.graders import batch
from tests.support import once

batch.grade_files.__kwdefaults__["batch_size"] = 4
answers, kept = {}, once.kept
once.kept = lambda key: answers[key] if key in answers else answers.setdefault(key, kept(key))
once.keep = answers.__setitem__
runpy.run_module("tests.support.asked_once", run_name="__main__", alter_sys=True)
"""
"""The same, with rows as soon as there are some.

Answers are kept in memory: files would be let go of in finalizers, in which Python prints a
`KeyboardInterrupt` and goes on. The networks themselves open none.
"""


@pytest.fixture(scope="module")
def film():
    return knee_png(2, seed=1)


def rows_of(file):
    return list(csv.reader(io.StringIO(file.read_text("utf-8"), newline="")))


def test_films_of_any_name_have_their_rows(tmp_path, film, capsys):
    films = tmp_path / "films"
    films.mkdir()
    names = ["=cmd|' C'!A0.png", "+a.png", "-1.png", "@b.png", "\u00fc.png", "a\nb.png", ";=c.png"]
    names += [os.fsdecode(b"knie_m\xfcller.png"), "\x1b[2J.png"]
    for name in names:
        (films / name).write_bytes(film)
    target = tmp_path / "out.csv"
    assert main(["grade", str(films), "--csv", str(target)]) == 0
    found = {as_meant(Path(row[0]).name) for row in rows_of(target)[1:]}
    assert len(found) == len(names)
    assert any(name.endswith("m\\xfcller.png") for name in found)
    os.chdir(films)  # undone by `stay`
    assert main(["grade", names[0], "--csv", str(target)]) == 0
    assert rows_of(target)[1][0] == f"'{names[0]}"
    assert main(["grade", "./-1.png"]) == 0
    assert capsys.readouterr().err == ""


@pytest.fixture(autouse=True)
def stay(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def test_no_film_and_nothing_else_is_overwritten(tmp_path, film, capsys):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(film)
    (tmp_path / "letter.txt").write_text("Dear colleague")
    (tmp_path / "link.csv").symlink_to(tmp_path / "b.png")
    (tmp_path / "folder").mkdir()
    for target in ("a.png", "b.png", "letter.txt", "link.csv", "folder", "x" * 300, "none/a.csv"):
        assert main(["grade", "b.png", "--csv", target]) == 2
        assert "Expected to write the table to" in capsys.readouterr().err
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes() == film
    assert (tmp_path / "letter.txt").read_text() == "Dear colleague"


def test_an_older_table_stays_until_there_is_a_new_one(tmp_path, film, capsys):
    (tmp_path / "a.png").write_bytes(film)
    assert main(["grade", "a.png", "--csv", "t.csv"]) == 0
    before = (tmp_path / "t.csv").read_text()
    assert main(["grade", "a.png", "--csv", "t.csv", "--models", str(tmp_path)]) == 2
    assert (tmp_path / "t.csv").read_text() == before
    assert main(["grade", "a.png", "absent.png", "--csv", "t.csv"]) == 1
    assert len(rows_of(tmp_path / "t.csv")) == 5


def test_a_place_that_cannot_be_read_has_a_row(tmp_path, film, capsys):
    (tmp_path / "a.png").write_bytes(film)
    too_long = "y" * 300
    assert main(["grade", "a.png", too_long, f"{too_long}/b", "--csv", "t.csv"]) == 1
    rows = rows_of(tmp_path / "t.csv")
    assert [row[8] != "" for row in rows[1:]] == [False] * 2 + [True] * 4


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_closed_folder_has_a_row(tmp_path, film):
    (tmp_path / "films" / "closed").mkdir(parents=True)
    (tmp_path / "films" / "a.png").write_bytes(film)
    (tmp_path / "films" / "closed").chmod(0)
    assert main(["grade", "films", "--csv", "t.csv"]) == 1
    (tmp_path / "films" / "closed").chmod(0o700)
    assert len(rows_of(tmp_path / "t.csv")) == 5


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
def test_a_full_disk_is_said(tmp_path, film, capsys):
    (tmp_path / "a.png").write_bytes(film)
    assert main(["grade", "a.png", "--csv", str(FULL)]) == 2
    assert "No space left" in capsys.readouterr().err
    with FULL.open("w") as full:
        done = run("a.png", stdout=full)
    assert done.returncode == 2
    assert done.stderr == "kneeoa: The output: No space left on device.\n"


def run(*arguments, **options):
    return subprocess.run(
        [*COMMAND, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


def test_a_reader_that_goes_away_is_no_traceback(tmp_path, film):
    (tmp_path / "a.png").write_bytes(film)
    reader, writer = os.pipe()
    os.close(reader)
    done = run("a.png", stdout=writer)
    os.close(writer)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "has ended" in done.stderr


@pytest.mark.parametrize(("ending", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_rows_that_were_written_stay_whatever_ends_it(tmp_path, film, ending, code):
    for number in range(400):
        (tmp_path / f"{number:03}.png").write_bytes(film)
    target = tmp_path / "out" / "t.csv"
    target.parent.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-c", FEW_AT_ONCE, *COMMAND[3:], str(tmp_path), "--csv", str(target)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not (target.exists() and target.stat().st_size > 1000) and time.monotonic() < end:
        time.sleep(0.01)
    child.send_signal(ending)
    _, said = child.communicate(timeout=180)
    assert child.returncode == code, said
    assert said == ("kneeoa: Stopped. The rows that were written stay.\n" if code == 130 else "")
    rows = rows_of(target)
    assert 2 < len(rows) < 801
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert target.read_text("utf-8").endswith("\n")
