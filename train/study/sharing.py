"""How many cycles train at once on this machine's one device, and NVIDIA's MPS for them.

One cycle of these small networks does not fill a large GPU. Cycles are independent, so several
share it, each in a process of its own (`cluster.Cluster.here`).
"""

import contextlib
import importlib.util
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kneeoa.networks import Architecture
from train import machine
from train.config import TrainConfig

GIGABYTES: dict[Architecture, float] = {"mobilenet": 5.0, "resnet50": 8.0}
"""Memory of a GPU allowed for a run at 32 films a batch; an allowance, see ``docs/device.md``."""

CORES = 2
"""Cores of the CPU for each run: one feeds the GPU, the other writes and draws."""

_SECONDS = 90
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_PROBE = (
    "from train import machine; print(machine.prepare('gpu')); from keras import ops; "
    "print(ops.convert_to_numpy(ops.sum(ops.ones(8))))"
)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Cycles that share this machine.

    Attributes
    ----------
    at_once : how many
    gpu : whether they share a GPU
    cpus : cores of each
    visible : ``CUDA_VISIBLE_DEVICES`` as it was given
    """

    at_once: int
    gpu: bool
    cpus: int
    visible: str | None = None


def sharing(
    configs: Iterable[TrainConfig],
    cycles: int,
    *,
    device: str,
    asked: int | None,
    gpu_bytes: int | None,
    cores: int,
    visible: str | None = None,
) -> Sharing:
    """Return how many of `cycles` of each config train at once.

    `asked` is what the user said, or None: on a GPU of `gpu_bytes` then as many as its memory and
    the `cores` allow, on a CPU one, which uses all of them.
    """
    configs = list(configs)
    gpu = device != "cpu" and gpu_bytes is not None
    if asked is None:
        need = max(GIGABYTES[c.architecture] * max(1, c.batch_size / 32) for c in configs)
        asked = min(int(gpu_bytes / 1e9 // need), cores // CORES) if gpu_bytes and gpu else 1
    at_once = max(1, min(asked, cycles * len(configs)))
    return Sharing(at_once, gpu, max(1, cores // at_once), visible)


def sharing_here(
    configs: Iterable[TrainConfig], cycles: int, *, device: str, asked: int | None
) -> Sharing:
    """Return `sharing` for this machine.

    Unless more were asked for it is one without Ray, and under TensorFlow, whose processes each
    take what memory they find.
    """
    gpu_bytes = machine.gpu_memory() if device != "cpu" else None
    alone = machine.backend() != "torch" or not importlib.util.find_spec("ray")
    if asked is None and alone:
        asked = 1
    return sharing(
        configs,
        cycles,
        device=device,
        asked=asked,
        gpu_bytes=gpu_bytes,
        cores=_cores(),
        visible=os.environ.get(_VISIBLE),
    )


@contextlib.contextmanager
def served_together(wanted: bool, visible: str | None) -> Iterator[str]:
    """Run NVIDIA's Multi-Process Service inside, if the machine offers it; yield what is so.

    Processes then share the GPU at the same time instead of in turns. What it needs is in
    environment variables, for processes that are started inside; they are to see the GPUs that
    were `visible` (``CUDA_VISIBLE_DEVICES``) before this process hid them from its own Keras.
    """
    control = shutil.which("nvidia-cuda-mps-control")
    if not wanted or control is None:
        yield "without MPS: this machine does not offer it" if wanted else ""
        return
    if "CUDA_MPS_PIPE_DIRECTORY" in os.environ:
        yield "with the MPS that runs here"
        return
    with tempfile.TemporaryDirectory(prefix="kneeoa-mps-", ignore_cleanup_errors=True) as folder:
        ours = {"CUDA_MPS_PIPE_DIRECTORY": folder, "CUDA_MPS_LOG_DIRECTORY": folder}
        # The service numbers the GPUs that it is shown anew, and its clients would ask for others.
        service = {name: value for name, value in os.environ.items() if name != _VISIBLE} | ours
        client = service | ({} if visible is None else {_VISIBLE: visible})
        try:
            why = _run([control, "-d"], service) or _run([sys.executable, "-c", _PROBE], client)
            if not why:
                os.environ |= ours
            yield f"without MPS: {why}" if why else "with MPS"
        finally:
            for name in ours:
                os.environ.pop(name, None)
            _run([control], service, "quit\n")


def _run(command: Sequence[str], environment: Mapping[str, str], text: str = "") -> str:
    try:
        process = subprocess.run(
            command,
            env=environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{type(error).__name__}"
    printed = (process.stderr or process.stdout).strip().splitlines()
    if not process.returncode:
        return ""
    return printed[-1] if printed else f"it ended with {process.returncode}"


def _cores() -> int:
    """Return the cores that this process may use, by its affinity and its container's share."""
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    try:
        share, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(cores, math.floor(int(share) / int(period))))
    except (OSError, ValueError):
        return cores
