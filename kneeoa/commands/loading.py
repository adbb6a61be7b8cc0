"""What several commands load and show: the networks, and how far they are."""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kneeoa import terminal

if TYPE_CHECKING:
    from tqdm import tqdm

    from kneeoa.graders.cards.signature import Signature
    from kneeoa.graders.grading import Graders
    from kneeoa.graders.profile import Profile

NAME = "kneeoa"


def add_networks(parser: argparse.ArgumentParser, *, profile: bool = True) -> None:
    """Add the options that say which networks grade, and under which profile."""
    parser.add_argument(
        "--models",
        type=terminal.path,
        metavar="DIR",
        help="another folder of published models, with mobilenet and resnet50 in it",
    )
    if profile:
        parser.add_argument(
            "--profile", type=terminal.path, metavar="PROFILE", help="a folder written by adapt"
        )


def graders(options: argparse.Namespace, profile: "Profile | None" = None) -> "Graders":
    """Load the published networks; say where nobody known stands for them, or one is borrowed."""
    from kneeoa.graders.grading import Graders, folders_of
    from kneeoa.graders.published import DEFAULT_MODELS

    models = options.models or DEFAULT_MODELS
    loaded = Graders(models, profile=profile)
    if warning := signature(options).warning:
        terminal.say(NAME, warning)
    if len(folders_of(models)) > 1:
        terminal.say(
            NAME,
            f"{models} has no folder localiser: knees are looked for by the one in "
            f"{DEFAULT_MODELS}.",
        )
    return loaded


def signature(options: argparse.Namespace) -> "Signature":
    """Return who stands for the models."""
    from kneeoa.graders.cards import signature
    from kneeoa.graders.grading import folders_of
    from kneeoa.graders.published import DEFAULT_MODELS

    keys = signature.keys_in(os.environ.get("KNEEOA_TRUSTED_KEYS"))
    return signature.signature_of(folders_of(options.models or DEFAULT_MODELS), keys=keys)


def bar(films: Iterable[Path] | None, count: int) -> "tqdm[Path]":
    """Return `films` with a progress bar, where somebody looks: in a log it would be noise."""
    from tqdm import tqdm

    watched = sys.stderr is not None and sys.stderr.isatty()
    return tqdm(films, total=count, unit="film", dynamic_ncols=True, disable=not watched)
