"""Films of cases on the disk: sealed, whole, and a clear word where they cannot be had."""

import errno
import hashlib
import os
import stat
import time
from datetime import timedelta

import pytest

from kneeoa.errors import ConfigError
from kneeoa.store.cases import keeping, sealed, settings
from kneeoa.store.cases.films import FilmFileError, FilmFiles
from tests.support.cases import NOW

FILM = b"pixels of a knee" * 1000
DIGEST = hashlib.sha256(FILM).hexdigest()


@pytest.fixture
def files(tmp_path):
    return FilmFiles(tmp_path / "films", b"k" * 32)


def put(files, content=FILM):
    with files.written(content) as place:
        place()
        place.settled()
    return files.folder / place.digest[:2] / f"{place.digest}.film"


def films_in(files):
    """All files but the folder's own key."""
    found = [file for file in files.folder.rglob("*") if file.is_file()]
    return [file for file in found if file.name != "patients.key"]


def test_a_film_is_sealed_and_comes_back(files):
    file = put(files)
    assert files.read(DIGEST) == FILM
    assert files.encrypts
    assert FILM[:16] not in file.read_bytes()
    again = put(files).read_bytes()
    assert len(again) == len(file.read_bytes())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700


def test_the_same_film_is_never_sealed_alike(files):
    first = put(files).read_bytes()
    assert put(files).read_bytes() != first


def test_a_film_that_is_not_put_leaves_nothing(files):
    with files.written(FILM):
        pass
    assert films_in(files) == []


def test_a_film_that_a_killed_process_had_half_written_goes_after_an_hour(files, db):
    with files.written(FILM):
        (half,) = films_in(files)
        left = half.with_name(".new.left")
        left.write_bytes(half.read_bytes())
    keeping.tidy(db, files, NOW)
    assert left.exists()  # it may be on its way still
    os.utime(left, times=(time.time() - 3601,) * 2)
    keeping.tidy(db, files, NOW)
    assert not left.exists()


def test_one_that_the_version_before_had_half_written_goes_too(files, db):
    left = put(files).with_name(".new.left")
    left.write_bytes(FILM)
    keeping.tidy(db, files, NOW)
    os.utime(left, times=(time.time() - 3601,) * 2)
    keeping.tidy(db, files, NOW + timedelta(hours=1))
    assert not left.exists()


@pytest.mark.parametrize("key", [None, b"o" * 32])
def test_nothing_is_kept_without_the_key_that_others_were_kept_with(files, key):
    put(files)
    before = films_in(files)
    with pytest.raises(FilmFileError, match=r"no key to open it|another key"):
        put(FilmFiles(files.folder, key), b"another film")
    assert films_in(files) == before
    put(files, b"another film")


def test_without_a_key_films_lie_there_as_they_are_and_are_read_with_one_later(tmp_path):
    plain = FilmFiles(tmp_path)
    assert not plain.encrypts
    assert put(plain).read_bytes().endswith(FILM)
    assert plain.read(DIGEST) == FilmFiles(tmp_path, b"k" * 32).read(DIGEST) == FILM


@pytest.mark.parametrize(
    ("key", "said"), [(None, "has no key to open it"), (b"o" * 32, "another key than this")]
)
def test_a_wrong_key_is_said(files, key, said):
    put(files)
    with pytest.raises(FilmFileError, match=said):
        FilmFiles(files.folder, key).read(DIGEST)
    assert files.read(DIGEST) == FILM


@pytest.mark.parametrize("place", [0, 14, 30, 60, -1])
def test_damage_is_said_wherever_it_is(files, place):
    file = put(files)
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    with pytest.raises(FilmFileError, match=r"damaged|no key|another key"):
        files.read(DIGEST)


@pytest.mark.parametrize("length", [0, 5, 15, 25, 40])
def test_a_file_that_was_cut_off_is_said(files, length):
    file = put(files)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(FilmFileError, match=r"damaged|another key"):
        files.read(DIGEST)


def test_one_film_cannot_stand_for_another(files):
    other = put(files, b"another film")
    put(files).write_bytes(other.read_bytes())
    with pytest.raises(FilmFileError, match="damaged"):
        files.read(DIGEST)


def test_plain_damage_is_said(tmp_path):
    files = FilmFiles(tmp_path)
    file = put(files)
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(FilmFileError, match="damaged"):
        files.read(DIGEST)


def test_a_film_that_is_missing_is_said(files):
    put(files).unlink()
    with pytest.raises(FilmFileError, match="Its file is missing"):
        files.read(DIGEST)
    files.drop(DIGEST)


def test_nothing_but_a_hash_is_a_place(files, tmp_path):
    (tmp_path / "secret.film").write_text("secret")
    for name in ("../secret", "", "a" * 63, "A" * 64, "../" * 21 + "a"):
        with pytest.raises(FilmFileError, match="SHA-256"):
            files.read(name)


def test_a_folder_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    files = FilmFiles(tmp_path / "file" / "films")
    with pytest.raises(FilmFileError, match="Expected to keep a film in"):
        put(files)
    with pytest.raises(FilmFileError, match="Expected"):
        files.mark_of("A1")


def test_a_full_disk_is_said_and_nothing_is_half_there(files, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    put(files)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FilmFileError, match="disk is full"):
        put(files, b"one more")
    assert files.read(DIGEST) == FILM
    assert len(films_in(files)) == 1


def test_a_patient_is_known_again_and_by_nobody_else(files, tmp_path):
    mark = files.mark_of("PATIENT-1")
    assert (
        mark
        == files.mark_of("PATIENT-1")
        == FilmFiles(files.folder, files.key).mark_of("PATIENT-1")
    )
    assert len(mark) == 32
    assert files.mark_of("PATIENT-2") != mark
    assert FilmFiles(tmp_path / "elsewhere").mark_of("PATIENT-1") != mark
    assert files.mark_of("") == ""
    with pytest.raises(FilmFileError, match="another key"):
        FilmFiles(files.folder, b"o" * 32).mark_of("PATIENT-1")


def test_patients_stay_the_same_when_a_key_comes_later_and_their_own_is_sealed_by_it(tmp_path):
    mark = FilmFiles(tmp_path).mark_of("P")
    file = tmp_path / "patients.key"
    assert not sealed.is_sealed(file.read_bytes())
    assert FilmFiles(tmp_path, b"k" * 32).mark_of("P") == mark
    assert sealed.is_sealed(file.read_bytes())
    assert FilmFiles(tmp_path, b"k" * 32).mark_of("P") == mark


def test_a_full_disk_is_said_when_the_patients_are_to_be_sealed(tmp_path, monkeypatch):
    mark = FilmFiles(tmp_path).mark_of("P")
    sealing = FilmFiles(tmp_path, b"k" * 32)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as there:
        there.setattr(os, "fsync", full)
        with pytest.raises(FilmFileError, match="disk is full"):
            sealing.mark_of("P")
    assert sealing.mark_of("P") == mark


def test_the_owner_names_folder_and_secret(tmp_path):
    found = settings.files_from({settings.FOLDER: str(tmp_path), settings.SECRET: "0f" * 32})
    assert (found.folder, found.encrypts) == (tmp_path, True)
    assert settings.files_from({}).folder.parts[-2:] == ("var", "films")
    assert not settings.files_from({}).encrypts
    for secret in ("0f" * 31, "a pass phrase", "zz" * 32):
        with pytest.raises(ConfigError, match="64 hexadecimal digits") as refusal:
            settings.files_from({settings.SECRET: secret})
        assert secret not in str(refusal.value)


@pytest.mark.parametrize("setting", [settings.SECRET, settings.OLD_SECRET])
@pytest.mark.parametrize("empty", ["", "\n"])
def test_a_secret_that_is_set_and_empty_keeps_no_film_in_clear(setting, empty):
    with pytest.raises(ConfigError, match=rf"{setting}\. It is set, but empty"):
        settings.secret_from({setting: empty}, setting)


def test_whether_saved_films_are_encrypted_is_said_in_words():
    assert settings.how_films_lie({settings.SECRET: "0f" * 32}) == "Films are saved encrypted."
    assert "saved unencrypted: whoever can read" in settings.how_films_lie({})
    for wrong in ("0f", ""):
        assert settings.how_films_lie({settings.SECRET: wrong}).startswith("No film can be saved")


def test_the_list_needs_a_key_that_is_not_guessed():
    settings.check_key("long enough")
    for key, said in ((None, "None is set"), ("short", "at least 8 letters")):
        with pytest.raises(ConfigError, match=said) as refusal:
            settings.check_key(key)
        assert settings.KEY in str(refusal.value)


def test_a_mistyped_setting_keeps_no_film_in_clear():
    with pytest.raises(ConfigError, match=r"SECRT is no setting .*KNEEOA_CASES_SECRET"):
        settings.files_from({"KNEEOA_CASES_SECRT": "0f" * 32})
