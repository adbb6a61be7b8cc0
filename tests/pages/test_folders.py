"""Folders of the server on the pages: those that its owner named, ordinary files, no way out."""

import os
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.adaptation import films as own_films
from kneeoa.adaptation.listing import Listed, list_films
from kneeoa.data.film_folder import open_folder
from kneeoa.errors import DataError, RadiographError
from kneeoa.files import read_regular
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.teaching.films import read_set
from pages.shared import cached
from tests.support.graded_films import write_film, write_flat, write_tree
from tests.support.places import MAIN_SCRIPT
from tests.support.research import write_study

SECRET = "root:x:0:0:secret"


@pytest.fixture
def named(tmp_path, monkeypatch):
    """A folder that the owner named, with a data set in it, beside one that nobody named."""
    root = tmp_path / "named"
    write_tree(root / "knees")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.csv").write_text(SECRET)
    write_flat(tmp_path / "elsewhere" / "films", 3)
    monkeypatch.setenv("KNEEOA_OWN_FILMS", str(root))
    monkeypatch.setenv("KNEEOA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    write_study(tmp_path / "results", cycles=1)
    monkeypatch.setenv("KNEEOA_RESULTS", str(tmp_path / "results"))
    cached._offered.clear()
    return root


def opened(page):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()
    return app.switch_page(f"{page}/page.py").run()


def checked(label):
    app = opened("data")
    app.selectbox(key="own").select(label)
    (button,) = (one for one in app.button if one.proto.is_form_submitter)
    button.click().run()
    assert not app.exception
    return app


def said(app):
    parts = (app.error, app.success, app.markdown, app.warning)
    return " ".join(one.value for part in parts for one in part)


def test_a_data_set_is_chosen_and_never_typed(named):
    app = opened("data")
    assert app.selectbox(key="own").options == ["named/knees"]
    assert len(app.text_input) == 0
    assert "It can be trained on" in said(checked("named/knees"))


def test_nothing_is_offered_where_nobody_named_a_folder(named, monkeypatch):
    monkeypatch.delenv("KNEEOA_OWN_FILMS")
    app = opened("data")
    assert app.selectbox(key="own").options == []
    assert app.selectbox(key="own").disabled


@pytest.mark.parametrize(
    "place", ["knees/train/0/x.png", "knees/train/1", "knees/auto_test", "knees/val/0/a"]
)
def test_no_link_leads_out(named, place):
    link = named / place
    if link.is_dir():
        shutil.rmtree(link)
    link.symlink_to(named.parent / "elsewhere" / ("films/0" if "." not in place else "secret.csv"))
    app = checked("named/knees")
    assert "link that leads out" in said(app)
    assert "secret:" not in said(app)
    assert not app.success


def test_a_link_inside_is_fine_until_what_it_leads_to_leads_out(named):
    shutil.move(named / "knees/train/1", named / "ones")
    (named / "knees/train/1").symlink_to(named / "ones")
    (named / "ones/round").symlink_to(named / "ones")
    assert "It can be trained on" in said(checked("named/knees"))
    (named / "ones/999L.png").symlink_to(named.parent / "elsewhere/films/0/100L.png")
    app = checked("named/knees")
    assert "999L.png is a link that leads out" in said(app).replace("\\", "")
    assert not app.success


def test_what_was_drawn_or_bends_the_checks_is_said_with_them(named):
    shutil.rmtree(named / "knees")
    write_flat(named / "knees")
    for place, name in enumerate(("pat_L", "PAT_R", "scan")):
        write_film(named / f"knees/0/{name}.png", 1000 + place)
    app = checked("named/knees")
    (warning,) = (one.value.replace("\\", "") for one in app.warning)
    assert "names of 1 of 43 films do not tell the patient" in warning
    assert "PAT in " in warning and "capital letters" in warning
    assert "Division of the films: drawn by patient" in said(app).replace("\\", "")
    assert "Every film could be read" in said(app)


def test_unreadable_films_that_are_not_named_are_counted(named):
    for number in range(22):
        (named / f"knees/val/0/{900 + number}L.png").write_bytes(b"no film")
    text = said(checked("named/knees")).replace("\\", "")
    assert text.count("Unreadable: val/0/9") == 20
    assert "Unreadable: 2 more, 22 films in all" in text


def test_pipes_and_devices_are_no_films(named):
    os.mkfifo(named / "knees/train/0/pipe.png")
    os.mkfifo(named / "knees/train/0/pipe")
    (named / "knees/val/0" / os.fsdecode(b"\xff.png")).write_bytes(b"x")
    app = checked("named/knees")
    assert "It can be trained on" in said(app)
    assert "names are not in UTF\\-8\\: 1" in said(app)


ODD = ("pipe", "device", "process", "way out", "huge")


def odd(kind, place, outside):
    """Put something at `place` that is no film of its folder."""
    place.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "device":
        place.symlink_to("/dev/zero")
    elif kind == "process":
        place.symlink_to("/proc/self/environ")
    elif kind == "way out":
        place.symlink_to(outside)
    else:
        with place.open("wb") as stream:
            stream.truncate(DEFAULT_LIMITS.max_bytes + 1)


@pytest.mark.parametrize("kind", ODD)
def test_films_of_pages_are_ordinary_files_of_their_folder(tmp_path, kind):
    folder = write_flat(tmp_path / "flat")
    outside = write_film(tmp_path / "outside.png", 1)
    films, taught = open_folder(folder), read_set(folder)
    name, file = next(iter(films.files.items()))
    odd(kind, file, outside)
    for read in (films.read, taught.read):
        with pytest.raises(DataError, match=r"no ordinary file|leads out|more than 100 MB"):
            read(name)


@pytest.mark.parametrize("kind", ODD)
def test_a_hospitals_own_films_are_ordinary_files(tmp_path, kind):
    folder = write_flat(tmp_path / "flat", 3)
    listed, _ = list_films(folder, inside=folder)
    odd(kind, listed[0].file, write_film(tmp_path / "outside.png", 1))
    again, _ = list_films(folder, inside=folder)
    assert listed[0].name not in {one.name for one in again} or kind == "huge"
    if kind not in ("way out", "process"):
        with pytest.raises(RadiographError, match=r"no ordinary file|more than 100 MB"):
            own_films.read(listed[0])


def test_a_table_that_never_ends_is_not_read(tmp_path):
    write_film(tmp_path / "a.png", 1)
    os.mkfifo(tmp_path / "grades.csv")
    with pytest.raises(DataError, match="no ordinary file"):
        list_films(tmp_path)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path):
    file = tmp_path / "grows"
    file.write_bytes(b"x" * 11)
    assert read_regular(file, 11) == b"x" * 11
    with pytest.raises(OSError, match="more than 0 MB"):
        read_regular(file, 10)
    with pytest.raises(OSError, match="no ordinary file"):
        read_regular(Path("/dev/null"), 10)


def test_names_that_nobody_can_read_are_left_out(tmp_path):
    folder = write_flat(tmp_path / "flat", 3)
    for name in (os.fsdecode(b"\xff\xfe.png"), "a\u202eb.png", "a\nb.png"):
        shutil.copy(next((folder / "0").iterdir()), folder / "0" / name)
    taught = read_set(folder)
    assert all(name.isprintable() for name in taught.films)
    assert any("cannot" in note for note in taught.left_out)
    listed, left_out = list_films(folder)
    assert all(one.name.isprintable() for one in listed)
    assert len(left_out) == 3
    for one in left_out:
        one.name.encode()
    assert isinstance(listed[0], Listed)
