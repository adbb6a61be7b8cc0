"""A table is written where a person says, and over nothing else that she keeps."""

from pathlib import Path

import pandas as pd
import pytest

from kneeoa import tables
from kneeoa.errors import DataError

TABLE = pd.DataFrame({"file": ["=a"], "grade": [1], "error": [""]})
COLUMNS = list(TABLE)
FULL = Path("/dev/full")


def test_an_older_table_is_replaced(tmp_path):
    file = tmp_path / "deep" / "table.csv"
    tables.write(file, TABLE)
    tables.write(file, TABLE.assign(more=1))
    assert file.read_text() == "file,grade,error,more\n'=a,1,,1\n"
    tables.write(file, TABLE)
    (tmp_path / "empty.csv").touch()
    tables.write(tmp_path / "empty.csv", TABLE)


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n", b"name,age\n", b"\n", b"file,grade\n", b"\xff\xfe", b"file"]
)
def test_what_is_no_table_of_these_columns_is_left_as_it_is(tmp_path, content):
    file = tmp_path / "film.png"
    file.write_bytes(content)
    with pytest.raises(DataError, match="holds something else"):
        tables.write(file, TABLE)
    with pytest.raises(DataError, match="holds something else"), tables.opened(file, COLUMNS):
        pass
    assert file.read_bytes() == content


def test_a_source_is_not_written_over_by_whatever_name(tmp_path):
    source = tmp_path / "list.csv"
    source.write_text("file,grade,error\n")
    (tmp_path / "link.csv").symlink_to(source)
    for name in ("list.csv", "link.csv", "../" + tmp_path.name + "/list.csv"):
        with pytest.raises(DataError, match="one of the films"):
            tables.expect_ours(tmp_path / name, COLUMNS, sources=[tmp_path / "none", source])


@pytest.mark.parametrize("name", ["no/such/folder.csv", "x" * 300, "."])
def test_a_place_that_cannot_be_written_is_said(tmp_path, name):
    with pytest.raises(DataError, match="Expected to write the table"):
        tables.expect_room(tmp_path / name, COLUMNS)


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
def test_a_full_disk_is_said_while_rows_are_written():
    with (
        pytest.raises(DataError, match="No space left"),
        tables.opened(FULL, COLUMNS) as stream,
    ):
        stream.write("file\n")
