"""What is made of finished runs, and measured of published models; see `parser`.

Imports are late, as in `training`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from kneeoa import room, tables
from kneeoa.data.arrays import Films
from kneeoa.errors import DataError
from kneeoa.graders.published import DEFAULT_MODELS
from kneeoa.networks import ARCHITECTURES, Architecture
from kneeoa.records import results, studies
from train.commands import options, signing, sources
from train.commands.from_fields import option
from train.commands.tables import note_diverged, of_tried
from train.config import Preset, preset


@dataclass(frozen=True, kw_only=True)
class Publish(options.Films):
    """Export a finished run for the dashboard."""

    results: Path = option("RESULTS", positional=True)
    architecture: Architecture
    run: str = option("ID|best", default="best")
    models: Path = option("DIR", default=DEFAULT_MODELS)
    keras: bool = option(None, "write model.keras, too", False)
    source: Path | None = option("FILE", "what the data is, if it is not known", None)

    def __call__(self) -> int:
        from train import machine

        machine.load_keras()
        from train.publish import network as publishing
        from train.publish.members import note_on_together
        from train.run.record import check_trained_on

        dataset = options.source_of(self).read()
        run = publishing.choose_run(self.results, self.architecture, self.run, dataset.split_hash)
        check_trained_on(results.read_record(run), dataset.splits, self.results)
        described = sources.described(self.source, dataset.split_hash)
        folder = publishing.publish(
            run, dataset.splits, described, self.models, with_keras=self.keras
        )
        print(f"{run.name} is published in {folder}")
        if note := note_on_together(self.models, self.architecture):
            print(note)
        signing.remind(self.models)
        return 0


@dataclass(frozen=True, kw_only=True)
class Together(options.Films):
    """Publish the ensemble of both networks."""

    results: Path = option("RESULTS", positional=True)
    models: Path = option("DIR", default=DEFAULT_MODELS)
    limit_ms: float = option("MS", "for one knee", 100)
    limit_mb: float = option("MB", "of all published models", 90)
    source: Path | None = option("FILE", "what the data is, if it is not known", None)

    def __call__(self) -> int:
        from train import machine

        machine.load_keras()
        from train.publish.ensemble import publish_together

        dataset = options.source_of(self).read()
        folder = publish_together(
            self.results,
            dataset.splits,
            sources.described(self.source, dataset.split_hash),
            self.models,
            limit_ms=self.limit_ms,
            limit_mb=self.limit_mb,
        )
        print(f"Both networks together are published in {folder}")
        signing.remind(self.models)
        return 0


@dataclass(frozen=True, kw_only=True)
class SoftTargets(options.Machine, options.Films):
    """Write the answers of finished runs for the training films, as soft targets."""

    results: Path = option("RESULTS", positional=True)
    runs: tuple[str, ...] = option("ID")
    csv: Path = option("FILE")

    def __call__(self) -> int:
        _expect_room(self.csv, results.PREDICTION_COLUMNS)
        dataset = options.source_of(self).read()
        from train import machine

        machine.prepare(**options.machine_options(self))
        from train.run import distillation

        table = distillation.soft_targets(self.results, self.runs, dataset.splits)
        tables.write(self.csv, table[results.PREDICTION_COLUMNS], float_format="%.6f")
        print(f"What {len(self.runs)} runs say of {len(table)} training films: {self.csv}")
        return 0


@dataclass(frozen=True, kw_only=True)
class Between(options.Predict, options.Machine, options.Films):
    """Write the run whose weights are a mean of a finished run and what it went on from."""

    results: Path = option("RESULTS", positional=True)
    run: str = option("ID")
    start: Path = option("FILE")
    start_share: float = option("SHARE", default=0.5)

    def __call__(self) -> int:
        from train import machine

        machine.prepare(**options.machine_options(self))
        from train.run import between as averaging

        source = options.source_of(self)
        folder = averaging.between(
            self.results / "runs" / self.run,
            self.start,
            self.start_share,
            source.read().splits,
            ungraded=source.read_ungraded(self.predict),
        )
        print(f"Run written to {folder}")
        return 0


@dataclass(frozen=True, kw_only=True)
class Measure(options.Films):
    """On which films of the data what is measured, and where the table goes."""

    split: Literal["train", "val", "test"] = "test"
    csv: Path | None = option("FILE", default=None)

    def chosen(self, trained: Path | None = None) -> Films:
        """Return the films; say of which models in `trained` others were learnt from."""
        # Whole, because a few films for a rehearsal have another hash than the split they are from.
        dataset = replace(options.source_of(self), films=None).read()
        if trained:
            signing.say_who_signed(trained)
            from train.publish.evaluate import trained_elsewhere

            for name in trained_elsewhere(trained, dataset.split_hash):
                print(
                    f"Note: {name} learnt from another split or other films. If any of these "
                    "films was among them, the figures are too good."
                )
        films = dataset.splits[self.split]
        return films.first(self.films) if self.films else films


@dataclass(frozen=True, kw_only=True)
class Evaluate(Measure):
    """Print the metrics of the published models on graded films."""

    models: Path = option("MODELS", positional=True)

    def __call__(self) -> int:
        from train.publish import evaluate as evaluating

        _expect_room(self.csv, ("model", "metric", "value"))
        table = evaluating.evaluate(self.models, self.chosen(self.models))
        print(evaluating.as_text(table))
        return _written(table, self.csv)


@dataclass(frozen=True, kw_only=True)
class Robustness(Measure):
    """Print the accuracy of the published models on changed films."""

    models: Path = option("MODELS", positional=True)

    def __call__(self) -> int:
        from kneeoa.records.robustness import COLUMNS
        from train.publish import robustness as measuring

        _expect_room(self.csv, COLUMNS)
        table = measuring.robustness(self.models, self.chosen(self.models))
        print(measuring.as_text(table))
        return _written(table, self.csv)


@dataclass(frozen=True, kw_only=True)
class Maps(Measure):
    """Print how far the Grad-CAMs of the published networks can be trusted."""

    models: Path = option("MODELS", positional=True)

    def __call__(self) -> int:
        from kneeoa.records.maps import TEXTS
        from train.publish import maps as measuring

        _expect_room(self.csv, TEXTS)
        films = self.chosen(self.models)
        if not self.films:
            films = films.first(measuring.FILMS)
        table = measuring.measure(self.models, films)
        print(measuring.as_text(table))
        return _written(table, self.csv, float_format="%.6g")


@dataclass(frozen=True, kw_only=True)
class JointSpace(Measure):
    """Print how good the proposed joint space widths are, on graded films."""

    models: Path = option("DIR", default=DEFAULT_MODELS)

    def __call__(self) -> int:
        from tqdm import tqdm

        from kneeoa.graders.locating.localiser import Localiser
        from kneeoa.records.joint_space import broken
        from train.publish import joint_space as measuring

        _expect_room(self.csv, measuring.COLUMNS)
        signing.say_who_signed(self.models)
        measured = measuring.measured(self.chosen(), Localiser(self.models), progress=tqdm)
        table = measuring.table(measured)
        print(measuring.as_text(table))
        for line in broken(table):
            print(f"Not good enough: {line}")
        return _written(table, self.csv, float_format="%.5g")


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Print what each set of settings gave on the validation films."""

    results: Path = option("RESULTS", positional=True)
    preset: Preset = option(default="reference", exclusive=True)
    study: str | None = option(
        "NAME", "name differences from its settings instead", None, exclusive=True
    )
    split: str | None = option("HASH", "or its beginning; by default that of most runs", None)
    csv: Path | None = option("FILE", default=None)

    def __call__(self) -> int:
        from kneeoa.records.tried import COLUMNS, split_of_most
        from kneeoa.records.tried import tried as table_of

        _expect_room(self.csv, COLUMNS)
        runs, problems = studies.read_all_runs(self.results)
        if not runs:
            raise DataError(f"Expected finished runs in {self.results}. Found none to compare.")
        split = self.split or split_of_most(runs)
        others = [run for run in runs if not run.record.split_hash.startswith(split)]
        problems += [f"{run.record.run_id} is of another split." for run in others]
        runs = [run for run in runs if run not in others]
        if not runs:
            raise DataError(f"Expected runs of the split {split} in {self.results}. Found none.")
        if self.study:
            bases = studies.read_study(self.results, self.study).configs
        else:
            bases = {
                name: json.loads(json.dumps(preset(self.preset, name, init="").as_dict()))
                for name in ARCHITECTURES
            }
        table = table_of(runs, bases)
        print(of_tried(table))
        note_diverged(runs)
        for problem in problems:
            print(f"Left out: {problem}")
        return _written(table, self.csv, float_format="%.6g")


def _expect_room(csv: Path | None, columns: Sequence[str]) -> None:
    """Refuse a place for the table that takes none, or would lose something, before the work."""
    if csv:
        tables.expect_ours(csv, columns)
        room.expect_room(csv.parent, f"the table {csv.name}")


def _written(table: Any, csv: Path | None, **how: str) -> int:
    if csv:
        tables.write(csv, table, **how)
    return 0
