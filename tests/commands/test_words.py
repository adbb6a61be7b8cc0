"""What the command line says besides its tables and files."""

import shutil

import pytest

from kneeoa import __version__
from kneeoa.__main__ import main
from kneeoa.films.phantom import DEMO_NAMES, knee_png
from kneeoa.graders.published import DEFAULT_MODELS

pytestmark = pytest.mark.usefixtures("networks_asked_once")


@pytest.fixture(autouse=True)
def stay(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def film(tmp_path):
    (tmp_path / "a.png").write_bytes(knee_png(2, seed=1))
    return "a.png"


def test_it_says_its_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"kneeoa {__version__}\n"


def test_drawn_films_can_be_had_to_try_it_on_and_nothing_is_overwritten(tmp_path, capsys):
    assert main(["demo", "films"]) == 0
    told = capsys.readouterr()
    assert told.out == "6 drawn films in films\n"
    assert "a drawing may get another grade" in told.err
    assert {file.name for file in (tmp_path / "films").iterdir()} == set(DEMO_NAMES)
    kept = tmp_path / "films" / DEMO_NAMES[0]
    kept.write_text("mine")
    (tmp_path / "films" / DEMO_NAMES[1]).unlink()
    assert main(["demo", "films"]) == 2
    assert f"has {DEMO_NAMES[0]} already" in capsys.readouterr().err
    assert kept.read_text() == "mine"
    assert not (tmp_path / "films" / DEMO_NAMES[1]).exists()


def test_drawing_that_is_stopped_leaves_no_film(tmp_path, monkeypatch, capsys):
    from kneeoa.films import phantom

    drawn = iter([b"a film", KeyboardInterrupt])

    def draw(_name):
        film = next(drawn)
        if film is KeyboardInterrupt:
            raise film
        return film

    with monkeypatch.context() as patched:
        patched.setattr(phantom, "demo_film", draw)
        assert main(["demo", "films"]) == 130
    assert not (tmp_path / "films").exists()
    assert main(["demo", "films"]) == 0


def test_why_films_were_not_graded_is_said_where_the_table_goes_to_a_file(tmp_path, capsys):
    for number in range(5):
        (tmp_path / f"{number}.png").write_text("no film")
    assert main(["grade", "0.png", "--csv", "t.csv"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "kneeoa: 1 of 1 film could not be graded."
    assert said[1].startswith("kneeoa: 0.png: Expected PNG, JPEG, TIFF or DICOM. Received text")
    assert main(["grade", *(f"{n}.png" for n in range(5)), "none.png", "--csv", "t.csv"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "kneeoa: 6 of 6 films could not be graded."
    assert said[1].startswith("kneeoa: 0.png and 4 more: Expected PNG")
    assert said[2].startswith("kneeoa: none.png: ")
    assert len(said) == 3


def test_a_table_that_is_gone_on_with_says_what_is_graded_again_and_what_failed(
    tmp_path, film, capsys
):
    (tmp_path / "0.png").write_text("no film")
    assert main(["grade", "0.png", film, "--csv", "t.csv"]) == 1
    capsys.readouterr()
    assert main(["grade", "0.png", film, "--csv", "t.csv", "--append"]) == 1
    said = capsys.readouterr().err
    assert "1 film already in the table, 1 left. The table's last film is graded again" in said
    assert "1 film in the table could not be graded before" in said


def test_where_models_should_be_is_said(tmp_path, film, capsys):
    assert main(["grade", film, "--models", str(tmp_path / "none")]) == 2
    assert "none is no folder" in capsys.readouterr().err
    assert main(["grade", film, "--models", str(DEFAULT_MODELS / "mobilenet")]) == 2
    said = capsys.readouterr().err
    assert f"is the folder of one network. Name the one above it, {DEFAULT_MODELS}." in said


def test_a_localiser_that_is_borrowed_is_said(tmp_path, film, capsys):
    models = tmp_path / "models"
    shutil.copytree(DEFAULT_MODELS, models)
    shutil.rmtree(models / "localiser")
    assert main(["grade", film, "--models", str(models)]) == 0
    said = capsys.readouterr().err
    assert "were changed after they were signed" in said
    assert f"{models} has no folder localiser: knees are looked for by the one in" in said


@pytest.mark.parametrize("words", [["grade"], ["report"], ["adapt"], ["pacs"], ["cases"], ["demo"]])
def test_what_has_to_be_given_stands_in_the_usage_by_that_name(words, capsys):
    assert main(words) == 2
    missing = capsys.readouterr().err.partition("required: ")[2].partition(". `")[0].split(", ")
    assert main([*words, "--help"]) == 0
    usage = capsys.readouterr().out.partition("\n\n")[0]
    assert missing
    assert all(name in usage for name in missing)
