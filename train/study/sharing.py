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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from joblib.externals.loky import cpu_count

from kneeoa import terminal
from kneeoa.errors import ConfigError
from kneeoa.networks import Architecture
from train import machine
from train.config import TrainConfig
from train.gpu import ANSWER, gpu_memory, why_ended
from train.study.afterwards import Afterwards
from train.study.alone import setting

GIGABYTES: dict[Architecture, float] = {"mobilenet": 5.0, "resnet50": 8.0}
"""Memory of a GPU allowed for a run at 32 films a batch; an allowance, see ``docs/device.md``."""

CORES = 2
"""Cores of the CPU for each run: one feeds the GPU, the other writes and draws."""

AT_MOST = 8
"""Runs at once by default: five already keep one of the largest GPUs busy all the time."""

IN_TURNS = 2
"""Runs at once by default without MPS: they take turns, one in the pauses of the other."""

_SECONDS = ANSWER
"""What a process has for its first use of a GPU."""

_QUIET = 20.0
"""Seconds of it without a word."""

_CONTROL = "nvidia-cuda-mps-control"
_PIPES = "CUDA_MPS_PIPE_DIRECTORY"
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_PROBE = (
    "from train import machine; print(machine.prepare('gpu')); from keras import ops; "
    "print(ops.convert_to_numpy(ops.sum(ops.ones(8))))"
)
_NAME = "nvidia-cuda-mps"
"""Of both, the control and its servers, as far as the kernel keeps it (15 characters)."""

_QUITS = f"""
are_ours() {{
  for process in /proc/[0-9]*; do
    read -r name < "$process/comm" && [ "$name" = {_NAME} ] || continue
    for who in "$process" "/proc/$(sed -n 's/^PPid:[^0-9]*//p' "$process/status")"; do
      tr '\\0' '\\n' < "$who/environ" | grep -qxF "{_PIPES}=$1" || continue
      echo "${{process#/proc/}}"
      break
    done
  done
}}
echo quit | timeout 10 {_CONTROL} || kill -KILL $(are_ours "$1")
rm -rf "$1"
"""
"""Ends a service and its servers, also where they wait for clients in vain, and removes its folder.

Known by their name and by the folder, which nobody else has: what a file says of their numbers
outlives them, and who has such a number later is a stranger.
"""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Cycles that share this machine.

    Attributes
    ----------
    at_once : how many
    gpu : whether they share a GPU
    cpus : cores of each
    visible : ``CUDA_VISIBLE_DEVICES`` as it was given
    is_asked : whether the user said how many
    """

    at_once: int
    gpu: bool
    cpus: int
    visible: str | None = None
    is_asked: bool = False


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
    the `cores` allow, but `AT_MOST`; on a CPU one, which uses all of them.
    """
    configs = list(configs)
    gpu, is_asked = device != "cpu" and gpu_bytes is not None, asked is not None
    if asked is None:
        need = max(GIGABYTES[c.architecture] * max(1, c.batch_size / 32) for c in configs)
        fits = int(gpu_bytes / 1e9 // need) if gpu_bytes and gpu else 1
        asked = min(fits, cores // CORES, AT_MOST)
    at_once = max(1, min(asked, cycles * len(configs)))
    return Sharing(at_once, gpu, max(1, cores // at_once), visible, is_asked)


def expect_ray(name: str) -> None:
    """Raise `ConfigError` where Ray, which the option `name` needs, is not installed."""
    if not _has_ray():
        raise ConfigError(
            f"Expected Ray for {name}. It is not installed: "
            "pip install --require-hashes -r requirements-cluster.lock."
        )


def _has_ray() -> bool:
    return importlib.util.find_spec("ray") is not None


def sharing_here(
    configs: Iterable[TrainConfig],
    cycles: int,
    *,
    device: str,
    asked: int | None,
    by_ray: bool = True,
) -> Sharing:
    """Return `sharing` for this machine.

    Unless more were asked for it is one without Ray, if they are to be begun `by_ray`, and under
    TensorFlow, whose processes each take what memory they find.
    """
    with terminal.telling("train", "It is asked what GPU there is.", after=_QUIET):
        gpu_bytes = gpu_memory() if device != "cpu" else None
    alone = machine.backend() != "torch" or (by_ray and not _has_ray())
    if asked is None and alone:
        asked = 1
    return sharing(
        configs,
        cycles,
        device=device,
        asked=asked,
        gpu_bytes=gpu_bytes,
        # What affinity and container leave of them.
        cores=cpu_count(),
        visible=os.environ.get(_VISIBLE),
    )


def in_turns(sharing: Sharing) -> Sharing:
    """Return how many are to share a GPU in turns: unless they were asked for, not as many."""
    if sharing.is_asked:
        return sharing
    at_once = min(sharing.at_once, IN_TURNS)
    return replace(sharing, at_once=at_once, cpus=sharing.cpus * sharing.at_once // at_once)


@dataclass(frozen=True, slots=True)
class Service:
    """How processes have the GPU: `together` or in turns; `sentence` says so, and why."""

    together: bool
    sentence: str


@contextlib.contextmanager
def served_together(visible: str | None) -> Iterator[Service]:
    """Run NVIDIA's Multi-Process Service inside, if the machine offers it.

    Processes then share the GPU at the same time instead of in turns. What it needs is in
    environment variables, for processes that are started inside; they are to see the GPUs that
    were `visible` (``CUDA_VISIBLE_DEVICES``) before this process hid them from its own Keras.

    A service whose place is in the environment already, and that runs there, is used as it is.
    Raises `NoGPUError` when a process has no use of the GPU, with the service or without.
    """
    # The service numbers the GPUs that it is shown anew, and its clients would ask for others.
    service = {name: value for name, value in os.environ.items() if name != _VISIBLE}
    client = {} if visible is None else {_VISIBLE: visible}
    if (place := os.environ.get(_PIPES)) and _runs_in(Path(place)):
        _expect_use(service | client)
        yield Service(together=True, sentence="with the MPS that runs here")
        return
    with contextlib.ExitStack() as ends:
        if shutil.which(_CONTROL) is None:
            why = "this machine does not offer it"
        else:
            folder = tempfile.mkdtemp(prefix="kneeoa-mps-")
            ours = {_PIPES: folder, "CUDA_MPS_LOG_DIRECTORY": folder}
            quits = Afterwards(_QUITS, folder, environment=service | ours)
            ends.callback(quits.close, seconds=_SECONDS)
            why = _why_not_begun(service | ours, Path(folder))
            why = why or _why_not_used(service | ours | client)
            if not why:
                for name in ours:
                    ends.enter_context(setting(name, folder))
        if why:
            ends.close()  # what does not serve is not to hold the GPU
            _expect_use(service | client)
        yield Service(not why, f"without MPS: {why}" if why else "with MPS")


@contextlib.contextmanager
def on_one_machine(sharing: Sharing) -> Iterator[tuple[Sharing, str]]:
    """Give how many share the machine indeed, and how they have its GPU, if they have one."""
    if not sharing.gpu:
        yield sharing, ""
        return
    with served_together(sharing.visible) as service:
        yield sharing if service.together else in_turns(sharing), service.sentence


def _runs_in(place: Path) -> bool:
    """Return whether a service runs whose folder is `place`: one that was killed leaves its files.

    Its own command asks it; without that, whoever the number in its file is has to have its name.
    """
    if not (place / "control").exists():
        return False
    if shutil.which(_CONTROL) is None:
        try:
            number = int((place / f"{_CONTROL}.pid").read_text("utf-8"))
            return Path(f"/proc/{number}/comm").read_text("utf-8").strip() == _NAME
        except (OSError, ValueError):
            return False
    asks, none = "get_server_list\n", subprocess.DEVNULL
    try:
        return not subprocess.run(
            [_CONTROL], input=asks, text=True, stdout=none, stderr=none, timeout=10, check=False
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def _why_not_begun(service: Mapping[str, str], folder: Path) -> str:
    # To a file: a pipe would be held open by what goes on.
    with (folder / "begun").open("w+b") as printed:
        try:
            with terminal.telling("train", "NVIDIA's MPS begins.", after=_QUIET):
                code = subprocess.run(
                    [_CONTROL, "-d"],
                    env=service,
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=subprocess.STDOUT,
                    timeout=_SECONDS,
                    check=False,
                ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            return _no_answer(error)
        printed.seek(0)
        return why_ended(printed.read().decode("utf-8", "replace"), code)


def _expect_use(client: Mapping[str, str]) -> None:
    """Raise `NoGPUError` where a process with these variables has no use of the GPU."""
    if why := _why_not_used(client):
        ours = why if why.startswith("Expected") else f"A process cannot use the GPU: {why}"
        raise machine.NoGPUError(f"{ours}.")


def _why_not_used(client: Mapping[str, str]) -> str:
    try:
        with terminal.telling("train", "A process of its own tries the GPU.", after=_QUIET):
            process = subprocess.run(
                [sys.executable, "-c", _PROBE],
                env=client,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        return _no_answer(error)
    return why_ended(process.stderr or process.stdout, process.returncode)


def _no_answer(error: OSError | subprocess.SubprocessError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"there was no answer in {_SECONDS} seconds"
