"""How many cycles train at once on this machine's one device, and NVIDIA's MPS for them.

One cycle of these small networks does not fill a large GPU. Cycles are independent, so several
share it, each in a process of its own (`cluster.Cluster.here`).
"""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import joblib

from kneeoa.networks import Architecture
from train import machine
from train.config import TrainConfig

GIGABYTES: dict[Architecture, float] = {"mobilenet": 5.0, "resnet50": 8.0}
"""Memory of a GPU allowed for a run at 32 films a batch; an allowance, see ``docs/device.md``."""

CORES = 2
"""Cores of the CPU for each run: one feeds the GPU, the other writes and draws."""

AT_MOST = 8
"""Runs at once by default: five already keep one of the largest GPUs busy all the time."""

IN_TURNS = 2
"""Runs at once by default without MPS: they take turns, one in the pauses of the other."""

_SECONDS = 90
_CONTROL = "nvidia-cuda-mps-control"
_PIPES = "CUDA_MPS_PIPE_DIRECTORY"
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_PROBE = (
    "from train import machine; print(machine.prepare('gpu')); from keras import ops; "
    "print(ops.convert_to_numpy(ops.sum(ops.ones(8))))"
)
_SERVICE = f"""
{_CONTROL} -d < /dev/null > "$1/said" 2>&1 || exit 1
: > "$1/serves"
cat > /dev/null
echo quit | {_CONTROL}
rm -rf "$1"
"""
"""Serves until its standard input ends, as it does with who began it, however that ends."""


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
    at_most: int = AT_MOST,
) -> Sharing:
    """Return how many of `cycles` of each config train at once.

    `asked` is what the user said, or None: on a GPU of `gpu_bytes` then as many as its memory and
    the `cores` allow, but `at_most`; on a CPU one, which uses all of them.
    """
    configs = list(configs)
    gpu = device != "cpu" and gpu_bytes is not None
    if asked is None:
        need = max(GIGABYTES[c.architecture] * max(1, c.batch_size / 32) for c in configs)
        fits = int(gpu_bytes / 1e9 // need) if gpu_bytes and gpu else 1
        asked = min(fits, cores // CORES, at_most)
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
        # What affinity and container leave of them.
        cores=joblib.cpu_count(),
        visible=os.environ.get(_VISIBLE),
        at_most=AT_MOST if _PIPES in os.environ or shutil.which(_CONTROL) else IN_TURNS,
    )


@contextlib.contextmanager
def served_together(wanted: bool, visible: str | None) -> Iterator[str]:
    """Run NVIDIA's Multi-Process Service inside, if the machine offers it; yield what is so.

    Processes then share the GPU at the same time instead of in turns. What it needs is in
    environment variables, for processes that are started inside; they are to see the GPUs that
    were `visible` (``CUDA_VISIBLE_DEVICES``) before this process hid them from its own Keras.
    """
    if not wanted:
        yield ""
        return
    if _PIPES in os.environ:
        yield "with the MPS that runs here"
        return
    if shutil.which(_CONTROL) is None:
        yield "without MPS: this machine does not offer it"
        return
    folder = tempfile.mkdtemp(prefix="kneeoa-mps-")
    ours = {_PIPES: folder, "CUDA_MPS_LOG_DIRECTORY": folder}
    # The service numbers the GPUs that it is shown anew, and its clients would ask for others.
    service = {name: value for name, value in os.environ.items() if name != _VISIBLE} | ours
    client = service | ({} if visible is None else {_VISIBLE: visible})
    guardian = subprocess.Popen(
        ["sh", "-c", _SERVICE, "mps", folder],
        env=service,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for those that train
    )
    try:
        why = _why_not_serving(guardian, Path(folder)) or _why_not_served(client)
        if not why:
            os.environ |= ours
        yield f"without MPS: {why}" if why else "with MPS"
    finally:
        for name in ours:
            os.environ.pop(name, None)
        try:
            guardian.communicate(timeout=_SECONDS)  # its standard input ends
        except subprocess.TimeoutExpired:
            guardian.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _why_not_serving(guardian: subprocess.Popen, folder: Path) -> str:
    end = time.monotonic() + _SECONDS
    while not (folder / "serves").exists():
        if guardian.poll() is not None:
            return _last_line((folder / "said").read_text("utf-8", "replace"), guardian.returncode)
        if time.monotonic() > end:
            return "it did not begin to serve"
        time.sleep(0.05)
    return ""


def _why_not_served(client: Mapping[str, str]) -> str:
    try:
        process = subprocess.run(
            [sys.executable, "-c", _PROBE],
            env=client,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{type(error).__name__}"
    if not process.returncode:
        return ""
    return _last_line(process.stderr or process.stdout, process.returncode)


def _last_line(printed: str, code: int) -> str:
    lines = printed.strip().splitlines()
    return lines[-1] if lines else f"it ended with {code}"
