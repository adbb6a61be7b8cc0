"""What each command does with finished runs and published models; see `parser` for the options.

Imports are late, as in `training`.
"""

import argparse
import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kneeoa import tables
from kneeoa.data.arrays import Films
from kneeoa.errors import DataError
from kneeoa.files import read_text, sound
from kneeoa.records import results, studies
from train.commands import signing
from train.commands.options import machine_options, source_of


def publish(options: Namespace) -> int:
    """Export a finished run for the dashboard."""
    from train.publish import network as publishing

    described = description_of(options.source)
    dataset = source_of(options).read()
    run = publishing.choose_run(
        options.results, options.architecture, options.run_id, dataset.split_hash
    )
    folder = publishing.publish(
        run, dataset.splits, described, options.models, with_keras=options.keras
    )
    print(f"{run.name} is published in {folder}")
    signing.remind(options.models)
    return 0


def together(options: Namespace) -> int:
    """Publish the ensemble of both networks."""
    from train.publish.ensemble import publish_together

    described = description_of(options.source)
    folder = publish_together(
        options.results,
        source_of(options).read().splits,
        described,
        options.models,
        limit_ms=options.limit_ms,
        limit_mb=options.limit_mb,
    )
    print(f"Both networks together are published in {folder}")
    signing.remind(options.models)
    return 0


def answer(options: Namespace) -> int:
    """Add headline rule and prediction sets to the cards of published models."""
    from train.publish import answer as answering

    for name, rule in answering.write(options.models).items():
        print(f"{name}: {rule.rule} grade; {rule.level:.0%} sets up to {rule.threshold:.3f}")
    signing.remind(options.models)
    return 0


def soft_targets(options: Namespace) -> int:
    """Write the answers of finished runs for the training films, as soft targets."""
    tables.expect_ours(options.csv, results.PREDICTION_COLUMNS)
    dataset = source_of(options).read()
    from train import machine

    machine.prepare(**machine_options(options))
    from train.run import distillation

    table = distillation.soft_targets(options.results, options.runs, dataset.splits)
    tables.write(options.csv, table[results.PREDICTION_COLUMNS], float_format="%.6f")
    print(f"What {len(options.runs)} runs say of {len(table)} training films: {options.csv}")
    return 0


def between(options: Namespace) -> int:
    """Write the run whose weights are a mean of a finished run and what it went on from."""
    from train import machine

    machine.prepare(**machine_options(options))
    from train.run import between as averaging

    source = source_of(options)
    folder = averaging.between(
        options.results / "runs" / options.run_id,
        options.start,
        options.start_share,
        source.read().splits,
        ungraded=source.read_ungraded(tuple(options.predict)),
    )
    print(f"Run written to {folder}")
    return 0


def evaluate(options: Namespace) -> int:
    """Print the metrics of the published models on graded films."""
    from train.publish import evaluate as evaluating

    _expect_room(options, ("model", "metric", "value"))
    table = evaluating.evaluate(options.models, _films_to_measure(options))
    print(evaluating.as_text(table))
    if options.csv:
        tables.write(options.csv, table)
    return 0


def robustness(options: Namespace) -> int:
    """Print the accuracy of the published models on changed films."""
    from kneeoa.records.robustness import COLUMNS
    from train.publish import robustness as measuring

    _expect_room(options, COLUMNS)
    table = measuring.robustness(options.models, _films_to_measure(options))
    print(measuring.as_text(table))
    if options.csv:
        tables.write(options.csv, table)
    return 0


def maps(options: Namespace) -> int:
    """Print how far the Grad-CAMs of the published networks can be trusted."""
    from kneeoa.records.maps import TEXTS
    from train.publish import maps as measuring

    _expect_room(options, TEXTS)
    films = _films_to_measure(options)
    if not options.films:
        films = films.first(measuring.FILMS)
    table = measuring.measure(options.models, films)
    print(measuring.as_text(table))
    if options.csv:
        tables.write(options.csv, table, float_format="%.6g")
    return 0


def joint_space(options: Namespace) -> int:
    """Print how good the proposed joint space widths are, on graded films."""
    from tqdm import tqdm

    from kneeoa.graders.locating.localiser import Localiser
    from kneeoa.records.joint_space import broken
    from train.publish import joint_space as measuring

    _expect_room(options, measuring.COLUMNS)
    films = replace(source_of(options), films=None).read().splits[options.split]
    films = films.first(options.films) if options.films else films
    found = measuring.measured(films, Localiser(options.models), progress=tqdm)
    table = measuring.table(found)
    print(measuring.as_text(table))
    for line in broken(table):
        print(f"Not good enough: {line}")
    if options.csv:
        tables.write(options.csv, table, float_format="%.5g")
    return 0


def tried(options: Namespace) -> int:
    """Print what each set of settings gave on the validation films."""
    from kneeoa.networks import ARCHITECTURES
    from kneeoa.records.tried import COLUMNS
    from kneeoa.records.tried import tried as table_of
    from train.config import preset

    _expect_room(options, COLUMNS)
    names = sorted(folder.name for folder in (options.results / "runs").glob("[!.]*"))
    runs, problems = studies.read_runs(options.results, names)
    if options.study:
        bases = studies.read_study(options.results, options.study).configs
    else:
        bases = {
            name: json.loads(json.dumps(preset(options.preset, name, init="").as_dict()))
            for name in ARCHITECTURES
        }
    table = table_of(runs, bases)
    print(table.drop(columns="runs").round(4).to_string(index=False))
    for problem in problems:
        print(f"Left out: {problem}")
    if options.csv:
        tables.write(options.csv, table, float_format="%.6g")
    return 0


def description_of(file: Path) -> dict:
    """Return what a JSON file says of the data, as cards need it."""
    from kneeoa.graders.cards import schema

    try:
        described = sound(json.loads(read_text(file)))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"Expected a JSON description of the data. {error}") from None
    schema.check_source(described, file)
    return described


def _expect_room(options: Namespace, columns: Sequence[str]) -> None:
    """Refuse a place for the table where something else would be lost, before hours of work."""
    if options.csv:
        tables.expect_ours(options.csv, columns)


def _films_to_measure(options: argparse.Namespace) -> Films:
    from train.publish.evaluate import trained_elsewhere

    # Whole, because a few films for a rehearsal have another hash than the split they are from.
    dataset = replace(source_of(options), films=None).read()
    for name in trained_elsewhere(options.models, dataset.split_hash):
        print(
            f"Note: {name} was trained on another split or other films. If any of these films was "
            "among them, its figures are too good."
        )
    films = dataset.splits[options.split]
    return films.first(options.films) if options.films else films
