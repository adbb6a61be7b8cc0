"""``python -m kneeoa pacs``: its tables, its files, its sentences and exit codes."""

import csv
import io
import signal
import subprocess
import sys

import pytest

from kneeoa.__main__ import main
from tests.support.archive import INSTANCE, PATIENT, film, report, running_archive


@pytest.fixture(scope="module")
def running():
    with running_archive() as archive:
        yield archive


@pytest.fixture
def archive(running, monkeypatch, tmp_path):
    running.films, running.came, running.mood = {INSTANCE: film()}, [], "well"
    monkeypatch.setenv("KNEEOA_PACS_URL", running.url)
    monkeypatch.setenv("KNEEOA_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    return running


def run(capsys, *arguments):
    """Return exit code, output and what was said."""
    code = main(["pacs", *map(str, arguments)])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_find_lists_series(archive, capsys):
    archive.films["2"] = film("1.9.1", study="1.9", series="1.9.1", BodyPartExamined="HAND")
    code, out, said = run(capsys, "find", "--patient", PATIENT)
    (row,) = csv.DictReader(io.StringIO(out))
    assert (code, row["day"], row["patient_id"], row["knee"]) == (0, "2026-01-02", PATIENT, "yes")
    assert "left out 1 series of other body parts" in said
    assert len(run(capsys, "find", "--from", "2026-01-01", "--all")[1].splitlines()) == 3


def test_fetch_writes_films_as_they_are_under_names_that_say_nothing(archive, capsys, tmp_path):
    out = tmp_path / "films"
    for count in ("1 new film", "0 new films"):
        archive.asked.clear()
        code, told, _ = run(capsys, "fetch", "--patient", PATIENT, "--out", out)
        assert (code, told) == (0, f"{count} in {out}\n")
    assert not any("/instances/" in path for path in archive.asked)  # it is there
    (file,) = out.iterdir()
    assert file.read_bytes() == film()
    assert (out.stat().st_mode | file.stat().st_mode) & 0o077 == 0


def test_a_film_that_cannot_be_fetched_is_said(archive, capsys, tmp_path):
    archive.films["2"] = film("1.2.3.8")
    places = archive.films
    # It is listed, and another one is sent for it.
    archive.films = dict(places) | {"1.2.3.8": film("1.2.3.9")}
    del archive.films["2"]
    archive.films["3"] = film("1.2.3.8")
    code, told, said = run(capsys, "fetch", "--patient", PATIENT, "--out", tmp_path / "films")
    assert (code, told.split()[0]) == (1, "1")
    assert "could not be fetched" in said


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["find"], "Expected a patient"),
        (["find", "--patient", "x", "--server", "other"], "archives PACS"),
        (["fetch", "--patient", "NOBODY", "--out", "films"], "has none of these"),
        (["send", "none.dcm"], "No such file"),
        (["receive"], "Expected a receiver"),
    ],
)
def test_what_cannot_be_done_has_a_sentence(archive, capsys, arguments, expected):
    code, out, said = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert expected in said


def test_send_keeps_what_could_not_be_sent_and_sends_it_later(archive, capsys, tmp_path):
    file = tmp_path / "report.dcm"
    file.write_bytes(report("1.2.5.1"))
    archive.mood = "fails"
    code, out, said = run(capsys, "send", file)
    assert (code, out) == (1, "0 of 1 sent\n")
    assert "waits. Expected an answer of the archive PACS. It fails (500)" in said
    archive.mood = "well"
    assert run(capsys, "send") == (0, "1 of 1 sent\n", "")
    assert archive.came == ["1.2.5.1"]
    assert run(capsys, "send", file)[0] == 0  # it is there
    assert archive.came == ["1.2.5.1"]


def test_send_sends_nothing_where_one_file_is_no_report(archive, capsys, tmp_path):
    (tmp_path / "report.dcm").write_bytes(report("1.2.5.1"))
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    code, _, said = run(capsys, "send", tmp_path / "report.dcm", tmp_path / "report.pdf")
    assert (code, archive.came) == (2, [])
    assert "Expected a DICOM file" in said
    assert run(capsys, "send")[1] == "0 of 0 sent\n"


def test_a_day_that_is_none_is_said(capsys):
    assert main(["pacs", "find", "--from", "yesterday"]) == 2
    assert "Expected a day as 2026-11-28. Received: yesterday." in capsys.readouterr().err


def test_ctrl_c_ends_a_query_with_a_word(archive):
    import os

    code = (
        "import sys, time, kneeoa.pacs.web as web\n"
        "def wait(*_):\n    print('asked', flush=True)\n    time.sleep(60)\n"
        "web.Web.find = wait\n"
        "from kneeoa.__main__ import main\n"
        "sys.exit(main(['pacs', 'find', '--patient', 'x']))\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout.readline() == "asked\n"
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert (running.returncode, said) == (130, "kneeoa: Stopped. Nothing was changed.\n")


def test_what_was_sent_before_is_said_to_be_and_another_content_is_refused(
    archive, capsys, tmp_path
):
    file = tmp_path / "report.dcm"
    file.write_bytes(report("1.2.5.1"))
    assert run(capsys, "send", file) == (0, "1 of 1 sent\n", "")
    code, _, said = run(capsys, "send", file)
    assert (code, archive.came) == (0, ["1.2.5.1"])
    assert "was sent before" in said
    file.write_bytes(film("1.2.5.1"))
    code, _, said = run(capsys, "send", file)
    assert (code, archive.came) == (2, ["1.2.5.1"])
    assert "the same identifier and another content" in said


def test_what_waits_for_an_archive_that_is_gone_says_so(archive, capsys, tmp_path, monkeypatch):
    file = tmp_path / "report.dcm"
    file.write_bytes(report("1.2.5.1"))
    archive.mood = "fails"
    run(capsys, "send", file)
    settings = tmp_path / "pacs.toml"
    settings.write_text(f'[servers.new]\nurl = "{archive.url}"\n')
    monkeypatch.delenv("KNEEOA_PACS_URL")
    monkeypatch.setenv("KNEEOA_PACS", str(settings))
    code, out, said = run(capsys, "send")
    assert (code, out) == (1, "0 of 1 sent\n")
    assert "waits. Its archive, PACS, is no longer in the settings." in said


@pytest.mark.parametrize("command", [["find"], ["fetch", "--out", "films"]])
def test_a_list_that_was_cut_is_not_all(archive, capsys, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kneeoa.pacs.web.MOST_STUDIES", 1)
    archive.films["2"] = film("1.9.1", study="1.9", series="1.9.1")
    code, _, said = run(capsys, *command, "--patient", PATIENT)
    assert code == 1
    assert "more than are listed" in said


@pytest.mark.parametrize(("ending", "ends_with"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_receiver_has_the_room_of_a_folder_and_ends_as_a_service(tmp_path, ending, ends_with):
    import os

    code = (
        "import sys, kneeoa.pacs.inbox as inbox\n"
        "made = inbox.FolderInbox.__init__\n"
        "def told(self, settings, **options):\n"
        "    print(settings.most_bytes // 10**6, flush=True)\n"
        "    made(self, settings, **options)\n"
        "inbox.FolderInbox.__init__ = told\n"
        "from kneeoa.__main__ import main\n"
        f"sys.exit(main(['pacs', 'receive', '--folder', {str(tmp_path / 'in')!r}]))\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "KNEEOA_RECEIVER_PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout.readline() == "5000\n"
    assert "receives films" in running.stderr.readline()
    running.send_signal(ending)
    _, said = running.communicate(timeout=120)
    assert running.returncode == ends_with
    assert said == "kneeoa: Stopped. The films that came stay.\n"
