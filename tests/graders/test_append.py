"""``grade --append``: a table that was interrupted comes to hold what it would have held."""

import csv
import io
import shutil

import pytest
from PIL import Image

from kneeoa.__main__ import main
from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.graders.batch import ANYWAY, COLUMNS
from tests.support.profiles import profile_files

pytestmark = pytest.mark.usefixtures("networks_asked_once")


@pytest.fixture(scope="module")
def pictures():
    return [knee_png(grade, seed=grade) for grade in range(4)]


@pytest.fixture
def films(tmp_path, monkeypatch, pictures):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "films"
    folder.mkdir()
    for number, picture in enumerate(pictures):
        (folder / f"{number}.png").write_bytes(picture)
    return folder


def lines(file):
    return file.read_text("utf-8").splitlines(keepends=True)


def rows(file):
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8"), newline="")))


def grade(*arguments):
    return main(["grade", "films", "--csv", "t.csv", *arguments])


@pytest.mark.parametrize("cut", ["between films", "between rows", "within a row", "after the head"])
def test_an_interrupted_table_becomes_what_it_would_have_been(films, tmp_path, capsys, cut):
    assert grade() == 0
    table = tmp_path / "t.csv"
    whole = lines(table)
    kept = {
        "between films": "".join(whole[:5]),
        "between rows": "".join(whole[:4]),
        "within a row": "".join(whole[:4]) + whole[4][:20],
        "after the head": whole[0],
    }[cut]
    table.write_text(kept, "utf-8")
    capsys.readouterr()
    assert grade("--append") == 0
    assert lines(table) == whole
    said = capsys.readouterr().err
    assert ("1 film already in the table, 3 left" in said) == (cut != "after the head")


def test_without_a_table_one_is_begun(films, tmp_path):
    assert grade("--append") == 0
    assert len(rows(tmp_path / "t.csv")) == 8
    assert tuple(rows(tmp_path / "t.csv")[0]) == COLUMNS


def test_films_that_came_later_are_added_and_changed_ones_graded_anew(films, tmp_path, pictures):
    (films / "3.png").unlink()
    assert grade() == 0
    before = {row["file"]: row for row in rows(tmp_path / "t.csv")}
    (films / "3.png").write_bytes(pictures[3])
    (films / "0.png").write_bytes(knee_png(4, seed=9))
    (films / "4.png").write_text("not a film")
    assert grade("--append") == 1
    after = {row["file"]: row for row in rows(tmp_path / "t.csv")}
    assert len(rows(tmp_path / "t.csv")) == 10
    assert after["films/1.png"] == before["films/1.png"]
    assert after["films/0.png"]["sha256"] != before["films/0.png"]["sha256"]
    assert after["films/4.png"]["error"]
    # A film that could be read and was refused is not asked for again; the last one is.
    assert grade("--append") == 1
    assert len(rows(tmp_path / "t.csv")) == 10


def test_a_folder_that_was_moved_is_known_by_its_films(films, tmp_path, capsys):
    assert grade() == 0
    shutil.move(films, tmp_path / "elsewhere")
    assert main(["grade", "elsewhere", "--csv", "t.csv", "--append"]) == 0
    assert "3 films already in the table, 1 left" in capsys.readouterr().err
    names = [row["file"] for row in rows(tmp_path / "t.csv")]
    assert names[::2] == ["films/0.png", "films/1.png", "films/2.png", "elsewhere/3.png"]


def test_rows_of_films_that_are_not_asked_for_stay(films, tmp_path):
    assert main(["grade", "films/0.png", "--csv", "t.csv"]) == 0
    assert main(["grade", "films/1.png", "--csv", "t.csv", "--append"]) == 0
    assert [row["file"] for row in rows(tmp_path / "t.csv")][::2] == ["films/0.png", "films/1.png"]


def test_twins_in_two_folders_have_their_rows_each(films, tmp_path):
    (films / "twins").mkdir()
    shutil.copy(films / "0.png", films / "twins" / "0.png")
    assert main(["grade", "films/0.png", "films/1.png", "--csv", "t.csv"]) == 0
    assert grade("--append") == 0
    names = [row["file"] for row in rows(tmp_path / "t.csv")]
    assert names.count("films/0.png") == names.count("films/twins/0.png") == 2


def test_what_was_refused_in_another_folder_is_not_left_beside_its_grade(films, tmp_path):
    Image.fromarray(draw_knee(1, seed=3, side=512)[::-1]).save(films / "0.png")
    (films / "twins").mkdir()
    shutil.copy(films / "0.png", films / "twins" / "0.png")
    assert grade() == 1
    shutil.move(films, tmp_path / "elsewhere")
    again = ["grade", "elsewhere/0.png", "elsewhere/3.png"]
    again += ["--csv", "t.csv", "--append", "--grade-anyway"]
    assert main(again) == 1
    refused = [row["file"] for row in rows(tmp_path / "t.csv") if row["error"]]
    assert len(refused) == 2  # the twin that is not asked for keeps its rows
    again.insert(1, "elsewhere/twins")
    assert main(again) == 0
    names = [row["file"] for row in rows(tmp_path / "t.csv")]
    assert len(names) == 10
    assert not any(row["error"] for row in rows(tmp_path / "t.csv"))


def test_grades_of_others_are_not_put_together(films, tmp_path, capsys):
    assert grade() == 0
    before = lines(tmp_path / "t.csv")
    assert grade("--append", "--together") == 2
    (tmp_path / "profile").mkdir()
    for name, content in profile_files().items():
        (tmp_path / "profile" / name).write_bytes(content)
    assert grade("--append", "--profile", "profile") == 2
    said = capsys.readouterr().err
    assert said.count("Expected a table by the same networks, profile and options") == 2
    assert lines(tmp_path / "t.csv") == before


def test_what_was_refused_is_graded_once_that_is_asked_for_and_not_the_other_way(
    films, tmp_path, capsys
):
    Image.fromarray(draw_knee(1, seed=3, side=512)[::-1]).save(films / "1.png")
    assert grade() == 1
    table = tmp_path / "t.csv"
    assert [row["file"] for row in rows(table) if row["error"]] == ["films/1.png"] * 2
    assert grade("--append", "--grade-anyway") == 0
    assert len(rows(table)) == 8
    assert not any(row["error"] for row in rows(table))
    graded = [row for row in rows(table) if row["warning"].startswith(ANYWAY)]
    assert [row["file"] for row in graded] == ["films/1.png"] * 2
    assert all(row["grade"] for row in graded)
    before = lines(table)
    assert grade("--append") == 2
    assert "Expected a table by the same networks, profile and options" in capsys.readouterr().err
    assert lines(table) == before


def test_what_is_no_table_of_these_columns_is_not_gone_on_with(films, tmp_path, capsys):
    for content in ("Dear colleague", "file,architecture,grade,p0\n"):
        (tmp_path / "t.csv").write_text(content)
        assert grade("--append") == 2
        assert (tmp_path / "t.csv").read_text() == content
    assert "It has other columns" in capsys.readouterr().err
    assert main(["grade", "films", "--append"]) == 2
    assert "name it with --csv" in capsys.readouterr().err
