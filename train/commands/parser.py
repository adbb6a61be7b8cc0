"""The commands of ``python -m train``, and which of them a command line asks for."""

import sys

from kneeoa import __version__
from kneeoa.terminal import Parser
from train.commands import away, finished, locating, signing, training
from train.commands.from_fields import EPILOG, Command, parsed, plain

PROGRAM = "python -m train"
DESCRIPTION = "Training of the two knee graders: studies, their tables, and what is published."
COMMANDS: dict[str, type[Command]] = {
    "data": training.Data,
    "fit": training.Fit,
    "study": training.Study,
    "rehearse": away.Rehearse,
    "pack": away.Pack,
    "tune": training.Tune,
    "anova": training.Anova,
    "tried": finished.Tried,
    "publish": finished.Publish,
    "soft-targets": finished.SoftTargets,
    "between": finished.Between,
    "together": finished.Together,
    "locate": locating.Locate,
    "sign": signing.Sign,
    "new-key": signing.NewKey,
    "answer": signing.Answer,
    "evaluate": finished.Evaluate,
    "robustness": finished.Robustness,
    "maps": finished.Maps,
    "jointspace": finished.JointSpace,
}


def goes_on(command: Command) -> bool:
    """Return whether the same command, given again after it was stopped, begins where it was."""
    return getattr(command, "goes_on", False)


def parse(arguments: list[str] | None) -> Command:
    """Return the command that is asked for, with its options."""
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] in COMMANDS:
        return parsed(COMMANDS[words[0]], words[1:], prog=f"{PROGRAM} {words[0]}")
    parser = Parser(prog=PROGRAM, description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"kneeoa {__version__}")
    listed = parser.add_subparsers(metavar="COMMAND", required=True, dest="command")
    for name, command in COMMANDS.items():
        listed.add_parser(name, help=plain(command.__doc__ or ""))
    parser.parse_args(words)
    parser.error("the name of a command comes first")
