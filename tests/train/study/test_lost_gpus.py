"""Tasks whose GPU fails or that hang on it begin anew; who is told of a run hears of it once."""

import os
import signal
import sys
import time
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from kneeoa.errors import ConfigError
from train.config import preset
from train.gpu import GPUFailedError, gpu_fault, says_gpu_failed
from train.machine import NoGPUError
from train.run.progress import Progress, write_progress
from train.study import tasks
from train.study.cluster import Cluster
from train.study.job import Job, Outcome
from train.study.sharing import Sharing

WAITING = Outcome("waiting")


@pytest.fixture(scope="module")
def cluster():
    """One of this machine, which Ray takes to have a GPU.

    It is begun by a process that has hidden the GPU from its own Keras, as that of a study has.
    """
    with pytest.MonkeyPatch.context() as hidden:
        hidden.setenv("KERAS_TORCH_DEVICE", "cpu")
        hidden.setenv("CUDA_VISIBLE_DEVICES", "")
        with Cluster.here(Sharing(at_once=2, gpu=True, cpus=1)) as started:
            yield started


def fallible(*faults):
    """Return a task that each try raises another of `faults`, and is finished after them."""

    def task(folder):
        tries = folder / "tries"
        before = len(tries.read_text()) if tries.exists() else 0
        tries.write_text("x" * (before + 1))
        tasks.PAUSE = 0
        tasks._begin(folder)
        with tasks._gpu_that_may_be_lost():
            if before < len(faults):
                if faults[before] is None:
                    os.kill(os.getpid(), signal.SIGKILL)
                raise faults[before]
        return Outcome("finished")

    return task


def ended(cluster, *submitted):
    """Wait for tasks; return all outcomes of each, in order, and the news that came of it."""
    outcomes, news = ({task: [] for task in submitted} for _ in range(2))
    end, running = time.monotonic() + 120, list(submitted)
    while running and time.monotonic() < end:
        for task, outcome in cluster.changes(running, timeout=0.2):
            outcomes[task].append(outcome)
        running = [task for task in running if (outcomes[task] or [WAITING])[-1].state == "waiting"]
        for task in running:
            if progress := task.news():
                news[task].append(progress)
    return list(outcomes.values()), list(news.values())


def test_a_task_whose_gpu_fails_or_is_gone_begins_anew(cluster, tmp_path):
    of_the_gpu = RuntimeError("Exception in layer\nCUDA error: unspecified launch failure\nCompile")
    # After them it is finished; the last one never is.
    faults = {
        "lost": [of_the_gpu, None],
        "wrong": [ValueError("shapes")],
        "broken": [of_the_gpu] * 100,
    }
    for name in faults:
        (tmp_path / name).mkdir()
    submitted = [
        cluster.submit(
            fallible(*raised),
            tmp_path / name,
            folder=tmp_path / name,
            retries=1 if name == "broken" else None,
        )
        for name, raised in faults.items()
    ]
    (lost, wrong, broken), _ = ended(cluster, *submitted)
    assert [outcome.state for outcome in lost] == ["waiting"] * 2 + ["finished"]
    assert "was gone: CUDA error: unspecified launch failure It begins" in lost[0].sentence
    assert "Its process or machine ended: " in lost[1].sentence
    assert [outcome.state for outcome in wrong] == ["failed"]
    assert "ValueError: shapes" in wrong[0].sentence
    assert [outcome.state for outcome in broken] == ["waiting", "failed"]
    assert "begun 2 times, in vain" in broken[-1].sentence


def test_only_what_a_gpu_did_is_a_gpu_that_is_lost(monkeypatch):
    monkeypatch.setattr(tasks, "PAUSE", 0)
    with pytest.raises(tasks.GPULostError), tasks._gpu_that_may_be_lost():
        raise NoGPUError("Expected a GPU. torch sees none here.")
    for other in (ValueError("shapes"), ConfigError("Expected CUDA error to be spelt so.")):
        with pytest.raises(type(other)) as raised, tasks._gpu_that_may_be_lost():
            raise other
        assert raised.value is other


def test_what_is_not_to_be_begun_again_fails_at_once(tmp_path):
    begun = []
    task = tasks.Task(lambda: begun.append(1), tmp_path, retries=0)
    assert task.begin_anew("It ended.") == Outcome("failed", sentence="It ended.")
    assert begun == [1]


def test_who_has_come_to_another_epoch_may_be_lost_as_often_again(tmp_path):
    begun = []
    task = tasks.Task(lambda: begun.append(1), tmp_path)
    for epoch in (1, 1, 1, 1, 2, 2, 2, 3):
        write_progress(tmp_path, Progress(epoch=epoch, epochs=9, share=0.5, epochs_left=8))
        assert task.begin_anew("Gone.").state == "waiting"
    outcomes = [task.begin_anew("Gone.") for _ in range(tasks.RETRIES)]
    assert [outcome.state for outcome in outcomes] == ["waiting"] * 4 + ["failed"]
    assert "begun 6 times, in vain" in outcomes[-1].sentence
    assert len(begun) == 1 + 8 + tasks.RETRIES - 1


def test_a_task_that_hangs_begins_anew_and_is_heard_of_once(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "SILENCE", 1.0)
    old, new = (Progress(epoch=epoch, epochs=9, share=0.5, epochs_left=8) for epoch in (3, 4))
    told, untold = tmp_path / "told", tmp_path / "untold"
    for folder in (told, untold):
        folder.mkdir()
        write_progress(folder, old)

    def hangs_once(folder):
        is_first = not (folder / "first").exists()
        (folder / "first").touch()
        tasks._begin(folder)
        if folder == told:
            write_progress(folder, new)
        time.sleep(600 if is_first else 0.5)
        return Outcome("finished")

    submitted = [
        cluster.submit(hangs_once, folder, folder=folder, retries=retries)
        for folder, retries in ((told, None), (untold, 0))
    ]
    ((hung, finished), (failed,)), news = ended(cluster, *submitted)
    assert (hung.state, finished.state, failed.state) == ("waiting", "finished", "failed")
    assert "no sign of life" in hung.sentence
    assert "no sign of life" in failed.sentence
    # Not what a killed process had left, and nothing twice.
    assert news == [[new], []]


def test_who_watches_may_pause_and_queues_may_be_long(tmp_path, monkeypatch):
    clock = iter((0.0, 700.0, 800.0, 1500.0))
    # For them alone: threads of Ray, whose cluster still runs, ask the same module for the time.
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    task = tasks.Task(lambda: None, tmp_path)
    assert not task.hangs()  # it may still have to wait
    tasks._begin(tmp_path)
    assert not task.hangs()
    write_progress(tmp_path, Progress(epoch=1, epochs=9, share=0.5, epochs_left=8))
    assert not task.hangs()
    assert task.hangs()


def test_a_rehearsal_gives_signs_of_life_and_is_given_up_earlier(tmp_path, monkeypatch):
    assert tasks.REHEARSAL_SILENCE < tasks.SILENCE
    clock = [0.0]
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    patient = tasks.Task(lambda: None, tmp_path)
    rehearsal = tasks.Task(lambda: None, tmp_path, silence=tasks.REHEARSAL_SILENCE)
    tasks._begin(tmp_path)
    assert not patient.hangs() and not rehearsal.hangs()
    clock[0] = tasks.REHEARSAL_SILENCE + 1
    assert not patient.hangs() and rehearsal.hangs()
    assert rehearsal.why_ended == "It hung: there was no sign of life for 5 minutes."


def test_a_gpu_that_fails_a_process_of_its_own_is_a_sentence():
    fault = RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with")
    with pytest.raises(GPUFailedError) as said, says_gpu_failed():
        raise fault
    assert str(said.value) == (
        "The GPU failed or was gone: CUDA error: an illegal memory access was encountered. The "
        "same command goes on from the last finished epoch that was written."
    )
    for other in (ConfigError("Expected CUDA error so."), NoGPUError("CUDA error")):
        with pytest.raises(type(other), match=str(other)), says_gpu_failed():
            raise other


@pytest.mark.parametrize(
    "error",
    [
        ValueError("shapes"),
        OSError(28, "No space left on device", "/mnt/cuda12-box/CUDA error/results/state.npz"),
        TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first."),
        RuntimeError("Expected all tensors to be on the same device, found cuda:0 and cpu!"),
        NotImplementedError("Could not run 'aten::cumsum'. It is available for [CPU, CUDA, Meta]."),
        RuntimeError("Dispatched for: CUDA: registered at /pytorch/build/aten/RegisterCUDA.cpp"),
    ],
)
def test_what_only_names_a_gpu_is_no_gpu_that_fails(error):
    assert gpu_fault(error) == ""
    with pytest.raises(type(error)) as raised, says_gpu_failed():
        raise error
    assert raised.value is error


@pytest.mark.parametrize(
    "line",
    [
        "CUDA error: misaligned address",
        "CUDA driver error: unknown error",
        "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
        "CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
        "CUDA unknown error - this may be due to an incorrectly set up environment",
        "No CUDA GPUs are available",
        "Found no NVIDIA driver on your system.",
        "GET was unable to find an engine to execute this computation",
        "failed to synchronize CUDA stream: CUDA_ERROR_ILLEGAL_ADDRESS",
    ],
)
def test_what_cuda_says_of_a_gpu_that_fails_is_known(line):
    assert gpu_fault(RuntimeError(f"Exception in layer\n{line}\nadvice")) == line


def test_pytorchs_own_class_for_what_a_device_reports_is_known():
    torch = pytest.importorskip("torch")
    assert gpu_fault(torch.AcceleratorError("hipErrorNoDevice\nadvice")) == "hipErrorNoDevice"


def test_a_cycle_that_shares_a_gpu_has_its_network_there(cluster, tmp_path):
    assert cluster.machine_options == {"device": "gpu"}

    def where(job, options):
        """Return what Keras would be told, in a process that PyTorch tells that it has a GPU."""
        was_loaded = "keras" in sys.modules
        torch = sys.modules["torch"] = MagicMock()
        torch.cuda.is_available.return_value = True
        torch.cuda.get_device_capability.return_value = (9, 0)
        before = os.environ.get("KERAS_TORCH_DEVICE")
        from train import machine

        prepared = machine.prepare(**options)
        told = os.environ["KERAS_TORCH_DEVICE"]
        return Outcome("finished", sentence=f"{was_loaded}, {before}, {prepared}, {told}")

    job = Job("run", preset("smoke", "mobilenet"), tmp_path, "f" * 64, "none")
    task = cluster.submit(where, job, cluster.machine_options, folder=job.unfinished)
    ((outcome,),), _ = ended(cluster, task)
    # That Keras has its tensors where it is told: `test_quiet`.
    assert outcome.sentence == "False, None, gpu (torch, mixed_bfloat16), cuda"
