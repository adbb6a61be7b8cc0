"""Tasks whose GPU fails or that hang on it begin anew; who is told of a run hears of it once."""

import time

import pytest

from train.machine import NoGPUError
from train.run.progress import Progress, write_progress
from train.study import cluster as cluster_module
from train.study import tasks
from train.study.cluster import RETRIES, Cluster
from train.study.sharing import Sharing
from train.study.tasks import Outcome

LONG = 600  # seconds


@pytest.fixture(scope="module")
def cluster():
    """One of this machine, which Ray takes to have a GPU."""
    with Cluster.here(Sharing(at_once=2, gpu=True, cpus=1)) as started:
        yield started


def fallible(*faults):
    """Return a task that each try raises another of `faults`, and is finished after them."""

    def task(folder):
        tries = folder / "tries"
        before = len(tries.read_text()) if tries.exists() else 0
        tries.write_text("x" * (before + 1))
        tasks.PAUSE = 0
        with tasks._gpu_that_may_be_lost():
            if before < len(faults):
                raise faults[before]
        return Outcome("finished")

    return task


def ended(cluster, *submitted):
    """Wait for tasks; return their outcomes in order, and the news that came of each."""
    outcomes, news, end = {}, {task: [] for task in submitted}, time.monotonic() + 120
    while len(outcomes) < len(submitted) and time.monotonic() < end:
        running = [task for task in submitted if task not in outcomes]
        outcomes |= dict(cluster.finished(running, timeout=0.2))
        for task in running:
            if progress := task.news():
                news[task].append(progress)
    return [outcomes[task] for task in submitted], list(news.values())


def test_a_task_whose_gpu_fails_or_is_gone_begins_anew(cluster, tmp_path):
    of_the_gpu = RuntimeError("CUDA error: unspecified launch failure\nCompile with ...")
    of_mps = NoGPUError("Expected a GPU. torch sees none here.")
    of_the_program = ValueError("shapes")
    for name in "abc":
        (tmp_path / name).mkdir()
    faults = {"a": [of_the_gpu, of_mps], "b": [of_the_program], "c": [of_the_gpu] * LONG}
    submitted = [
        cluster.submit(fallible(*raised), tmp_path / name, folder=tmp_path / name)
        for name, raised in faults.items()
    ]
    (lost, wrong, broken), _ = ended(cluster, *submitted)
    assert lost.state == "finished"
    assert (wrong.state, "ValueError: shapes" in wrong.sentence) == ("failed", True)
    assert (broken.state, len((tmp_path / "c" / "tries").read_text())) == ("failed", 1 + RETRIES)
    assert "GPU failed or was gone: CUDA error: unspecified launch failure" in broken.sentence
    assert len((tmp_path / "a" / "tries").read_text()) == 3
    assert len((tmp_path / "b" / "tries").read_text()) == 1


def test_a_task_that_hangs_begins_anew_and_is_heard_of_once(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_module, "SILENCE", 1.0)
    old, new = (Progress(epoch=epoch, epochs=9, share=0.5, epochs_left=8) for epoch in (3, 4))
    write_progress(tmp_path, old)

    def hangs_once(folder):
        is_first = not (folder / "first").exists()
        (folder / "first").touch()
        write_progress(folder, new)
        time.sleep(LONG if is_first else 0.5)
        return Outcome("finished")

    task = cluster.submit(hangs_once, tmp_path, folder=tmp_path)
    ((outcome,), (news,)) = ended(cluster, task)
    assert outcome.state == "finished"
    assert task.silenced == 1
    # Not what a killed process had left, and nothing twice.
    assert news == [new]


def test_tasks_with_a_gpu_are_told_to_use_it(cluster):
    assert cluster.machine_options == {"device": "gpu"}
