"""Recording a step: the calls to CUDA, on a stand-in; and what a recording must refuse."""

import contextlib

import numpy as np
import pytest
import torch

from kneeoa.errors import TrainingError
from train.config import preset
from train.graph.native import capture
from train.graph.native.recorded import cpu_graph
from train.run.fit import _says_too_large


class Cuda:
    """Stands for `torch.cuda`: says what was called, and replays what was recorded."""

    def __init__(self, monkeypatch):
        self.said = []
        capture._beside.cache_clear()
        for name in ("Stream", "CUDAGraph", "Event"):
            monkeypatch.setattr(torch.cuda, name, getattr(self, name))
        monkeypatch.setattr(torch.cuda, "current_stream", lambda: self.Stream("main"))
        monkeypatch.setattr(torch.cuda, "set_stream", lambda on: self.said.append(f"on {on}"))
        monkeypatch.setattr(torch.cuda, "stream", self._within)
        monkeypatch.setattr(torch.cuda, "graph", self._graph)

    def Stream(self, name="beside"):
        cuda = self

        class Stream:
            def __str__(self):
                return name

            def wait_stream(self, other):
                cuda.said.append(f"{name} waits for {other}")

        return Stream()

    def CUDAGraph(self):
        class Graph:
            def replay(self):
                raise AssertionError("nothing was recorded")

        return Graph()

    def Event(self, blocking):
        assert blocking
        cuda = self

        class Event:
            def record(self):
                cuda.said.append("record")

            def synchronize(self):
                cuda.said.append("synchronize")

        return Event()

    @contextlib.contextmanager
    def _within(self, stream):
        self.said.append(f"within {stream}")
        yield

    @contextlib.contextmanager
    def _graph(self, graph, *, stream, capture_error_mode):
        self.said.append(f"recording on {stream}, errors {capture_error_mode}")
        yield
        graph.replay = lambda: self.said.append("replay")


def test_a_graph_is_recorded_beside_the_stream_after_warming_up(monkeypatch):
    cuda, steps = Cuda(monkeypatch), []
    state = torch.zeros(2)

    def step():
        state.add_(1)
        steps.append(len(cuda.said))

    recorder = capture.recorder_for(torch.device("cuda"))
    found = capture.repeated(step, [state], recorder)
    assert len(steps) == capture.WARM_UP + 1
    assert cuda.said == [
        "beside waits for main",
        "within beside",
        "main waits for beside",
        "recording on beside, errors thread_local",
    ]
    assert (found.note, state.tolist()) == ("", [0, 0])
    found.run()
    assert cuda.said[-1] == "replay"
    assert len(steps) == capture.WARM_UP + 1


def test_all_stages_are_recorded_on_one_stream_but_on_none_where_it_failed(monkeypatch):
    cuda, streams = Cuda(monkeypatch), []
    on, failing = cuda._graph, []
    monkeypatch.setattr(
        torch.cuda,
        "graph",
        lambda *graph, **how: streams.append(how["stream"]) or on(*graph, **how),
    )

    def step():
        if failing and cuda.said[-1].startswith("recording"):
            raise RuntimeError("operation not permitted when stream is capturing")

    for fails in (False, False, True, False):
        failing[:] = [True] * fails
        capture.repeated(step, [], capture.recorder_for(torch.device("cuda")))
    first, second, third, fourth = streams
    assert first is second is third
    assert fourth is not third


def test_a_recording_that_fails_leaves_its_stream(monkeypatch):
    cuda = Cuda(monkeypatch)

    def step():
        if cuda.said[-1].startswith("recording"):
            raise RuntimeError("operation not permitted when stream is capturing")

    found = capture.repeated(step, [], capture.recorder_for(torch.device("cuda")))
    assert found.run is step
    assert "not permitted when stream is capturing" in found.note
    assert cuda.said[-1] == "on main"


@contextlib.contextmanager
def spoilt(graph, *, stream, capture_error_mode):
    """Stand for a recording that an error ends, of which PyTorch then says only that."""
    try:
        yield
    finally:
        raise RuntimeError("CUDA error: operation failed due to a previous error during capture")


def recorded_until(monkeypatch, error):
    cuda = Cuda(monkeypatch)
    monkeypatch.setattr(torch.cuda, "graph", spoilt)
    calls = []

    def step():
        calls.append(0)
        if len(calls) > capture.WARM_UP:
            raise error

    return cuda, capture.repeated(step, [], capture.recorder_for(torch.device("cuda")))


def test_why_a_recording_failed_is_what_ended_it(monkeypatch):
    error = RuntimeError("operation not permitted when stream is capturing\nadvice")
    cuda, now = recorded_until(monkeypatch, error)
    assert now.note.endswith("so slower: operation not permitted when stream is capturing")
    assert cuda.said[-1] == "on main"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        torch.AcceleratorError("CUDA error: out of memory"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ],
)
def test_a_recording_without_room_is_no_step_by_step(error, monkeypatch):
    with pytest.raises(type(error)) as raised:
        recorded_until(monkeypatch, error)
    assert raised.value is error
    config = preset("smoke", "mobilenet")
    with pytest.raises(TrainingError, match="do not fit"), _says_too_large(config):
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), TypeError("wrong")])
def test_a_recording_that_is_stopped_or_at_fault_goes_on_with_nothing(error, monkeypatch):
    try:
        raise ValueError("another")
    except ValueError:
        with pytest.raises(type(error)) as raised:
            recorded_until(monkeypatch, error)
    assert raised.value is error


def test_python_stays_near_the_gpu_and_lets_a_cpu_be(monkeypatch):
    cuda = Cuda(monkeypatch)
    pace = capture.Pace(torch.device("cuda"))
    for _ in range(capture.AHEAD + 3):
        pace.step_queued()
    assert cuda.said.count("record") == capture.AHEAD + 3
    assert cuda.said.count("synchronize") == 3
    assert cuda.said[capture.AHEAD] == "record"
    capture.Pace(torch.device("cpu")).step_queued()
    assert capture.recorder_for(torch.device("cpu")) is None


def test_a_recording_changes_with_its_memory_and_not_with_python():
    values, by, calls = torch.ones(3), torch.ones(1), []

    def step():
        calls.append(0)
        grown = (values * 2 + by).clamp(max=100)
        values.copy_(grown.view(3))
        torch._foreach_add_([values], len(calls))

    run = cpu_graph(step)
    values.fill_(1), by.fill_(5)
    run()
    # 1 * 2 + 5, and the 4 that Python said when it was recorded.
    assert values.tolist() == [11, 11, 11]
    run()
    assert values.tolist() == [31, 31, 31]
    assert len(calls) == capture.WARM_UP + 1


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (lambda: torch.ones(1).item(), "reads a number from the device"),
        (lambda: bool(torch.ones(1)), "reads a number from the device"),
        (lambda: torch.ones(2) * torch.tensor([1.0, 2.0]), "brings numbers from the host"),
        (lambda: torch.from_numpy(np.ones(2)) + torch.as_tensor([1.0]), "from the host"),
        (lambda: torch.ones(2)[torch.ones(2) > 0], "depends on numbers"),
        (lambda: torch.equal(torch.ones(1), torch.ones(1)), "reads a number from the device"),
        (lambda: torch.bincount(torch.ones(1, dtype=torch.long)), "depends on numbers"),
        (lambda: torch.ones(2).unique_consecutive(), "depends on numbers"),
        (lambda: torch.rand(2), "chance is drawn by NumPy"),
        (lambda: torch.rand_like(torch.ones(2)), "chance is drawn by NumPy"),
        (lambda: torch.ones(2).exponential_(), "chance is drawn by NumPy"),
    ],
)
def test_what_a_graph_cannot_hold_is_refused(step, sentence):
    state = torch.zeros(1)

    def counted():
        state.add_(1)
        step()

    found = capture.repeated(counted, [state], cpu_graph)
    assert sentence in found.note
    assert state.item() == 0
    found.run()
    assert state.item() == 1
