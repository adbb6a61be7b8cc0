"""Before the work it is known whether its outcome can be written."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kneeoa import room
from kneeoa.errors import DataError


@pytest.fixture
def closed(tmp_path):
    """A folder that takes no file, from root neither."""
    if os.geteuid() == 0:
        if not Path("/proc/self").exists():
            pytest.skip("no folder that root may not write to")
        return Path("/proc")
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    return folder


@pytest.mark.parametrize("name", ["", "new", "new/and/deep"])
def test_a_place_with_room_is_left_as_it_was(tmp_path, name):
    room.expect_room(tmp_path / name, "the report")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "new", "new/and/deep"])
def test_a_place_without_room_is_named(closed, name):
    with pytest.raises(DataError, match="Expected to write the report into") as refused:
        room.expect_room(closed / name, "the report")
    assert str(closed / name) in str(refused.value)
    assert "name another folder" in str(refused.value)


def test_those_who_make_one_new_folder_at_once_all_may(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(room.expect_room, tmp_path / "new" / "r", "it") for _ in range(400)]
    assert [each.result() for each in asked] == [None] * 400


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "film.png").write_bytes(b"x")
    for name in ("film.png", "film.png/below"):
        with pytest.raises(DataError, match="Not a directory"):
            room.expect_room(tmp_path / name, "the report")
    assert (tmp_path / "film.png").read_bytes() == b"x"


def test_nobody_waits_for_networks_to_hear_of_a_place_or_film(
    tmp_path, closed, capsys, monkeypatch
):
    from kneeoa.__main__ import main

    def loaded(*_):
        raise AssertionError

    monkeypatch.setattr("kneeoa.commands.loading.graders", loaded)
    film = tmp_path / "a.png"
    film.touch()
    (tmp_path / "films" / "0").mkdir(parents=True)
    (tmp_path / "films" / "0" / "a.png").touch()
    refused = {
        ("grade", film, "--csv", closed / "t.csv"): "Expected to write the table t.csv into",
        ("grade", film, "--csv", ""): "Expected --csv to name a file",
        ("report", film, "--out", closed / "r"): "Expected to write the report into",
        ("report", film, "--out", film): "Expected a folder for the report",
        ("report", tmp_path / "none.png", "--out", tmp_path): "none.png cannot be opened",
        ("report", tmp_path, "--out", tmp_path): "is a folder",
        ("adapt", tmp_path / "films", "--out", closed / "p"): "Expected to write the profile into",
        ("adapt", tmp_path / "none", "--out", tmp_path / "p"): "Expected a folder of graded films",
        ("demo", closed / "films"): "Expected to write the films into",
    }
    for words, sentence in refused.items():
        assert main([str(word) for word in words]) == 2
        assert sentence in capsys.readouterr().err
