"""The documents: what they link to is there, and what there is to be asked for stands in them."""

import argparse
import re

import pandas as pd

from kneeoa import __main__ as command_line
from kneeoa.records.joint_space import FILE
from tests.support.places import ROOT
from train.commands.parser import COMMANDS

DOCUMENTS = {
    file: file.read_text("utf-8") for place in ("*.md", "docs/*.md") for file in ROOT.glob(place)
}
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(text: str) -> set[str]:
    """Return what the headings of a document are linked by."""
    titles = (title.strip().lower() for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def test_links_lead_to_files_and_headings_that_are_there():
    lost = []
    for file, text in DOCUMENTS.items():
        for place, heading in LINK.findall(text):
            target = (file.parent / place).resolve() if place else file
            is_there = not heading or heading in anchors(DOCUMENTS.get(target, ""))
            if not target.exists() or not is_there:
                lost.append((file.name, place, heading))
    assert lost == []


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Return the options of a parser and of all commands below it."""
    options: set[str] = set()
    for action in parser._actions:
        options.update(name for name in action.option_strings if name.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):
            options.update(*map(options_of, action.choices.values()))
    return options


def test_every_option_of_the_command_line_is_told_of():
    named = set().union(*(re.findall(r"--[a-z][a-z-]+", text) for text in DOCUMENTS.values()))
    assert options_of(command_line._parser()) - named == {"--help", "--version"} - named


def test_every_command_of_training_is_told_of():
    text = (ROOT / "docs" / "training.md").read_text("utf-8")
    rows = " ".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    assert {name for name in COMMANDS if f"`{name}`" not in rows} == set()


def test_the_table_of_joint_spaces_is_the_published_one():
    text = (ROOT / "docs" / "joint-space.md").read_text("utf-8")
    for row in pd.read_csv(ROOT / "assets" / "results" / FILE).itertuples():
        form = ".2f" if "correlation" in row.what else ".2%"
        value, low, high = (format(figure, form) for figure in (row.value, row.low, row.high))
        line = f"| {row.check} | {row.what} | {value} | {low} to {high} | {row.films} |"
        assert line in text, f"Expected in docs/joint-space.md: {line}"
