"""Options that several commands of ``python -m train`` have in common."""

import argparse
from functools import partial
from pathlib import Path

from train.commands.settings import SETTABLE, parse_field
from train.config import PRESETS
from train.machine import PRECISIONS


def count(text: str, least: int = 1) -> int:
    """Return a whole number from `least` on; for argparse."""
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least} on, not {text}")
    return int(text)


def seed(text: str) -> int:
    """Return a whole number from 0 on; for argparse."""
    return count(text, least=0)


def path(text: str) -> Path:
    """Absolute, because a machine of a cluster works in another folder."""
    return Path(text).absolute()


def predict_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--predict``."""
    parser.add_argument(
        "--predict",
        type=path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="also predict these folders of films without grades",
    )


def data_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the films are and who is in which split."""
    group = parser.add_argument_group("films")
    group.add_argument("--split-file", type=path, metavar="CSV", help="who is where")
    group.add_argument(
        "--resplit", action="store_true", help="split anew, whatever the folders or the CSV say"
    )
    group.add_argument(
        "--ratios", type=float, nargs=3, default=(70, 15, 15), metavar=("TRAIN", "VAL", "TEST")
    )
    group.add_argument("--split-seed", type=seed, default=0)
    group.add_argument(
        "--patient-pattern", metavar="REGEX", help="of file names, with a group named patient"
    )
    group.add_argument(
        "--max-unreadable", type=float, default=0.01, metavar="SHARE", help="that may be left out"
    )
    group.add_argument("--films", type=count, metavar="N", help="rehearse on N films of a split")


def training_options(parser: argparse.ArgumentParser, *, predict: bool = True) -> None:
    """Add the options of a command that trains."""
    parser.add_argument("--data", type=path, required=True, metavar="DIR|CSV")
    parser.add_argument("--out", type=path, required=True, metavar="RESULTS")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="paper")
    parser.add_argument(
        "--preset-from", nargs="+", default=[], metavar="STUDY", help="the best of a tuning study"
    )
    parser.add_argument(
        "--init",
        nargs="+",
        default=[],
        metavar="[NETWORK=]FILE",
        help="starting weights: imagenet, none, or a file (mobilenet=m.npz resnet50=r.npz)",
    )
    if predict:
        predict_option(parser)
    settings = parser.add_argument_group("settings of the preset")
    for name in SETTABLE:
        settings.add_argument(
            f"--{name.replace('_', '-')}",
            type=partial(parse_field, name),
            metavar="VALUE",
        )
    machine_options(parser)
    data_options(parser)


def machine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is trained on."""
    machine = parser.add_argument_group("machine")
    machine.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    machine.add_argument("--precision", choices=PRECISIONS, default="auto")
    machine.add_argument(
        "--nondeterministic", action="store_true", help="faster on GPUs; a seed may then vary"
    )
    parser.set_defaults(cluster=None)


def cluster_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of many machines."""
    group = parser.add_argument_group("many machines (Ray)")
    group.add_argument("--cluster", metavar="auto|ADDRESS")
    group.add_argument("--cpus-per-run", type=count, default=4, metavar="N")
