"""Files and folders are written whole or not at all, and a full disk has a sentence."""

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from kneeoa import files
from kneeoa.errors import DataError, DiskFullError, KneeOAError

OURS = ("old-kneeoa", "kneeoa-abc", "kneeoa-def")
FULL = OSError(errno.ENOSPC, "No space left on device")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_as_a_whole_and_can_be_read_by_others(tmp_path):
    file = tmp_path / "deep" / "table.csv"
    files.replace_file(file, "old\n")
    with files.whole_file(file, durable=True) as stream:
        stream.write("neu: ü\n".encode())
        assert file.read_text("utf-8") == "old\n"
    assert file.read_text("utf-8") == "neu: ü\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert names(file.parent) == ["table.csv"]


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    file = tmp_path / "table.csv"
    files.replace_file(file, "old\n")
    with (
        pytest.raises(DiskFullError, match=r"is full.*same command"),
        files.whole_file(file) as half,
    ):
        half.write(b"ne")
        raise FULL
    with pytest.raises(KeyboardInterrupt), files.whole_file(file):
        raise KeyboardInterrupt
    assert file.read_text() == "old\n"
    assert names(tmp_path) == ["table.csv"]


def test_other_troubles_of_a_disk_stay_what_they_are(tmp_path):
    with pytest.raises(PermissionError), files.whole_file(tmp_path / "a"):
        raise PermissionError(errno.EACCES, "no")
    assert issubclass(DiskFullError, KneeOAError)
    assert not issubclass(DiskFullError, DataError)


def test_a_folder_appears_with_all_that_is_in_it(tmp_path):
    folder = tmp_path / "runs" / "one"
    with files.whole_folder(folder) as beside:
        (beside / "a").write_text("1")
        assert not folder.exists()
    assert (folder / "a").read_text() == "1"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    with pytest.raises(OSError, match=r"."), files.whole_folder(folder) as beside:
        (beside / "a").write_text("2")
    assert (folder / "a").read_text() == "1"
    assert names(folder.parent) == ["one"]


def test_a_folder_is_replaced_or_left_as_it_was(tmp_path):
    folder = tmp_path / "model"
    for content in "12":
        with files.whole_folder(folder, replace=True) as beside:
            (beside / "a").write_text(content)
        assert (folder / "a").read_text() == content
    with pytest.raises(DiskFullError), files.whole_folder(folder, replace=True):
        raise FULL
    assert (folder / "a").read_text() == "2"
    assert names(tmp_path) == ["model"]


def test_what_a_killed_process_left_is_put_right(tmp_path):
    folder = tmp_path / "model"
    aside, begun, young = (tmp_path / f".model.{name}" for name in OURS)
    for left in (aside, begun, young):
        left.mkdir()
        (left / "a").write_text(left.name)
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(begun, (long_ago, long_ago))
    # Killed between the two renames, the only copy is the one put aside.
    with pytest.raises(DiskFullError), files.whole_folder(folder, replace=True):
        raise FULL
    assert (folder / "a").read_text() == ".model.old-kneeoa"
    # Another process may still be at the young one.
    assert names(tmp_path) == [".model.kneeoa-def", "model"]


@pytest.mark.parametrize("replace", [True, False])
def test_what_others_keep_beside_a_folder_is_theirs(tmp_path, replace):
    theirs = [tmp_path / name for name in (".two.old", ".two.backup", ".t.kneeoa-a")]
    long_ago = time.time() - 2 * 24 * 3600
    for place in theirs:
        place.mkdir()
        os.utime(place, (long_ago, long_ago))
    for name in ("two", "t[wo]", "*"):
        with files.whole_folder(tmp_path / name, replace=replace):
            pass
    assert names(tmp_path) == sorted(["two", "t[wo]", "*", *(place.name for place in theirs)])


def test_what_was_put_aside_to_be_replaced_is_not_put_back_as_a_new_folder(tmp_path):
    (tmp_path / ".two.old-kneeoa").mkdir()
    with files.whole_folder(tmp_path / "two") as beside:
        assert not (tmp_path / "two").exists()
        (beside / "a").touch()
    assert names(tmp_path / "two") == ["a"]


@pytest.mark.parametrize("replace", [True, False])
def test_stopped_right_after_its_last_step_a_folder_is_whole(tmp_path, monkeypatch, replace):
    folder, rename = tmp_path / "model", Path.rename
    if replace:
        folder.mkdir()

    def stopped(self, target):
        rename(self, target)
        if target == folder:
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", stopped)
    with (
        pytest.raises(KeyboardInterrupt),
        files.whole_folder(folder, replace=replace) as beside,
    ):
        (beside / "a").touch()
    assert names(folder) == ["a"]
    assert names(tmp_path) == ["model"]


def test_an_empty_cell_of_a_table_is_missing_and_nothing_else_is(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("name,value\nNA,1\n,\nnull,2.5\n")
    table = files.read_table(file, ("name", "value"), numbers=("value",), texts=("name",))
    assert table["name"].fillna("-").tolist() == ["NA", "-", "null"]
    assert table["value"].fillna(-1).tolist() == [1, -1, 2.5]
    file.write_text("name,value\na,none\n")
    with pytest.raises(DataError, match="Expected numbers in the column value"):
        files.read_table(file, ("name", "value"), numbers=("value",), texts=("name",))
