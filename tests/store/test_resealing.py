"""Another secret: all that is kept is encrypted by it, whatever ends the command on its way."""

import contextlib
import hashlib
import os
import signal

import pytest

from kneeoa import __main__ as command_line
from kneeoa.pacs import outbox
from kneeoa.pacs import resealing as waiting
from kneeoa.pacs.sealing import cipher_of
from kneeoa.pacs.settings import Server
from kneeoa.store.cases import keeping, resealing, sealed, settings
from kneeoa.store.cases.films import FilmFileError, FilmFiles
from kneeoa.store.cases.resealing import Secrets, Waiting
from tests.support.cases import NOW, new_case
from tests.support.report_films import knee_file

OLD, NEW = "0f" * 32, "e1" * 32
OLD_KEY, NEW_KEY = bytes.fromhex(OLD), bytes.fromhex(NEW)
FILMS = [b"the bytes of film %d" % number * 100 for number in range(4)]

KILLED = """
import os, signal, sys
from pathlib import Path
from kneeoa import __main__
from kneeoa.store.cases import resealing

left = int(sys.argv[1])
done = resealing.write_whole

def killed(*args, **options):
    global left
    if left <= 1 and sys.argv[2] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    done(*args, **options)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

resealing.write_whole = killed
sys.exit(__main__.main(["cases", "reseal"]))
"""


def environment_of(url, folder, **secrets):
    return {"KNEEOA_DATABASE_URL": url, settings.FOLDER: str(folder), **secrets}


@pytest.fixture
def server(db, db_url, tmp_path, monkeypatch):
    """The environment of a server, and its database."""
    for name in (settings.SECRET, settings.OLD_SECRET, "KNEEOA_PACS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment_of(db_url, tmp_path / "films").items():
        monkeypatch.setenv(name, value)
    return db, tmp_path / "films"


def saved(db, files):
    cases = [
        keeping.add(db, files, new_case(), film, NOW, picture=b"picture of " + film)
        for film in FILMS
    ]
    return cases, files.mark_of("PATIENT")


def reseal(monkeypatch, **secrets):
    names = {"new": settings.SECRET, "old": settings.OLD_SECRET}
    for what, name in names.items():
        if what in secrets:
            monkeypatch.setenv(name, secrets[what])
        else:
            monkeypatch.delenv(name, raising=False)
    return command_line.main(["cases", "reseal"])


@pytest.mark.parametrize("old", [OLD, None])
def test_all_that_is_kept_is_opened_by_the_new_secret_alone(server, monkeypatch, capsys, old):
    db, folder = server
    before = FilmFiles(folder, old and bytes.fromhex(old))
    cases, mark = saved(db, before)
    assert reseal(monkeypatch, new=NEW, **({"old": old} if old else {})) == 0
    said = capsys.readouterr()
    assert "4 films, 4 pictures and the key of the patients' marks" in said.out
    assert NEW not in said.out + said.err
    files = FilmFiles(folder, NEW_KEY)
    assert [files.read(case.film) for case in cases] == FILMS
    assert [files.picture(case.film) for case in cases] == [b"picture of " + one for one in FILMS]
    assert files.mark_of("PATIENT") == mark
    for file in folder.rglob("*.*"):
        if file.is_file():
            assert sealed.is_sealed_with(file.read_bytes(), NEW_KEY), file
    with pytest.raises(FilmFileError):
        before.read(cases[0].film)
    assert keeping.cases(db) == list(reversed(cases))
    assert reseal(monkeypatch, new=NEW) == 0
    assert "0 films, 0 pictures" in (again := capsys.readouterr().out)
    assert "4 films were already" in again


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 6])
def test_killed_on_its_way_every_film_is_readable_and_it_goes_on(
    server, monkeypatch, forks, db_url, number, when
):
    db, folder = server
    cases, mark = saved(db, FilmFiles(folder, OLD_KEY))
    secrets = {settings.SECRET: NEW, settings.OLD_SECRET: OLD}
    environment = {**os.environ, **environment_of(db_url, folder, **secrets)}
    (done,) = forks.run(KILLED, [str(number), when], env=environment)
    assert done.returncode == -signal.SIGKILL, done.said
    by = {"old": FilmFiles(folder, OLD_KEY), "new": FilmFiles(folder, NEW_KEY)}
    assert readable(by["old"], cases) | readable(by["new"], cases) == {one.film for one in cases}
    first_is_done = number > 1 or when == "after"
    # Once it has begun, nothing more is kept with the old secret.
    if first_is_done:
        with pytest.raises(FilmFileError, match="another key"):
            keeping.add(db, by["old"], new_case(), b"one more", NOW)
    assert reseal(monkeypatch, new=NEW, old=OLD) == 0
    assert readable(by["new"], cases) == {one.film for one in cases}
    assert by["new"].mark_of("PATIENT") == mark


def readable(files, cases):
    found = set()
    for case in cases:
        with contextlib.suppress(FilmFileError):
            files.read(case.film)
            found.add(case.film)
    return found


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({"old": OLD}, "Expected the new secret in KNEEOA_CASES_SECRET"),
        ({"new": NEW}, "no key to open it"),
        ({"new": NEW, "old": "ab" * 32}, "another key than this"),
        ({"new": "short"}, "64 hexadecimal digits in KNEEOA_CASES_SECRET"),
        ({"new": NEW, "old": "short"}, "64 hexadecimal digits in KNEEOA_CASES_OLD_SECRET"),
    ],
)
def test_without_the_right_secrets_nothing_is_changed(server, monkeypatch, capsys, secrets, said):
    db, folder = server
    cases, _ = saved(db, FilmFiles(folder, OLD_KEY))
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert reseal(monkeypatch, **secrets) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    assert readable(FilmFiles(folder, OLD_KEY), cases) == {one.film for one in cases}


def test_where_nothing_is_kept_that_is_said_and_nothing_is_made(server, monkeypatch, capsys):
    _, folder = server
    assert reseal(monkeypatch, new=NEW) == 2
    assert "Expected saved cases in" in capsys.readouterr().err
    assert not folder.exists()


def test_what_is_damaged_stays_as_it_is_and_is_named(server, monkeypatch, capsys):
    db, folder = server
    cases, _ = saved(db, FilmFiles(folder, OLD_KEY))
    bad = folder / cases[1].film[:2] / f"{cases[1].film}.film"
    bad.write_bytes(broken := bad.read_bytes()[:-3])
    assert reseal(monkeypatch, new=NEW, old=OLD) == 1
    said = capsys.readouterr()
    assert f"{cases[1].film}.film stays as it is. Its file is damaged" in said.err
    assert "keep the secret before" in said.err
    assert "3 films, 4 pictures" in said.out
    assert bad.read_bytes() == broken
    assert len(readable(FilmFiles(folder, NEW_KEY), cases)) == 3


def test_a_film_that_is_not_what_it_is_called_is_not_sealed_as_it(server):
    db, folder = server
    (case, *_), _ = saved(db, FilmFiles(folder))
    file = folder / case.film[:2] / f"{case.film}.film"
    file.write_bytes(sealed.seal(b"another film", case.film, None))
    outcome = resealing.Outcome()
    for outcome in resealing.reseal_films(db, folder, Secrets(NEW_KEY)):  # noqa: B007
        pass
    assert list(outcome.failed) == [file.name]


def test_a_film_that_was_put_aside_is_encrypted_too(server):
    db, folder = server
    (case, *_), _ = saved(db, files := FilmFiles(folder, OLD_KEY))
    files.put_aside(case.film)
    list(resealing.reseal_films(db, folder, Secrets(NEW_KEY, OLD_KEY)))
    now = FilmFiles(folder, NEW_KEY)
    now.settle_aside(case.film, stays=True)
    assert now.read(case.film) == FILMS[0]


@pytest.mark.parametrize("old", [OLD, ""])
def test_reports_and_films_that_wait_are_encrypted_too(server, tmp_path, old):
    db, _ = server
    server_of = Server(name="archive", url="https://pacs.example/dicom-web")
    report = knee_file()
    cipher = cipher_of({settings.SECRET: old} if old else {})
    number = outbox.put(db, server_of, report, NOW, cipher=cipher)
    inbox, film = tmp_path / "inbox", b"a film that was pushed"
    digest = hashlib.sha256(film).hexdigest()
    inbox.mkdir()
    if old:
        (inbox / f"{digest}.sealed").write_bytes(sealed.seal(film, digest, OLD_KEY))
    else:
        (inbox / f"{digest}.film").write_bytes(film)
    os.utime(*inbox.iterdir(), times=(1000, 1000))
    secrets = Secrets(NEW_KEY, OLD_KEY if old else None)
    for count in ((1, 0), (0, 1)):
        waiting.reseal_outgoing(db, secrets, came := Waiting())
        assert (came.anew, came.done, came.failed) == (*count, {})
    (inbox / ".new.half").write_bytes(film[:5])
    waiting.reseal_inbox(inbox, secrets, came := Waiting())
    assert (came.anew, came.failed) == (1, {})
    (file,) = inbox.iterdir()
    assert (file.name, file.stat().st_mtime) == (f"{digest}.sealed", 1000)
    assert sealed.opened(file.read_bytes(), digest, NEW_KEY) == film
    claim = outbox._claim(db, {"archive": server_of}, NOW, [number])
    assert cipher_of({settings.SECRET: NEW}).opened(claim.content, claim.instance) == report


def test_what_waits_without_a_case_is_encrypted_and_what_neither_secret_opens_is_named(
    server, tmp_path, monkeypatch, capsys
):
    _, folder = server
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    monkeypatch.setenv("KNEEOA_RECEIVER_PORT", "11112")
    monkeypatch.setenv("KNEEOA_RECEIVER_FOLDER", str(inbox))
    kept = {}
    for film, key in ((b"a film", OLD_KEY), (b"another", bytes(32))):
        digest = hashlib.sha256(film).hexdigest()
        kept[film] = inbox / f"{digest}.sealed"
        kept[film].write_bytes(sealed.seal(film, digest, key))
    assert reseal(monkeypatch, new=NEW, old=OLD) == 1
    said = capsys.readouterr()
    assert "1 that wait are encrypted" in said.out
    assert f"looked for in {inbox}" in said.out
    assert f"{kept[b'another'].name} stays as it is. Its file is encrypted with another" in said.err
    assert sealed.is_sealed_with(kept[b"a film"].read_bytes(), NEW_KEY)
    assert not folder.exists()


def test_a_report_that_neither_secret_opens_is_named(server):
    db, _ = server
    there = Server(name="archive", url="https://pacs.example/dicom-web")
    number = outbox.put(db, there, knee_file(), NOW, cipher=cipher_of({settings.SECRET: "ab" * 32}))
    waiting.reseal_outgoing(db, Secrets(NEW_KEY, OLD_KEY), came := Waiting())
    assert list(came.failed) == [f"report {number}"]


def test_where_no_folder_of_pushed_films_is_known_that_is_said(server, monkeypatch, capsys):
    db, folder = server
    saved(db, FilmFiles(folder))
    half = folder / "ab" / ".new.half"
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(FILMS[0])
    assert reseal(monkeypatch, new=NEW) == 0
    assert "No folder of pushed films is configured here" in capsys.readouterr().out
    assert not half.exists()  # which lay there in clear
