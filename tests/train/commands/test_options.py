"""Command lines -> commands: names, defaults, bounds, and the sentences where one does not fit."""

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta

from kneeoa.errors import ConfigError
from train.__main__ import main
from train.commands import options
from train.commands.away import Pack
from train.commands.from_fields import option, parsed
from train.commands.parser import COMMANDS, goes_on, parse
from train.config import Stage, TrainConfig

PLACES = ["--data", "d", "--out", "o"]


@dataclass(frozen=True, kw_only=True)
class Shared:
    TITLE = "what is shared"

    ratio: tuple[float, float] = option(("A", "B"), default=(1, 2))
    keep: Literal["best", "all"] = option(None, "what stays", "best")


@dataclass(frozen=True, kw_only=True)
class Sketch(Shared):
    """Do what is drawn here."""

    folder: Path = option("FOLDER", positional=True)
    times: Annotated[int, Meta(ge=1)] = option("N", "how often", 3)
    names: tuple[str, ...] = option("NAME", "of some")
    loud: bool = option(None, "be heard", False)
    one: str | None = option("A", default=None, exclusive=True)
    other: str | None = option("B", default=None, exclusive=True)
    words: tuple[str, ...] = option(rest=Shared)

    def __call__(self):
        return self.times


def sketch(*words):
    return parsed(Sketch, words, prog="python -m train sketch")


def test_fields_are_options():
    assert sketch("f", "--names", "a") == Sketch(folder=Path("f"), names=("a",), words=())
    given = sketch(
        *("--names", "a", "b", "--times=5", "--loud", "--ratio", "-1", ".5", "--keep", "all"),
        *("--one", "", "f", "--", "--times", "9"),
    )
    assert given == Sketch(
        folder=Path("f"),
        names=("a", "b"),
        times=5,
        loud=True,
        ratio=(-1, 0.5),
        keep="all",
        one="",
        words=("--times", "9"),
    )


def test_what_is_given_twice_is_what_was_given_last():
    assert sketch("f", "--names", "a", "b", "--names", "c").names == ("c",)


def test_a_name_that_is_no_utf_8_is_a_name():
    assert sketch("f\udcfcr", "--names", "\udcff").folder == Path("f\udcfcr")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("f", "required: --names. `python -m train sketch --help` says what can be given."),
        ("--names a", "required: FOLDER"),
        ("f --names", "--names: expected at least one argument"),
        ("f --names a --ratio 1", "--ratio: expected 2 arguments"),
        (
            "f --names a --times 0",
            "Expected --times to be a whole number, at least 1. Received: 0.",
        ),
        ("f --names a --times two", "Expected --times to be a whole number, at least 1."),
        ("f --names a --ratio 1 b", "Expected --ratio to be a number. Received: b."),
        ("f --names a --keep some", "Expected --keep to be best or all. Received: some."),
        ("f --names a --one 1 --other 2", "--other: not allowed with argument --one"),
        ("f --names a --tim 2", "There is no option --tim: did you mean --times?"),
        ("f --names a --words 2", "There is no option --words. `python -m train sketch --help`"),
        ("f g --names a", "Received more than is taken: g."),
    ],
)
def test_what_does_not_fit_is_refused_by_a_sentence(words, sentence):
    with pytest.raises(ConfigError) as refused:
        sketch(*words.split())
    assert sentence in str(refused.value)


def test_help_says_what_an_option_takes(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit):
        sketch("--help")
    told = capsys.readouterr().out
    assert "[--one A | --other B] [--ratio A B] [--keep {best,all}]" in told
    assert "Do what is drawn here." in told
    assert "--names NAME [NAME ...]" in told
    assert told.index("how often") < told.index("what is shared:") < told.index("what stays")
    assert "words" not in told


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help(name, capsys):
    assert main([name, "--help"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"usage: python -m train {name} [-h]")


def test_the_list_of_commands_names_each(capsys):
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    assert all(f"\n    {name}" in listed for name in COMMANDS)


@pytest.mark.parametrize("words", [[], ["nothing"], ["--foo"], ["stud"]])
def test_without_a_command_it_is_said_which_there_are(words, capsys):
    assert main(words) == 2
    assert "`python -m train --help` says what can be given" in capsys.readouterr().err


def test_settings_are_options_that_hold_only_what_is_given():
    fit = ["fit", *PLACES, "--architecture", "mobilenet"]
    assert parse(fit).changes == {}
    words = "--stages head:1,all:2:0.5 --horizontal-flip no --jpeg .5 --optimizer adamw"
    assert parse([*fit, *words.split()]).changes == {
        "stages": (Stage("head", 1), Stage("all", 2, 0.5)),
        "horizontal_flip": False,
        "jpeg": 0.5,
        "optimizer": "adamw",
    }
    with pytest.raises(ConfigError, match="--warmup to be a number, at least 0, below 1"):
        parse([*fit, "--warmup", "1"])


def test_every_setting_is_an_option():
    names = {field.name for field in fields(TrainConfig)}
    assert names - options.Changes.TYPES.keys() == {"architecture", "init", "preset", "seed"}


def test_places_of_a_cluster_are_absolute():
    study = parse(["study", *PLACES, "--predict", "p", "--split-file", "s.csv"])
    here = Path.cwd()
    assert (study.data, study.out) == (here / "d", here / "o")
    assert (study.predict, study.split_file) == ((here / "p",), here / "s.csv")
    assert parse(["publish", "r", "--architecture", "mobilenet", "--data", "d"]).data == Path("d")


def test_what_is_packed_are_the_words_behind_two_dashes():
    packed = parse(["pack", "f", "--finished", "r", "--", "--data", "d", "--cycles", "3"])
    assert packed == Pack(
        folder=Path.cwd() / "f",
        finished=Path.cwd() / "r",
        study=("--data", "d", "--cycles", "3"),
    )


def test_a_network_without_its_file_is_no_start(tmp_path, capsys):
    fit = ["fit", "--data", str(tmp_path), "--out", str(tmp_path), "--architecture", "mobilenet"]
    assert main([*fit, "--init", "mobilenet"]) == 2
    assert "There is no file mobilenet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("starts", "sentence"),
    [
        (["resnet50=b"], "Expected --init for mobilenet, which is what is trained."),
        (["mobilenet=a", "resnet50=b"], "Received one for resnet50."),
        (["mobilenet=a", "mobilenet=b"], "one --init for mobilenet. Received a and b"),
        (["imagenet", "none"], "one --init for all networks. Received imagenet and none"),
    ],
)
def test_starting_weights_that_nothing_starts_from_are_refused(starts, sentence):
    command = parse(["fit", *PLACES, "--architecture", "mobilenet", "--init", *starts])
    with pytest.raises(ConfigError) as refused:
        options.configs_of(command, ["mobilenet"])
    assert sentence in str(refused.value)


def test_each_network_has_its_own_start_or_that_of_all():
    command = parse(["study", *PLACES, "--init", "imagenet", "mobilenet=none"])
    configs = options.configs_of(command, command.architectures)
    assert {name: config.init for name, config in configs.items()} == {
        "mobilenet": "none",
        "resnet50": "imagenet",
    }


@pytest.mark.parametrize("words", [["study", "--at-once", "2"], ["study", "--cluster", "auto"]])
def test_a_study_that_needs_ray_says_so_before_it_looks_at_films(words, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main([*words, *PLACES, "--init", "none"]) == 2
    assert (
        f"Expected Ray for {' '.join(words[1:]).removesuffix(' auto')}" in capsys.readouterr().err
    )


def test_a_localiser_replaces_nothing_but_a_localiser(tmp_path, capsys):
    (tmp_path / "notes.txt").touch()
    locate = ["locate", "--data", "none", "--not-knees", "none", "--out"]
    for place in (tmp_path, tmp_path / "notes.txt"):
        assert main([*locate, str(place)]) == 2
        assert f"{place} is there and is none: name another." in capsys.readouterr().err
    for place in (tmp_path / "new", tmp_path):
        (tmp_path / "card.json").touch()
        assert main([*locate, str(place)]) == 2
        assert "is there" not in capsys.readouterr().err


def test_only_what_goes_on_says_so():
    for words in (["study"], ["fit", "--architecture", "mobilenet"]):
        assert goes_on(parse([*words, *PLACES]))
    assert not goes_on(parse(["rehearse", *PLACES]))
    assert not goes_on(parse(["evaluate", "m", "--data", "d"]))
    locate = ["locate", "--data", "d", "--not-knees", "n"]
    assert goes_on(parse(locate))
    assert goes_on(parse([*locate, "--only", "spoilt"]))
    assert not goes_on(parse([*locate, "--only-measure"]))
