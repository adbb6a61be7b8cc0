"""What waits to be read: once each, bounded, there again after a restart where that is wanted."""

import errno
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kneeoa.errors import KneeOAError
from kneeoa.pacs.inbox import FolderInbox, FullInboxError, MemoryInbox, inbox_of
from kneeoa.pacs.problems import PacsError
from kneeoa.pacs.sealing import PLAIN, Cipher, cipher_of
from kneeoa.pacs.settings import Receiver
from tests.support.archive import PATIENT, film

FILMS = [film(f"1.2.3.{number}") for number in range(3)]
KEY = bytes(32)
CIPHER = Cipher(
    seal=lambda content, name: AESGCM(KEY).encrypt(bytes(12), content, name.encode()),
    opened=lambda data, name: AESGCM(KEY).decrypt(bytes(12), data, name.encode()),
)


@pytest.fixture(params=["memory", "folder", "sealed"])
def make(request, tmp_path):
    """Return what makes an inbox of one kind."""

    def make(**changes):
        settings = replace(Receiver(), folder=str(tmp_path / "in"), **changes)
        if request.param == "memory":
            return MemoryInbox(settings)
        return FolderInbox(settings, **({"cipher": CIPHER} if request.param == "sealed" else {}))

    return make


def test_a_film_is_listed_read_and_removed(make):
    inbox = make()
    digests = [inbox.take_in(data) for data in (*FILMS, FILMS[0])]
    assert len(set(digests)) == len(inbox.listed()) == 3
    assert [inbox.read(digest) for digest in digests[:3]] == FILMS
    assert {one.described["patient_id"] for one in inbox.listed()} == {PATIENT}
    assert all(abs(one.at - datetime.now(UTC)) < timedelta(minutes=1) for one in inbox.listed())
    inbox.remove(digests[0])
    inbox.remove(digests[0])
    assert {one.digest for one in inbox.listed()} == set(digests[1:3])
    with pytest.raises(PacsError, match="removed from the list meanwhile"):
        inbox.read(digests[0])


def test_there_is_an_end_to_what_waits(make):
    inbox = make(most_films=2)
    first, _ = inbox.take_in(FILMS[0]), inbox.take_in(FILMS[1])
    with pytest.raises(FullInboxError, match="at most 2 films"):
        inbox.take_in(FILMS[2])
    assert inbox.take_in(FILMS[0]) == first  # it is there already
    inbox.remove(first)
    inbox.take_in(FILMS[2])
    with pytest.raises(FullInboxError, match=r"0\.005 MB"):
        make(most_bytes=5_000).take_in(film("1.2.9"))


def test_a_folder_outlives_a_restart_and_nobody_else_reads_it(tmp_path):
    settings = Receiver(folder=str(tmp_path / "in"))
    digest = inbox_of(settings).take_in(FILMS[0])
    (tmp_path / "in" / "notes.txt").write_text("no film")
    half = tmp_path / "in" / ".new-half"
    half.write_bytes(FILMS[1][:1000])
    again = inbox_of(settings)
    (one,) = again.listed()
    assert (one.digest, again.read(digest)) == (digest, FILMS[0])
    assert (tmp_path / "in").stat().st_mode & 0o077 == 0
    os.utime(half, (0, 0))
    inbox_of(settings)
    assert not half.exists()


def test_what_is_sealed_needs_its_key(tmp_path):
    settings = Receiver(folder=str(tmp_path / "in"))
    digest = FolderInbox(settings, cipher=CIPHER).take_in(FILMS[0])
    (file,) = (tmp_path / "in").iterdir()
    assert PATIENT.encode() not in file.read_bytes()
    other = FolderInbox(settings, cipher=replace(CIPHER, opened=PLAIN.opened))
    with pytest.raises(KneeOAError, match="Expected the key"):
        other.read(digest)
    assert other.listed()[0].described == {}


def test_a_damaged_file_is_not_shown_as_a_film(tmp_path):
    settings = Receiver(folder=str(tmp_path / "in"))
    inbox = FolderInbox(settings)
    digest = inbox.take_in(FILMS[0])
    (file,) = (tmp_path / "in").iterdir()
    file.write_bytes(FILMS[1])
    with pytest.raises(PacsError, match="damaged"):
        inbox.read(digest)


def test_a_folder_that_cannot_be_had_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PacsError, match="Not a directory"):
        FolderInbox(Receiver(folder=str(tmp_path / "file" / "in")))


def test_without_a_folder_it_is_in_memory():
    assert isinstance(inbox_of(Receiver()), MemoryInbox)


def test_a_long_list_is_shown_before_all_headers_are_read(tmp_path):
    settings = Receiver(folder=str(tmp_path / "in"))
    for data in FILMS:
        FolderInbox(settings).take_in(data)
    inbox = FolderInbox(settings)
    assert [one.described for one in inbox.listed(-1)] == [{}, {}, {}]
    assert all(one.described for one in inbox.listed())


def test_nothing_comes_in_unencrypted_where_something_encrypted_waits(tmp_path):
    settings = replace(Receiver(), folder=str(tmp_path / "in"))
    digest = FolderInbox(settings, cipher=CIPHER).take_in(FILMS[0])
    with pytest.raises(PacsError, match="Expected the key"):
        FolderInbox(settings)
    FolderInbox(settings, cipher=CIPHER).remove(digest)
    FolderInbox(settings).take_in(FILMS[0])


@pytest.mark.parametrize("cipher", [PLAIN, CIPHER])
def test_a_film_whose_file_is_damaged_is_kept_when_it_comes_again(tmp_path, cipher):
    inbox = FolderInbox(Receiver(folder=str(tmp_path), most_films=1), cipher=cipher)
    digest = inbox.take_in(FILMS[0])
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:4])
    opened = replace(cipher, opened=lambda *_: b"") if cipher.encrypts else cipher
    inbox = FolderInbox(Receiver(folder=str(tmp_path), most_films=1), cipher=opened)
    assert inbox.take_in(FILMS[0]) == digest
    assert FolderInbox(Receiver(folder=str(tmp_path)), cipher=cipher).read(digest) == FILMS[0]


def test_a_film_that_another_key_sealed_is_sealed_anew_when_it_comes_again(tmp_path):
    settings = Receiver(folder=str(tmp_path))
    ciphers = [cipher_of({"KNEEOA_CASES_SECRET": letter * 64}) for letter in "ab"]
    digest = FolderInbox(settings, cipher=ciphers[0]).take_in(FILMS[0])
    inbox = FolderInbox(settings, cipher=ciphers[1])
    with pytest.raises(KneeOAError, match="another key"):
        inbox.read(digest)
    inbox.take_in(FILMS[0])
    assert inbox.read(digest) == FILMS[0]


def test_a_damaged_film_in_clear_gives_way_to_a_sealed_one(tmp_path):
    settings = Receiver(folder=str(tmp_path))
    digest = FolderInbox(settings).take_in(FILMS[0])
    (tmp_path / f"{digest}.film").write_bytes(b"cut")
    inbox = FolderInbox(settings, cipher=CIPHER)
    inbox.take_in(FILMS[0])
    assert inbox.read(digest) == FILMS[0]
    assert [file.name for file in tmp_path.iterdir()] == [f"{digest}.sealed"]


def test_why_there_was_no_room_is_known_until_there_is(make):
    inbox = make(most_films=1)
    digest = inbox.take_in(FILMS[0])
    assert inbox.refused == ""
    with pytest.raises(FullInboxError):
        inbox.take_in(FILMS[1])
    assert "at most 1 films" in inbox.refused
    inbox.remove(digest)
    assert inbox.refused == ""


def test_a_file_that_the_system_lets_grow_no_further_is_no_room(tmp_path, monkeypatch):
    inbox = FolderInbox(Receiver(folder=str(tmp_path)))

    def too_large(_):
        raise OSError(errno.EFBIG, "File too large")

    monkeypatch.setattr("kneeoa.pacs.inbox.os.fsync", too_large)
    with pytest.raises(FullInboxError, match="is full"):
        inbox.take_in(FILMS[0])
    assert list(tmp_path.iterdir()) == []


def test_what_was_half_written_goes_without_a_restart_and_what_is_gone_is_no_problem(tmp_path):
    (tmp_path / ".new.gone").symlink_to("nowhere")
    inbox = FolderInbox(Receiver(folder=str(tmp_path)))
    half = tmp_path / ".new.half"
    half.write_bytes(FILMS[1][:1000])
    os.utime(half, (0, 0))
    inbox.take_in(FILMS[0])
    assert not half.exists()
