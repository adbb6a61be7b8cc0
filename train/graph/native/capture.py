"""A step that is recorded once and then replayed: on a GPU as a CUDA graph, without Python between.

A step that is replayed must read and write the same memory each time, may not wait for the device,
and may bring nothing from the host; `recorded.cpu_graph` checks that on a CPU.
"""

import functools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from train.gpu import out_of_memory

WARM_UP = 3
"""Steps before recording, in which libraries choose and reserve what they need."""

AHEAD = 16
"""Steps that Python may be ahead of a GPU: enough to keep it busy, few enough to tell the time."""

Step = Callable[[], None]


class Recorder(Protocol):
    """Runs a step a few times, records it and returns what replays it."""

    def __call__(self, step: Step) -> Step:
        """Raise `RuntimeError` where `step` does what cannot be replayed."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A step to be done again and again; `note` says why it is not replayed, where it could be."""

    run: Step
    note: str = ""


def repeated(step: Step, state: Sequence[torch.Tensor], recorder: Recorder | None) -> Repeated:
    """Return the fastest way to do `step`; `state` is all that it changes, and stays as it is.

    Without a `recorder` (a CPU has no graphs) that is the step itself. What cannot be recorded is
    done step by step, too, with the reason in `note`; what has no room is raised.
    """
    if recorder is None:
        return Repeated(step)
    before = [value.detach().clone() for value in state]
    note = ""
    try:
        run = recorder(step)
    except RuntimeError as error:
        if out_of_memory(error):
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        run, note = step, f"Trained step by step, not as one recorded graph, so slower: {reason}"
    with torch.no_grad():
        for value, old in zip(state, before, strict=True):
            value.copy_(old)
    return Repeated(run, note)


def cuda_graph(step: Step) -> Step:
    """Record `step` as a CUDA graph."""
    beside = _beside()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(WARM_UP):
            step()
    torch.cuda.current_stream().wait_stream(beside)
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
    ended_by: BaseException | None = None
    try:
        # Other threads of this process may use the GPU meanwhile.
        with torch.cuda.graph(graph, stream=beside, capture_error_mode="thread_local"):
            try:
                step()
            except BaseException as error:
                ended_by = error
                raise
    except RuntimeError as error:
        # PyTorch leaves a recording with an error of its own, which says no more than that.
        _leave(stream)
        raise ended_by or error from None
    except BaseException:
        _leave(stream)
        raise
    return graph.replay


@functools.cache
def _beside() -> torch.cuda.Stream:
    """Return the one stream on which steps warm up and are recorded.

    On each that ever multiplied, cuBLAS keeps 64 MB for good: 32 for the threads of either way.
    """
    return torch.cuda.Stream()


def _leave(stream: torch.cuda.Stream) -> None:
    """Go back to `stream` from a recording that failed, on whose stream PyTorch stays."""
    torch.cuda.set_stream(stream)
    _beside.cache_clear()


def recorder_for(device: torch.device) -> Recorder | None:
    """Return what records steps on `device`, or None where nothing can."""
    return cuda_graph if device.type == "cuda" else None


class Pace:
    """Keeps Python near the GPU: without, a whole epoch is queued before its first step is done."""

    def __init__(self, device: torch.device) -> None:
        self._on_gpu = device.type == "cuda"
        self._marks: deque[torch.cuda.Event] = deque()

    def step_queued(self) -> None:
        """Wait until the step `AHEAD` before this one is done."""
        if not self._on_gpu:
            return
        # Blocking: runs that share a GPU share few cores, too.
        mark = torch.cuda.Event(blocking=True)
        mark.record()
        self._marks.append(mark)
        if len(self._marks) > AHEAD:
            self._marks.popleft().synchronize()
