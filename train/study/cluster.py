"""Cycles as Ray tasks: any number of machines that share the results folder and the films.

Ray is optional: ``pip install --require-hashes -r requirements-cluster.lock``.
"""

import contextlib
import os
import re
import socket
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kneeoa.data.source import Source
from kneeoa.errors import ConfigError
from train.study import alone
from train.study.afterwards import Afterwards, in_order
from train.study.board import Board
from train.study.code import copy_code
from train.study.job import Job, Outcome
from train.study.sharing import Sharing, expect_ray
from train.study.tasks import GPULostError, Task, cycle_task

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

PATIENCE = 60.0
"""Seconds in which a task that is to end may write what it has."""


class Cluster:
    """A Ray cluster that trains; each task gets `cpus` cores and `gpus` GPUs of one machine.

    A context manager: when it is left, tasks that still run are ended.
    """

    _removes_home: Afterwards | None = None

    def __init__(
        self,
        *,
        cpus: int,
        gpus: float | None,
        name: str,
        start: dict[str, Any],
        lacking: str = "Start one with `ray start --head`.",
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Start or join a cluster by Ray's own options in `start`; see `join` and `here`.

        `gpus` None means one where the cluster has any; `lacking` says what to do where Ray does
        not begin; `variables` are the tasks'. Raises `ConfigError` when there is no cluster, or no
        machine in it that has what a task needs.
        """
        expect_ray(name)
        import ray

        self._ray, self._name = ray, name
        self._running: list[Task] = []
        passed_on = ("KERAS_BACKEND", "KERAS_HOME", "KNEEOA_CACHE", "CUDA_MPS_PIPE_DIRECTORY")
        environment = {key: os.environ[key] for key in passed_on if key in os.environ}
        # The same number of threads everywhere, so that a lost run continues with the same sums.
        environment |= {"TF_NUM_INTRAOP_THREADS": str(cpus), "OMP_NUM_THREADS": str(cpus)}
        environment |= variables
        with alone.own_signals(), tempfile.TemporaryDirectory(prefix="kneeoa-code-") as folder:
            packages = [str(place) for place in copy_code(Path(folder))]
            runtime = {"py_modules": packages, "env_vars": environment}
            try:
                ray.init(log_to_driver=False, runtime_env=runtime, **start)
            except BaseException as error:
                with contextlib.suppress(Exception), in_order():
                    ray.shutdown()
                if not isinstance(error, Exception):
                    raise
                what = f"{_first_line(error).rstrip('.')}."  # Ray has no class of error for it
                raise ConfigError(f"Expected a Ray cluster: {name}. {what} {lacking}") from None
        if gpus is None:
            gpus = int(ray.cluster_resources().get("GPU", 0) >= 1)
        self._need = {"CPU": cpus, "GPU": gpus}
        self._check_resources()

    @classmethod
    def join(cls, address: str, *, cpus: int, gpus: float | None) -> "Cluster":
        """Join the cluster at `address`, or with ``"auto"`` the one that this machine is in."""
        _check_reachable(address)
        return cls(cpus=cpus, gpus=gpus, name="--cluster", start={"address": address})

    @classmethod
    def here(cls, sharing: Sharing) -> "Cluster":
        """Start one of this machine alone, whose runs share what it trains on."""
        gpu, own_home = int(sharing.gpu), str(Path.home())
        with alone.home(sharing.visible) as (home, removes_home):
            cluster = cls(
                cpus=sharing.cpus,
                # Ray knows four decimals.
                gpus=gpu * int(10_000 / sharing.at_once) / 10_000,
                name=f"--at-once {sharing.at_once}",
                lacking="--at-once 1 trains without one.",
                start={
                    # Not one that happens to run here.
                    "address": "local",
                    "num_cpus": sharing.cpus * sharing.at_once,
                    "num_gpus": gpu,
                    "include_dashboard": False,
                    "_node_ip_address": "127.0.0.1",
                    **alone.room(home),
                },
                variables={"HOME": own_home},
            )
        cluster._removes_home = removes_home
        return cluster

    def __enter__(self) -> "Cluster":
        """Use the cluster."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the cluster."""
        self.close()

    def __str__(self) -> str:
        """Return for example ``--cluster, 2 at a time``."""
        return f"{self._name}, {self.slots} at a time"

    @property
    def slots(self) -> int:
        """How many tasks can run at a time, now."""
        resources = self._ray.cluster_resources()
        # A little more, because a fifth of a GPU does not fit in five times by division.
        fits = [resources.get(name, 0) / need + 1e-6 for name, need in self._need.items() if need]
        return max(1, int(min(fits)))

    @property
    def machine_options(self) -> dict[str, str]:
        """What tasks are told of their machine: with a GPU none goes on without, hours on a CPU."""
        return {"device": "gpu"} if self._need["GPU"] else {}

    def submit(
        self,
        function: Callable,
        *arguments: Any,
        folder: Path,
        retries: int | None = None,
        silence: float | None = None,
    ) -> Task:
        """Start a task, which leaves its progress in `folder`.

        It is begun again when its machine or GPU is lost, or when it hangs on a GPU, without a
        sign of life for `silence` seconds: `retries` times. By default as `tasks` says.
        """
        # Each in a process of its own: what fails on a GPU may leave it unusable for its process.
        remote = self._ray.remote(max_calls=1)(function).options(
            num_cpus=self._need["CPU"], num_gpus=self._need["GPU"], max_retries=0
        )
        task = Task(lambda: remote.remote(*arguments), folder, retries=retries, silence=silence)
        self._running.append(task)
        return task

    def changes(self, tasks: Iterable[Task], *, timeout: float) -> list[tuple[Task, Outcome]]:
        """Wait at most `timeout` seconds; return the tasks that are done, with outcomes.

        One that was lost is ``waiting`` to be trained from its last finished epoch, with the
        reason; it ``failed`` when that was tried too often.
        """
        by_reference = {task.reference: task for task in tasks}
        done, running = self._ray.wait(
            list(by_reference), num_returns=len(by_reference), timeout=timeout
        )
        for task in (by_reference[reference] for reference in running):
            if self._need["GPU"] and task.hangs():
                self._ray.cancel(task.reference, force=True)
        changed = []
        for task in (by_reference[reference] for reference in done):
            outcome = self._outcome(task)
            if outcome.state == "lost":
                outcome = task.begin_anew(outcome.sentence)
            if outcome.state != "waiting":
                self._running.remove(task)
            changed.append((task, outcome))
        return changed

    def close(self) -> None:
        """Leave the cluster; tasks that still run end as by Ctrl-C, and keep whole epochs."""
        try:
            references = [task.reference for task in self._running]
            for reference in references:
                self._ray.cancel(reference)
            if references:
                self._ray.wait(references, num_returns=len(references), timeout=PATIENCE)
        finally:
            with alone.own_signals(), in_order():
                self._ray.shutdown()
        if self._removes_home:
            self._removes_home.close(seconds=PATIENCE)

    def _outcome(self, task: Task) -> Outcome:
        errors = self._ray.exceptions
        try:
            return self._ray.get(task.reference)
        except errors.RayTaskError as error:
            cause = error.cause or error
            what = _first_line(cause)
            if isinstance(cause, GPULostError):
                return Outcome("lost", sentence=what)
            return Outcome.of(cause, _COLOURS.sub("", f"{error}\n"))
        except errors.RayError as error:
            what = _first_line(error)
            if isinstance(error, errors.RuntimeEnvSetupError):
                return Outcome("failed", sentence=f"Its process cannot begin: {what}")
            return Outcome(
                "lost", sentence=task.why_ended or f"Its process or machine ended: {what}"
            )

    def _check_resources(self) -> None:
        for name, need in self._need.items():
            largest = max(
                (node["Resources"].get(name, 0) for node in self._ray.nodes() if node["Alive"]),
                default=0,
            )
            if need > largest:
                self.close()
                raise ConfigError(
                    f"Expected a machine with {need:g} {name}s in the cluster. "
                    f"The largest has {largest:g}."
                )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _check_reachable(address: str) -> None:
    """Ray itself tries for minutes, and then ends the process."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"Expected a Ray cluster at {address}, as HOST:PORT. Nothing answers there ({error}). "
            "Start one with `ray start --head`."
        ) from None


def train_on(
    cluster: Cluster,
    jobs: list[Job],
    source: Source,
    predict: tuple[Path, ...],
    machine_options: dict,
    board: Board,
) -> None:
    """Train the unfinished `jobs` on the cluster, as `cycles.train_here` does on one machine."""
    from train.study.cycles import apply_keep

    todo = [job for job in jobs if not job.is_finished]
    for job in jobs:
        if job not in todo:
            job.clear()
    machine_options = machine_options | cluster.machine_options
    waiting = {
        cluster.submit(
            cycle_task, job, source, predict, machine_options, folder=job.unfinished
        ): job
        for job in todo
    }
    while waiting:
        for task, outcome in cluster.changes(waiting, timeout=1):
            job = waiting[task]
            if outcome.state == "finished" and not job.is_finished:
                lost = "The machine that trained it wrote to another results folder than this one."
                outcome = Outcome("failed", sentence=lost)
            if outcome.state != "waiting":
                del waiting[task]
                apply_keep(jobs)
            board.set_state(job.run_id, outcome.state, outcome.kept(job.results, job.run_id))
        for task, job in waiting.items():
            if progress := task.news():
                board.update(job.run_id, progress)
