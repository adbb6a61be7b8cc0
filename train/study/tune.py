"""Search for settings by validation loss, with Optuna; no test film takes part.

Only this process talks to Optuna's storage: machines of a cluster train, and leave their progress
in the results folder. So SQLite serves for any number of machines.
"""

import json
import shutil
import traceback
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import optuna
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from kneeoa import files
from kneeoa.data.source import Source
from kneeoa.errors import ConfigError, DiskFullError
from kneeoa.records import studies
from kneeoa.spreadsheet import csv_text
from train.config import DEPTHS, TrainConfig, gradual
from train.gpu import GPUFailedError, says_gpu_failed
from train.machine import Machine
from train.run.fit import fit
from train.run.naming import shown_config
from train.run.progress import Progress, Report
from train.study.board import Board
from train.study.cluster import Cluster
from train.study.job import Outcome
from train.study.tasks import StoppedError, Task, trained_trial, trial_task

BATCH_SIZES = (16, 32, 64)


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """One tuning study: where it is, and what every trial shares.

    Attributes
    ----------
    base : the config that a trial changes
    epochs : the most epochs of a trial
    batch_sizes : those that the training films can fill
    """

    results: Path
    study_id: str
    base: TrainConfig
    epochs: int
    batch_sizes: tuple[int, ...]
    study: optuna.Study
    seed: int = 0

    def config(self, trial: optuna.Trial | optuna.trial.FixedTrial) -> TrainConfig:
        """Return the config of a trial: what the paper tuned, and how deep to unfreeze."""
        depth = trial.suggest_categorical("depth", DEPTHS)
        return replace(
            self.base,
            learning_rate=trial.suggest_float("learning_rate", 1e-5, 3e-3, log=True),
            batch_size=trial.suggest_categorical("batch_size", self.batch_sizes),
            dropout=trial.suggest_float("dropout", 0.0, 0.6),
            stages=gradual(depth, self.epochs),
        )

    def folder(self, trial: optuna.Trial | FrozenTrial) -> Path:
        """Return where an unfinished trial lies."""
        return self.results / "unfinished" / f"{self.study_id}-trial{trial.number}"

    def next_trial(self, trials: int, taken: set[int]) -> optuna.Trial | None:
        """Return a trial that an ended process left unfinished, else a new one, up to `trials`."""
        for left in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if left.number not in taken:
                return optuna.trial.Trial(self.study, left._trial_id)
        number = len(self.study.get_trials(deepcopy=False))
        if number >= trials:
            return None
        # Seeded by number, so that an interrupted search asks for what it would have asked for.
        self.study.sampler = optuna.samplers.TPESampler(seed=self.seed + number)
        return self.study.ask()

    def end(self, trial: optuna.Trial, outcome: Outcome) -> None:
        """Tell Optuna how a trial ended, and drop its state."""
        state = {
            "finished": TrialState.COMPLETE,
            "pruned": TrialState.PRUNED,
            "failed": TrialState.FAIL,
        }[outcome.state]
        # Of a trial trained elsewhere, short epochs may have passed between two looks.
        seen = trial.storage.get_trial(trial._trial_id).intermediate_values
        for epoch, loss in enumerate(outcome.losses, start=1):
            if epoch not in seen:
                trial.report(loss, epoch)
        value = min(outcome.losses) if outcome.state == "finished" else None
        self.study.tell(trial.number, value, state=state)
        shutil.rmtree(self.folder(trial), ignore_errors=True)


def open_search(
    results_folder: Path,
    study_id: str,
    base: TrainConfig,
    *,
    epochs: int,
    films: int,
    storage: str | None = None,
) -> Search:
    """Open or begin a tuning study; `storage` is any Optuna URL, by default SQLite in its folder.

    Raises `ConfigError` when the storage cannot be opened.
    """
    folder = studies.study_folder(results_folder, study_id)
    folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(
            storage=storage or f"sqlite:///{folder / 'trials.db'}",
            study_name=study_id,
            direction="minimize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2),
        )
    except Exception as error:
        raise ConfigError(
            f"Expected an Optuna storage at {storage or folder}. It cannot be opened: {error}"
        ) from None
    sizes = tuple(size for size in BATCH_SIZES if size <= films) or (films,)
    search = Search(results_folder, study_id, base, epochs, sizes, study, seed=base.seed)
    for trial in study.get_trials(deepcopy=False):
        if trial.state.is_finished():  # ended by a process that was killed right then
            shutil.rmtree(search.folder(trial), ignore_errors=True)
    return search


def search_here(search: Search, trials: int, splits: dict, machine: Machine, board: Board) -> int:
    """Train trials one after the other until there are `trials`.

    Returns how many ended by a fault that is none of their settings: the next search tries them
    again. Raises `GPUFailedError` or `DiskFullError`, with which none could be trained.
    """
    faulty: set[int] = set()
    while trial := search.next_trial(trials, faulty):
        name = _take_in(search, trial, board)
        train = partial(
            fit,
            search.config(trial),
            splits["train"],
            splits["val"],
            folder=search.folder(trial),
            machine=machine,
            report=_watch(trial, partial(board.update, name)),
        )
        try:
            with says_gpu_failed():
                outcome = trained_trial(train, search.folder(trial))
        except (GPUFailedError, DiskFullError):
            raise
        except Exception as error:
            outcome = Outcome.of(error, traceback.format_exc())
        _end(search, trial, outcome, faulty)
        board.set_state(name, outcome.state, outcome.kept(search.results, name))
    return len(faulty)


def search_on(
    cluster: Cluster,
    search: Search,
    trials: int,
    source: Source,
    split_hash: str,
    machine_options: dict,
    board: Board,
    *,
    made_alike_in: Path | None = None,
) -> int:
    """Train trials on a cluster, as many at a time as it has room for, until there are `trials`.

    Returns what `search_here` does; `made_alike_in` is the `Job.alike` of its trials.
    """
    waiting: dict[Task, optuna.Trial] = {}
    faulty: set[int] = set()
    while True:
        taken = faulty | {trial.number for trial in waiting.values()}
        while len(waiting) < cluster.slots and (trial := search.next_trial(trials, taken)):
            _take_in(search, trial, board)
            taken.add(trial.number)
            (search.folder(trial) / "stop").unlink(missing_ok=True)
            task = cluster.submit(
                trial_task,
                search.config(trial),
                search.folder(trial),
                source,
                split_hash,
                machine_options | cluster.machine_options,
                made_alike_in,
                folder=search.folder(trial),
            )
            waiting[task] = trial
        if not waiting:
            return len(faulty)
        for task, outcome in cluster.changes(waiting, timeout=1):
            trial = waiting[task]
            if outcome.state != "waiting":
                del waiting[task]
                _end(search, trial, outcome, faulty)
            name = _name(search, trial)
            board.set_state(name, outcome.state, outcome.kept(search.results, name))
        for task, trial in waiting.items():
            if progress := task.news():
                try:
                    _watch(trial, partial(board.update, _name(search, trial)))(progress)
                except StoppedError:
                    (search.folder(trial) / "stop").touch()


def _end(search: Search, trial: optuna.Trial, outcome: Outcome, faulty: set[int]) -> None:
    """End a trial, or leave it to the next search where its settings are not at fault."""
    if outcome.trace:
        faulty.add(trial.number)
    else:
        search.end(trial, outcome)


def write_search(search: Search) -> Path:
    """Write ``trials.csv``, ``importance.csv`` and ``best.json``; return their folder."""
    folder = studies.study_folder(search.results, search.study_id)
    trials = search.study.get_trials(deepcopy=False)
    rows = [
        {
            "trial": trial.number,
            "state": trial.state.name.lower(),
            "val_loss": trial.value,
            "epochs": len(trial.intermediate_values),
            "seconds": trial.duration.total_seconds() if trial.duration else None,
            **trial.params,
        }
        for trial in trials
    ]
    files.replace_file(folder / "trials.csv", csv_text(pd.DataFrame(rows)))
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    importance = pd.DataFrame(columns=["setting", "importance"])
    if len(complete) > 1 and len({trial.value for trial in complete}) > 1:
        importances = optuna.importance.get_param_importances(search.study)
        importance = pd.DataFrame(importances.items(), columns=["setting", "importance"])
    files.replace_file(folder / "importance.csv", csv_text(importance))
    if complete:
        best = search.study.best_trial
        config = search.config(optuna.trial.FixedTrial(best.params))
        content = {
            "trial": best.number,
            "val_loss": best.value,
            "params": best.params,
            "config": shown_config(config),
        }
        files.replace_file(folder / "best.json", json.dumps(content, indent=2) + "\n")
    return folder


def _take_in(search: Search, trial: optuna.Trial, board: Board) -> str:
    name = _name(search, trial)
    config = search.config(trial)
    board.add(name, config.architecture, config.seed, "waiting", epochs=config.epochs)
    return name


def _name(search: Search, trial: optuna.Trial) -> str:
    return f"{search.study_id}-trial{trial.number}"


def _watch(trial: optuna.Trial, show: Report) -> Report:
    """Report whole epochs to Optuna; raise `StoppedError` when the trial is not worth going on."""
    reported = set(trial.storage.get_trial(trial._trial_id).intermediate_values)

    def report(progress: Progress) -> None:
        show(progress)
        loss = progress.val_loss
        if progress.share == 1 and loss is not None and progress.epoch not in reported:
            reported.add(progress.epoch)
            trial.report(loss, progress.epoch)
            if trial.should_prune():
                raise StoppedError("pruned")

    return report
