"""What commands of training print: help with meanings, tables that a terminal holds."""

import math

import pandas as pd
import pytest

from kneeoa import __version__
from kneeoa.records.tried import COLUMNS
from tests.support.graded_films import write_film
from train.__main__ import main
from train.commands import options, tables
from train.commands.from_fields import meanings
from train.config import TrainConfig
from train.run.progress import Progress
from train.study.board import Board


def help_of(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main([command, "--help"]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_help_has_meanings_and_defaults_and_says_where_there_is_more(capsys, monkeypatch):
    told = help_of("fit", capsys, monkeypatch)
    assert "--data DIR|CSV a folder of graded films, or a CSV that lists them" in told
    assert "--out RESULTS the folder of results" in told
    assert "; by default paper" in told
    # Without it a command asks another host.
    assert "imagenet, which Keras downloads (the default, but of smoke)" in told
    assert "--split-seed SEED of a split that is drawn; by default 0" in told
    assert "--patience VALUE epochs without a lower validation loss; a whole number" in told
    assert "docs/training.md" in told


@pytest.mark.parametrize("command", ["data", "study"])
def test_help_has_no_marks_of_documentation(command, capsys, monkeypatch):
    assert "`" not in help_of(command, capsys, monkeypatch)


def test_every_setting_has_a_meaning():
    assert options.Changes.TYPES.keys() <= meanings(TrainConfig).keys()


def test_it_says_its_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"kneeoa {__version__}\n"


def test_what_was_tried_fits_a_terminal_and_names_no_deviation_of_one_seed():
    changed = ", ".join(f"setting_{n} {n}" for n in range(40))
    numbers = (0.661, 0.77, 0.445, 0.807)
    rows = [
        ("MobileNet", changed, 1, *numbers, math.nan, math.nan, 26.4, "a"),
        ("MobileNet", "nothing", 5, *numbers, 0.005, 0.002, 26.4, "a b c d e"),
    ]
    lines = tables.of_tried(pd.DataFrame(rows, columns=list(COLUMNS))).splitlines()
    assert lines[0] == "MobileNet"
    assert max(map(len, lines)) <= 100
    assert "nan" not in "".join(lines).lower()
    assert lines[2].split()[:6] == ["1", "66.1%", "0.770", "0.445", "0.807", "26"]
    several = " ".join(lines[-1].split())
    assert several == "5 66.1% (0.5%) 0.770 0.445 0.807 (0.002) 26 nothing"
    assert " ".join(" ".join(lines[2:-1]).split()).endswith("setting_39 39")


def test_films_that_are_too_few_are_said_once_and_not_to_be_split_again(tmp_path, capsys):
    for number, grade in enumerate((0, 1, 2)):
        write_film(tmp_path / "films" / str(grade) / f"{number}.png", number)
    assert main(["data", str(tmp_path / "films"), "--out", str(tmp_path / "s.csv")]) == 2
    told = capsys.readouterr()
    assert (tmp_path / "s.csv").exists()
    assert told.out.count("could not be learned: add some.") == 1
    assert "--resplit" not in told.out + told.err
    assert told.err.count("\n") == 1
    assert "The table is written" in told.err


def test_a_slow_or_short_run_has_numbers_that_are_not_nought():
    board = Board(None, "one", quiet=True)
    board.add("a", "mobilenet", 0, "waiting", epochs=2)
    board.update("a", Progress(1, 2, 1.0, 1, seconds_per_epoch=9, images_per_second=0.42))
    assert board.line("a").endswith("| 0.4 images/s | less than a minute left at most")
    board.update("a", Progress(1, 2, 1.0, 1, seconds_per_epoch=95, images_per_second=123.4))
    assert board.line("a").endswith("| 123 images/s | 2 min left at most")
