"""What is said of a GPU: its memory, that it fails or is gone, that it has no room."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from kneeoa.errors import KneeOAError
from train.machine import NoGPUError, backend

_OF_THE_GPU = re.compile(
    r"^.*\b(CUDA( driver| unknown)? error\b|CUDA out of memory|CUDA_ERROR_|cudaError|cudaGetDevice"
    r"|CUDA (driver )?initialization|No CUDA GPUs|Found no NVIDIA driver|synchronize CUDA stream"
    r"|CUDNN_STATUS_|CUBLAS_STATUS_|cu(DNN|BLAS) error\b|unable to find an engine).*$",
    re.MULTILINE,
)
"""How PyTorch, TensorFlow, CUDA and its libraries say that a GPU fails or is gone.

Not every line with their names in it: a fault of the program lists devices, a full disk its path.
"""

_OF_THE_PROGRAM = (OSError, TypeError, NotImplementedError)
"""What no GPU raises, whatever names are in it."""

_NO_ROOM = ("RESOURCE_EXHAUSTED", "OUT OF MEMORY", "OUTOFMEMORY", "_STATUS_ALLOC_FAILED")

ANSWER = 180
"""Seconds for the driver or PyTorch to answer: it may begin first, or come from a slow disk."""


class GPUFailedError(KneeOAError):
    """A GPU failed while it trained; whatever this process does on it from now on fails, too."""


def gpu_fault(error: Exception) -> str:
    """Return what `error` says of a GPU that fails or is gone, in a line, or nothing.

    What is written for the user is never about that, but for `NoGPUError`.
    """
    if isinstance(error, KneeOAError):
        return str(error) if isinstance(error, NoGPUError) else ""
    if isinstance(error, _OF_THE_PROGRAM):
        return ""
    if fault := _OF_THE_GPU.search(str(error)):
        return fault.group(0)
    # PyTorch's own class for what a device reports, whatever words that has.
    reported = getattr(sys.modules.get("torch"), "AcceleratorError", ())
    if not isinstance(error, reported):
        return ""
    return (str(error).splitlines() or ["no more is known"])[0]


def out_of_memory(error: BaseException) -> bool:
    """Return whether `error` says, in any of the backends' ways, that a device has no room."""
    # They have no class of error in common for this.
    problem = f"{type(error).__name__} {error}".upper()
    return any(words in problem for words in _NO_ROOM)


@contextlib.contextmanager
def says_gpu_failed() -> Iterator[None]:
    """Have a GPU that fails while it trains be a `GPUFailedError`."""
    try:
        yield
    except Exception as error:
        fault = gpu_fault(error)
        if isinstance(error, NoGPUError) or not fault:
            raise
        raise GPUFailedError(
            f"The GPU failed or was gone: {fault.rstrip('.')}. The same command goes on from the "
            "last finished epoch that was written."
        ) from error


def gpu_memory() -> int | None:
    """Return the bytes of the first GPU that is visible, as its driver says, or None without one.

    Asks the driver's own command, or else PyTorch in a process of its own, so that this process
    does not take a share of the GPU; PyTorch, too, where GPUs differ, whose first is the fastest
    and the driver's another. Where PyTorch cannot tell, that is the smallest; 0 for a GPU of which
    nobody tells: it is there.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    first = (visible or "0").split(",")[0].strip()
    if visible == "" or first == "-1":
        return None
    asked = ["--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    memories = _numbers(["nvidia-smi", f"--id={first}", *asked], 2**20)
    is_named = not first.isdigit() or os.environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    if memories and not is_named:
        memories = sorted({*memories, *_numbers(["nvidia-smi", *asked], 2**20)})
    is_there = any(Path("/dev").glob("nvidia[0-9]*"))
    if len(memories) != 1 and is_there and backend() == "torch":
        asks = "import torch; print(torch.cuda.get_device_properties(0).total_memory)"
        memories = _numbers([sys.executable, "-c", asks], 1) or memories
    return memories[0] if memories else 0 if is_there else None


def _numbers(command: Sequence[str], unit: int) -> list[int]:
    """Return the numbers that `command` prints, one a line, in `unit`; none where it fails."""
    try:
        printed = subprocess.run(
            command, capture_output=True, text=True, timeout=ANSWER, check=True
        ).stdout
        return [int(line) * unit for line in printed.split()]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


def why_ended(printed: str, code: int) -> str:
    """Return why a process ended with `code`, which has `printed` that; nothing if it was right.

    Of an error of Python that is the first line of what it says: CUDA's go on with advice.
    """
    if not code:
        return ""
    if code < 0:
        names = {number.value: number.name for number in signal.Signals}
        return f"it was ended by {names.get(-code, f'signal {-code}')}"
    _, is_python, last = printed.rpartition("Traceback (most recent call last):\n")
    lines = [line for line in last.strip("\n").splitlines() if line.strip()]
    if not lines:
        return f"it ended with {code}"
    if not is_python:
        return lines[-1].strip().rstrip(".")
    raised = next((line for line in lines if not line.startswith(" ")), lines[-1])
    return (raised.partition(": ")[2] or raised).strip().rstrip(".")
