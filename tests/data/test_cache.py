"""Films are decoded once; what is not whole, or no longer true, is never read."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kneeoa.data import cache
from kneeoa.errors import DataError, DiskFullError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import open_radiograph
from tests.support.graded_films import write_film
from tests.support.places import ROOT

FILES = ["a.png", "b.png", "sub/c.png"]


@pytest.fixture
def films(tmp_path):
    for seed, name in enumerate(FILES):
        write_film(tmp_path / "films" / name, seed)
    return tmp_path / "films"


@pytest.fixture
def decode(films, tmp_path):
    """Decode the films of this test; `decode.rounds` counts how often that was necessary."""

    def run(files=FILES, base=films, **options):
        options = {"cache": tmp_path / "cache", "progress": count} | options
        return cache.decode(base, files, "hash", **options)

    def count(done, total):
        assert total >= done
        run.rounds += done == total

    run.rounds = 0
    return run


def seen(file):
    film = open_radiograph(file)
    return network_input(film, Frame.whole(film)).round()


def stored(tmp_path):
    """The one file of decoded films."""
    (file,) = (tmp_path / "cache" / "hash").iterdir()
    return file


def test_films_are_what_the_graders_see_and_are_read_only(films, decode):
    decoded = decode()
    for image, file in zip(decoded.images, FILES, strict=True):
        expected = seen(films / file)
        np.testing.assert_array_equal(image, expected)
    assert decoded.images.dtype == np.uint8
    assert not decoded.images.flags.writeable
    assert decoded.readable == (True,) * 3
    assert len(set(decoded.pixel_hashes)) == 3


def test_the_second_time_nothing_is_decoded(decode):
    first, second = decode(), decode()
    assert decode.rounds == 1
    np.testing.assert_array_equal(first.images, second.images)
    assert first.pixel_hashes == second.pixel_hashes


def test_more_films_than_are_decoded_at_once(films, decode, monkeypatch):
    monkeypatch.setattr(cache, "_AT_ONCE", 2)
    np.testing.assert_array_equal(decode().images, decode().images)
    assert decode.rounds == 1


def change_content(films):
    write_film(films / "b.png", 77)


def change_time(films):
    os.utime(films / "b.png", ns=(0, 0))


@pytest.mark.parametrize("change", [change_content, change_time])
def test_a_changed_film_is_decoded_anew_and_the_old_state_goes(change, films, decode, tmp_path):
    before = decode()
    change(films)
    after = decode()
    assert decode.rounds == 2
    assert (before.pixel_hashes == after.pixel_hashes) == (change is change_time)
    expected = seen(films / "b.png")
    np.testing.assert_array_equal(after.images[1], expected)
    stored(tmp_path)


def test_other_code_decodes_anew(decode, monkeypatch):
    decode()
    monkeypatch.setattr(cache, "_LAYOUT", -1)
    decode()
    assert decode.rounds == 2


def test_what_an_earlier_version_left_goes(films, decode, tmp_path):
    decode()
    (stored(tmp_path).with_suffix("") / "films").mkdir(parents=True)
    change_content(films)
    decode()
    assert stored(tmp_path).is_file()


def test_two_copies_of_the_films_do_not_push_each_other_out(films, decode, tmp_path):
    copy = Path(shutil.copytree(films, tmp_path / "copy"))
    for _ in "12":
        decode()
        decode(base=copy)
    assert decode.rounds == 2


def test_unreadable_films_are_left_out_with_a_reason(films, decode):
    (films / "b.png").write_bytes(b"not a film")
    for _ in "12":
        decoded = decode([*FILES, "gone.png"])
        assert decoded.readable == (True, False, True, False)
        assert len(decoded.images) == len(decoded.pixel_hashes) == 2
        assert "Received text" in decoded.reasons["b.png"]
        assert "No such file" in decoded.reasons["gone.png"]
    assert decode.rounds == 1


def test_nothing_readable_is_no_fault_of_the_cache(films, decode):
    (films / "a.png").write_bytes(b"not a film")
    for _ in "12":
        assert decode(["a.png"]).images.shape == (0, 224, 224)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_film_that_has_become_readable_is_taken(films, decode):
    (films / "b.png").chmod(0)
    assert "Permission denied" in decode().reasons["b.png"]
    (films / "b.png").chmod(0o600)
    assert not decode().reasons


def test_a_network_disk_that_comes_back_is_noticed(decode, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(cache, "_decode_one", lambda *_: (None, "The disk is away.", False))
        assert len(decode().images) == 0
    assert len(decode().images) == 3
    assert len(decode().images) == 3
    assert decode.rounds == 2


def cut_off(file):
    with file.open("r+b") as stream:
        stream.truncate(60_000)


def overwrite(file):
    with file.open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"junk")


@pytest.mark.parametrize(
    "damage", [cut_off, overwrite, Path.unlink, lambda file: file.write_bytes(b"")]
)
def test_a_damaged_cache_is_rebuilt(damage, decode, tmp_path):
    before = decode()
    kept = before.images.copy()
    damage(stored(tmp_path))
    np.testing.assert_array_equal(decode().images, kept)
    assert decode.rounds == 2
    decode()
    assert decode.rounds == 2


def test_a_killed_process_leaves_nothing_that_is_read(films, decode, tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from kneeoa.data import cache\n"
        "cache.decode(Path(sys.argv[1]), sys.argv[3:], 'hash', cache=Path(sys.argv[2]),"
        " progress=lambda done, total: os.kill(os.getpid(), signal.SIGKILL))"
    )
    arguments = [sys.executable, "-c", code, films, tmp_path / "cache", *FILES]
    killed = subprocess.run([str(argument) for argument in arguments], cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    half = stored(tmp_path)
    assert half.name.startswith(".")
    assert len(decode().images) == 3
    assert decode.rounds == 1
    # The half is somebody's for a day, as far as anyone can tell.
    assert half.exists()
    os.utime(half, (0, 0))
    change_content(films)
    decode()
    assert not half.exists()


def test_two_at_once_both_get_their_films(decode, tmp_path):
    inner = []

    def meanwhile(done, total):
        inner.append(decode())

    outer = decode(progress=meanwhile)
    np.testing.assert_array_equal(outer.images, inner[0].images)
    stored(tmp_path)
    decode()
    assert decode.rounds == 1


def test_a_full_disk_is_said_before_decoding(decode, monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)._replace(free=500_000)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DiskFullError, match=r"Expected 1 MB free .*Free: 0 MB.*KNEEOA_CACHE"):
        decode()
    assert decode.rounds == 0


def test_a_disk_that_fills_up_meanwhile_is_said_and_leaves_nothing(decode, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(DiskFullError, match=r"Expected 1 MB free for the decoded films"):
            decode()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "cache" / "hash").iterdir()) == []
    assert len(decode().images) == 3


def test_a_cache_that_cannot_be_written_is_said(decode, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"Expected to keep .* Set KNEEOA_CACHE"):
        decode(cache=tmp_path / "file")


def test_where_the_cache_is(monkeypatch, tmp_path, decode):
    monkeypatch.setenv("KNEEOA_CACHE", str(tmp_path / "mine"))
    assert cache.cache_folder() == tmp_path / "mine" / "films"
    decode(cache=None)
    assert (tmp_path / "mine" / "films" / "hash").is_dir()
    monkeypatch.delenv("KNEEOA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / "kneeoa" / "films"
    # The XDG specification: a relative path is to be ignored.
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / ".cache" / "kneeoa" / "films"
