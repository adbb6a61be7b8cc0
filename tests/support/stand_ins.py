"""What trains in the workers of a cluster, replaced, so that these begin without loading Keras.

Of how a cluster deals with its tasks nothing depends on it. That the tasks train, and do so as they
are told: `tests.train.study.test_tasks`.
"""

import sys
from types import ModuleType, SimpleNamespace

from kneeoa.errors import TrainingError
from tests.support.research import write_run
from train import machine
from train.run.progress import Progress
from train.study.job import Outcome


def use() -> None:
    """Have tasks of this process train nothing."""
    machine.prepare = lambda **_: machine.Machine()
    _put("train.run.fit", fit=_fit)
    _put(
        "train.study.cycles",
        train_cycle=_train_cycle,
        finished=lambda run: Outcome("finished"),
        check_split=lambda received, expected: None,
    )


def _put(name: str, **content) -> None:
    sys.modules[name] = ModuleType(name)
    vars(sys.modules[name]).update(content)


def _fit(config, train, val, *, folder, machine, report):
    """Have a loss for each epoch, of its own for each learning rate."""
    losses = [config.learning_rate + 1 / epoch for epoch in range(1, config.epochs + 1)]
    for epoch, loss in enumerate(losses, start=1):
        left = config.epochs - epoch
        report(Progress(epoch, config.epochs, 1.0, left, 1.0, loss, loss, 0.5, 10.0))
    return SimpleNamespace(history=tuple({"val_loss": loss} for loss in losses))


def _train_cycle(job, dataset, ungraded, machine, report):
    """Write a drawn run; that of the first seed fails."""
    if job.config.seed == 0:
        raise TrainingError("The first seed fails.")
    changes = {"run_id": job.run_id, "split_hash": job.split_hash, "keep": job.keep}
    write_run(job.results, job.config.architecture, job.config.seed, **changes)
    return job.results / "runs" / job.run_id
