"""What comes before a study on another machine: rehearsing it, and packing it; see `parser`.

Imports are late, as in `training`.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kneeoa import terminal
from kneeoa.errors import ConfigError, TrainingError
from kneeoa.networks import Architecture
from train.commands import options
from train.commands.from_fields import option, parsed
from train.commands.machines import cluster_of, sharing_of
from train.commands.training import Study
from train.config import TrainConfig
from train.run.start import warnings_of
from train.study.job import Job, jobs_of

if TYPE_CHECKING:
    from train.study.sharing import Sharing

LONG = 60.0
"""Seconds of a rehearsal after which is said what goes on."""


@dataclass(frozen=True, kw_only=True)
class Rehearse(Study):
    """Try a study in small: its films, weights, room, and every stage for a few steps."""

    only_options: bool = option(None, "see whether the options are right, and no more", False)

    goes_on = False

    def __call__(self) -> int:
        configs = options.configs_of(self, self.architectures)
        if self.only_options:
            return terminal.DONE
        shared = sharing_of(self, configs)
        dataset = options.source_of(self).read()
        configs = self._not_finished(configs, dataset.split_hash)
        if not configs:
            print("Nothing is left to rehearse.")
            return terminal.DONE
        if shared:  # before this process has the GPU, too
            try:
                for sentence in self._beside_others(configs, shared, dataset.split_hash):
                    print(sentence, flush=True)
            except Exception as error:
                return _failed(error)
        from train import machine as machines

        machine = machines.prepare(**options.machine_options(self))
        from train.study import cycles
        from train.study.rehearsal import rehearse as parts
        from train.study.rehearsal import unseen

        cycles.preflight(self.out, configs, dataset, models=2)
        print(f"Films, starting weights and room are there. Trying on {machine}.")
        try:
            for name, config in configs.items():
                still = f"Still trying {name} by itself after a minute. Ctrl-C ends it."
                with terminal.telling("train", still, after=LONG):
                    for sentence in parts(config, dataset, machine):
                        print(sentence, flush=True)
        except Exception as error:
            return _failed(error)
        print(unseen(machine))
        return terminal.DONE

    def _not_finished(
        self, configs: Mapping[Architecture, TrainConfig], split_hash: str
    ) -> dict[Architecture, TrainConfig]:
        """Return those of which a cycle is to be trained; say of the others that none is."""
        jobs = jobs_of(self.out, dict(configs), self.cycles, split_hash, keep="none")
        left = {job.config.architecture for job in jobs if not job.is_finished}
        for name in configs:
            if name not in left:
                print(f"{name}: all {self.cycles} cycles are finished", flush=True)
        return {name: config for name, config in configs.items() if name in left}

    def _beside_others(
        self, configs: Mapping[Architecture, TrainConfig], shared: "Sharing", split_hash: str
    ) -> Iterator[str]:
        """Have every network try as cycles that share this machine will; yield what they say."""
        from train.study.tasks import REHEARSAL_SILENCE, rehearsal_task

        source, options_of = options.source_of(self), options.machine_options(self)
        ends = "Ctrl-C ends it."
        if shared.gpu:
            ends = f"What gives no sign of life for {REHEARSAL_SILENCE / 60:g} minutes is ended."
        still = f"Still trying cycles that share this machine after a minute. {ends}"
        with (
            terminal.telling("train", still, after=LONG),
            tempfile.TemporaryDirectory(prefix="kneeoa-rehearsal-") as place,
            cluster_of(self, shared) as cluster,
        ):
            assert cluster is not None
            how = options_of | cluster.machine_options
            jobs = [
                Job(name, config, Path(place), split_hash, "none")
                for name, config in configs.items()
            ]
            waiting = {
                cluster.submit(
                    rehearsal_task,
                    job,
                    source,
                    how,
                    folder=job.unfinished,
                    retries=0,
                    silence=REHEARSAL_SILENCE,
                ): job
                for job in jobs
            }
            while waiting:
                for task, outcome in cluster.changes(waiting, timeout=1):
                    name = waiting.pop(task).run_id
                    sentence = outcome.kept(self.out, f"rehearsal-{name}")
                    if outcome.state != "finished":
                        raise TrainingError(f"{name}, as it would train beside others: {sentence}")
                    yield sentence


def _failed(error: Exception) -> int:
    """Say what failed when it was tried; return the code of that: 2 is for what was not begun."""
    terminal.tell("train", error)
    return terminal.SOME_FAILED


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Pack a study for a machine elsewhere; everything after -- are options of `study`."""

    folder: options.Absolute = option("FOLDER", positional=True)
    finished: options.Absolute | None = option("RESULTS", "runs of it that need no training", None)
    study: tuple[str, ...] = option(rest=Study)

    def __call__(self) -> int:
        given = self.study
        if not given:
            raise ConfigError(
                f"Expected -- and the options of `study` after it: `python -m train pack "
                f"{self.folder.name} -- --data DIR --preset paper`. Received none."
            )
        if "--" in given:
            raise ConfigError("Expected one --, before the options of `study`. Received another.")
        if any(word.partition("=")[0] == "--out" for word in given):
            raise ConfigError("Expected no --out: the packed folder has its own results.")
        if any(word.partition("=")[0] == "--preset-from" for word in given):
            raise ConfigError(
                "Expected no --preset-from: the packed folder has no tuning study. Give what it "
                "found, which stands in its best.json, as options."
            )
        results = str(self.folder / "results")
        study = parsed(Study, [*given, "--out", results], prog="python -m train study")
        configs = options.configs_of(study, study.architectures)
        from train.study.packing import expect_room_for

        expect_room_for(self.folder, given)
        if self.finished and not (self.finished / "runs").is_dir():
            raise ConfigError(
                f"Expected --finished to be a folder of results. There is no folder runs in "
                f"{self.finished}."
            )
        dataset = options.source_of(study).read()
        for warning in warnings_of(configs.values(), dataset.split_hash):
            print(f"Note: {warning}")
        from train.study.packing import pack as pack_into

        finished = []
        if self.finished:
            jobs = jobs_of(self.finished, configs, study.cycles, dataset.split_hash, keep="none")
            finished = [job.results / "runs" / job.run_id for job in jobs if job.is_finished]
            if not finished:
                print(
                    f"Note: none of the runs in {self.finished} is of this study, with its "
                    "settings, starting weights and films: all of it is trained there."
                )
        folder = pack_into(self.folder, given, finished)
        print(f"Packed into {folder}, with {len(finished)} finished runs. There: sh study.sh")
        return 0
