"""The options of every command of ``python -m train``."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from kneeoa.errors import ConfigError
from kneeoa.graders.published import DEFAULT_MODELS
from kneeoa.networks import ARCHITECTURES
from train.commands import away, finished, groups, locating, signing, training
from train.config import PRESETS

DEFAULT_SOURCE = Path(__file__).parents[1] / "sources" / "chen2018.json"
DESCRIPTION = "Training of the two knee graders: studies, their tables, and what is published."
KEEP = ("best", "all", "none")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options, with what the command does as ``run``; refuse unknown ones by name."""
    parser, commands_of = _parser()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    study = []
    if arguments[:1] == ["pack"] and "--" in arguments:
        end = arguments.index("--")
        arguments, study = arguments[:end], arguments[end + 1 :]
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        known = sorted(
            option
            for action in commands_of[options.command]._actions
            for option in action.option_strings
            if option.startswith("--")
        )
        raise ConfigError(
            f"Expected options of `{options.command}` out of {', '.join(known)}. "
            f"Received: {' '.join(unknown)}."
        )
    if options.command == "pack":
        options.study = study
    return options


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(prog="python -m train", description=DESCRIPTION)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    made = {}

    def add(
        name: str, run: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        made[name] = subparsers.add_parser(
            name, help=text, description=run.__doc__, allow_abbrev=False
        )
        made[name].set_defaults(run=run)
        return made[name]

    data = add("data", training.data, "look at a folder of films, and split it by patient")
    data.add_argument("data", type=Path, metavar="DIR|CSV")
    data.add_argument("--out", type=Path, default=Path("split.csv"), metavar="FILE")
    groups.data_options(data)

    fit = add("fit", training.fit, "train one network once")
    fit.add_argument("--architecture", choices=ARCHITECTURES, required=True)
    fit.add_argument("--seed", type=groups.seed, default=0)
    groups.training_options(fit)

    study = add("study", training.study, "train independent cycles of both networks")
    study.add_argument(
        "--cycles", type=groups.count, default=10, metavar="N", help="seeds 0 to N-1"
    )
    study.add_argument(
        "--architectures", nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES)
    )
    study.add_argument("--study", metavar="NAME", help="by default from preset, settings and split")
    study.add_argument(
        "--keep", choices=KEEP, default="best", help="whose weights stay; best is by validation"
    )
    groups.training_options(study)
    study.add_argument(
        "--at-once",
        type=groups.count,
        metavar="N",
        help="cycles that share this machine; by default what a GPU holds, or one on a CPU",
    )
    groups.cluster_options(study)

    rehearse = add("rehearse", away.rehearse, "try a study in small before it is begun")
    rehearse.add_argument(
        "--architectures", nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES)
    )
    groups.training_options(rehearse)
    # What else a study is told counts for its length alone.
    for name in ("--cycles", "--study", "--keep", "--at-once"):
        rehearse.add_argument(name, help=argparse.SUPPRESS)

    pack = add("pack", away.pack, "pack a study for a rented machine")
    pack.set_defaults(parse=parse)
    pack.add_argument("folder", type=groups.path, metavar="FOLDER")
    pack.add_argument(
        "--finished", type=groups.path, metavar="RESULTS", help="runs of it that need no training"
    )
    pack.epilog = "After -- stand the options of `study`, without --out."

    tune = add("tune", training.tune, "search for settings by validation loss")
    tune.add_argument("--architecture", choices=ARCHITECTURES, required=True)
    tune.add_argument("--trials", type=groups.count, default=20, metavar="N")
    tune.add_argument("--epochs", type=groups.count, metavar="N", help="the most epochs of a trial")
    tune.add_argument("--study", metavar="NAME")
    tune.add_argument(
        "--storage", metavar="URL", help="any Optuna storage; by default SQLite in the study"
    )
    groups.training_options(tune, predict=False)
    groups.cluster_options(tune)

    anova = add("anova", training.anova, "write the tables of a study")
    anova.add_argument("results", type=Path, metavar="RESULTS")
    anova.add_argument("--study", required=True, metavar="NAME")

    tried = add("tried", finished.tried, "list what was tried, by validation films")
    tried.add_argument("results", type=Path, metavar="RESULTS")
    base = tried.add_mutually_exclusive_group()
    base.add_argument("--preset", choices=tuple(PRESETS), default="reference")
    base.add_argument("--study", metavar="NAME", help="name differences from its settings instead")
    tried.add_argument("--csv", type=Path, metavar="FILE")

    publish = add("publish", finished.publish, "export a finished run for the dashboard")
    publish.add_argument("results", type=Path, metavar="RESULTS")
    publish.add_argument("--architecture", choices=ARCHITECTURES, required=True)
    publish.add_argument("--data", type=Path, required=True, metavar="DIR|CSV")
    publish.add_argument("--run", dest="run_id", default="best", metavar="ID|best")
    publish.add_argument("--models", type=Path, default=DEFAULT_MODELS, metavar="DIR")
    publish.add_argument("--keras", action="store_true", help="write model.keras, too")
    publish.add_argument(
        "--source", type=Path, default=DEFAULT_SOURCE, metavar="FILE", help="what the data is"
    )
    groups.data_options(publish)

    soft = add("soft-targets", finished.soft_targets, "write what runs say of the training films")
    soft.add_argument("results", type=Path, metavar="RESULTS")
    soft.add_argument("--runs", nargs="+", required=True, metavar="ID")
    soft.add_argument("--data", type=Path, required=True, metavar="DIR|CSV")
    soft.add_argument("--csv", type=Path, required=True, metavar="FILE")
    groups.machine_options(soft)
    groups.data_options(soft)

    between = add("between", finished.between, "take the mean of a run and what it went on from")
    between.add_argument("results", type=Path, metavar="RESULTS")
    between.add_argument("--run", dest="run_id", required=True, metavar="ID")
    between.add_argument("--start", type=Path, required=True, metavar="ONNX")
    between.add_argument("--start-share", type=float, default=0.5, metavar="SHARE")
    between.add_argument("--data", type=Path, required=True, metavar="DIR|CSV")
    groups.predict_option(between)
    groups.machine_options(between)
    groups.data_options(between)

    both = add("together", finished.together, "publish the best of both networks together")
    both.add_argument("results", type=Path, metavar="RESULTS")
    both.add_argument("--data", type=Path, required=True, metavar="DIR|CSV")
    both.add_argument("--models", type=Path, default=DEFAULT_MODELS, metavar="DIR")
    both.add_argument("--limit-ms", type=float, default=100, metavar="MS", help="for one knee")
    both.add_argument(
        "--limit-mb", type=float, default=90, metavar="MB", help="of all published models"
    )
    both.add_argument(
        "--source", type=Path, default=DEFAULT_SOURCE, metavar="FILE", help="what the data is"
    )
    groups.data_options(both)

    locate = add("locate", locating.locate, "train and publish what finds knees in films")
    locate.add_argument("--data", type=Path, required=True, metavar="DIR|CSV")
    locate.add_argument(
        "--not-knees", type=Path, required=True, metavar="DIR", help="a folder a kind of picture"
    )
    locate.add_argument(
        "--elsewhere", type=Path, metavar="DIR", help="another hospital's films, to measure on"
    )
    place = locate.add_mutually_exclusive_group()
    place.add_argument("--out", type=Path, metavar="FOLDER", help="where model and card go")
    place.add_argument("--models", type=Path, default=DEFAULT_MODELS, metavar="DIR")
    locate.add_argument("--steps", type=groups.count, default=4000, metavar="N")
    locate.add_argument("--seed", type=groups.seed, default=0)
    locate.add_argument("--learning-rate", type=float, default=4e-3, metavar="RATE")
    locate.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="where the state is kept, to go on from"
    )
    locate.add_argument(
        "--start", type=Path, metavar="FILE", help="a finished training's checkpoint to begin with"
    )
    locate.add_argument("--threads", type=groups.count, default=1, metavar="N", help="of PyTorch")
    locate.add_argument(
        "--only-measure", action="store_true", help="put new figures on the published one's card"
    )
    locate.add_argument(
        "--source", type=Path, default=DEFAULT_SOURCE, metavar="FILE", help="what the data is"
    )
    groups.data_options(locate)

    sign = add("sign", signing.sign, "sign published models and their cards")
    sign.add_argument("models", type=Path, metavar="MODELS")
    sign.add_argument("--key", type=Path, required=True, metavar="FILE", help="a private key")

    key = add("new-key", signing.new_key, "make a key to sign published models with")
    key.add_argument("file", type=Path, metavar="FILE", help="where the private key goes")

    answer = add("answer", finished.answer, "add headline rule and sets to published cards")
    answer.add_argument("models", type=Path, metavar="MODELS")

    for name, command, summary in (
        ("evaluate", finished.evaluate, "measure the published models"),
        ("robustness", finished.robustness, "measure them on films changed in many ways"),
        ("maps", finished.maps, "measure how far their Grad-CAMs can be trusted"),
    ):
        measure = add(name, command, summary)
        measure.add_argument("models", type=Path, metavar="MODELS")
        measure.add_argument("--data", type=Path, required=True, metavar="DIR|CSV")
        measure.add_argument("--split", choices=("train", "val", "test"), default="test")
        measure.add_argument("--csv", type=Path, metavar="FILE")
        groups.data_options(measure)

    joint = add("jointspace", finished.joint_space, "measure how good joint space widths are")
    joint.add_argument("--data", type=Path, required=True, metavar="DIR|CSV")
    joint.add_argument("--models", type=Path, default=DEFAULT_MODELS, metavar="DIR")
    joint.add_argument("--split", choices=("train", "val", "test"), default="test")
    joint.add_argument("--csv", type=Path, metavar="FILE")
    groups.data_options(joint)
    return parser, made
