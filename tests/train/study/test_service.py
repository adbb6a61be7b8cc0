"""NVIDIA's service for processes that share a GPU, and what its driver says; on stand-ins."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from train import gpu, machine
from train.config import preset
from train.study import sharing as sharing_module
from train.study.afterwards import Afterwards
from train.study.sharing import Service, served_together

WAIT = 60  # seconds


def command(folder, name, text):
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IEXEC)


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


@pytest.fixture
def device(path, monkeypatch):
    """Stand for a machine in which there is a GPU, and for its Python."""
    monkeypatch.setattr(gpu, "backend", lambda: "torch")
    monkeypatch.setattr(gpu.Path, "glob", lambda *_: iter(["nvidia0"]))
    monkeypatch.setattr(sys, "executable", str(path / "python"))
    command(path, "python", "echo 85520809984")


def test_the_memory_of_a_gpu_is_what_its_driver_says(path, monkeypatch):
    monkeypatch.setattr(gpu.Path, "glob", lambda *_: iter([]))
    command(path, "nvidia-smi", 'test "$1" = --id=0 && echo 81559')
    assert gpu.gpu_memory() == 81559 * 2**20
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpu.gpu_memory() is None
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    command(path, "nvidia-smi", "echo No devices were found; exit 6")
    assert gpu.gpu_memory() is None


def test_of_unlike_gpus_pytorch_says_which_is_its_first(path, device, monkeypatch):
    command(path, "nvidia-smi", 'echo 81559; [ "$1" = --id=0 ] || echo 8192')
    assert gpu.gpu_memory() == 85520809984
    command(path, "python", "exit 1")
    assert gpu.gpu_memory() == 8192 * 2**20  # the smallest, if it does not
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    assert gpu.gpu_memory() == 81559 * 2**20


def test_a_gpu_of_which_nobody_tells_is_there(path, device, monkeypatch):
    command(path, "nvidia-smi", "exit 9")
    waits, run = [], subprocess.run
    monkeypatch.setattr(
        gpu.subprocess, "run", lambda *a, timeout, **k: waits.append(timeout) or run(*a, **k)
    )
    assert gpu.gpu_memory() == 85520809984
    assert min(waits) == sharing_module._SECONDS  # PyTorch may come from a slow disk
    command(path, "python", "exit 1")
    config = [preset("smoke", "mobilenet")]
    by_default, asked = (
        sharing_module.sharing_here(config, 10, device="auto", asked=asked) for asked in (None, 5)
    )
    assert (by_default.at_once, by_default.gpu) == (1, True)
    assert (asked.at_once, asked.gpu) == (5, True)


ADVICE = "CUDA kernel errors might be asynchronously reported.\\nCompile with `TORCH_USE_CUDA_DSA`."


@pytest.mark.parametrize(
    ("probe", "why"),
    [
        (f"raise RuntimeError('CUDA error: all are busy\\n{ADVICE}')", "CUDA error: all are busy"),
        ("raise ValueError('Ends so.')", "Ends so"),
        ("raise SystemExit('plain words.')", "plain words"),
        ("import os; print('UserWarning: old', flush=True); os.abort()", "it was ended by SIGABRT"),
        ("raise SystemExit(3)", "it ended with 3"),
        ("raise KeyboardInterrupt", "it was ended by SIGINT"),
    ],
)
def test_why_a_process_has_no_use_of_the_gpu_is_what_ended_it(probe, why, path, monkeypatch):
    monkeypatch.setattr(sharing_module, "_PROBE", probe)
    monkeypatch.delenv("CUDA_MPS_PIPE_DIRECTORY", raising=False)
    with pytest.raises(machine.NoGPUError) as told:
        sharing_module._expect_use(os.environ)
    assert str(told.value) == f"A process cannot use the GPU: {why}."


SERVICE = (
    'echo "$1 ${{CUDA_VISIBLE_DEVICES-all}} $CUDA_MPS_PIPE_DIRECTORY" >> {0}/log; cat >> {0}/log'
)
# Fails where it is served, and says which GPUs it sees.
PROBE = """
import os
if "CUDA_MPS_PIPE_DIRECTORY" in os.environ:
    raise ValueError("no GPU for " + os.environ.get("CUDA_VISIBLE_DEVICES", "all"))
"""


@pytest.mark.parametrize(("visible", "seen"), [(None, "all"), ("1", "1")])
def test_a_service_that_serves_nobody_is_ended_and_said(visible, seen, path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(sharing_module, "_PROBE", PROBE)
    command(path, "nvidia-cuda-mps-control", SERVICE.format(path))
    with served_together(visible) as service:
        assert (service.together, service.sentence) == (False, f"without MPS: no GPU for {seen}")
        assert "CUDA_MPS_PIPE_DIRECTORY" not in os.environ
        begun, ended, quits = (path / "log").read_text().splitlines()
    # The service sees all GPUs: it numbers them anew, and clients ask by their own numbers.
    assert begun.startswith("-d all ")
    assert ended.split() == ["all", begun.split()[2]]
    assert quits == "quit"
    assert not Path(begun.split()[2]).exists()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""


def test_a_service_that_does_not_begin_says_why(path, monkeypatch):
    monkeypatch.setattr(sharing_module, "_PROBE", PROBE)
    command(path, "nvidia-cuda-mps-control", "echo not permitted >&2; exit 1")
    with served_together(None) as service:
        assert service.sentence == "without MPS: not permitted"
    command(path, "nvidia-cuda-mps-control", "exit 3")
    with served_together(None) as service:
        assert service.sentence == "without MPS: it ended with 3"


def test_a_service_that_is_named_is_used_where_it_runs_and_serves(path, monkeypatch):
    monkeypatch.setenv("CUDA_MPS_PIPE_DIRECTORY", str(path / "mps"))
    monkeypatch.setattr(sharing_module, "_PROBE", "")
    command(path, "nvidia-cuda-mps-control", SERVICE.format(path))
    with served_together(None) as service:
        assert service.sentence == "with MPS"  # one of our own: nobody serves there
        assert os.environ["CUDA_MPS_PIPE_DIRECTORY"] != str(path / "mps")
    assert os.environ["CUDA_MPS_PIPE_DIRECTORY"] == str(path / "mps")
    (path / "mps").mkdir()
    (path / "mps" / "control").touch()
    with served_together(None) as service:
        assert service == Service(together=True, sentence="with the MPS that runs here")
    command(path, "nvidia-cuda-mps-control", 'test "$1" = -d')  # it was killed, and left its files
    with served_together(None) as service:
        assert service.sentence == "with MPS"
    command(path, "nvidia-cuda-mps-control", "exit 0")
    monkeypatch.setattr(sharing_module, "_PROBE", PROBE)
    with pytest.raises(machine.NoGPUError, match=r"^A process cannot use the GPU: no GPU for all"):
        served_together(None).__enter__()


def test_a_process_that_hangs_at_the_gpu_is_said_in_words(path, monkeypatch):
    monkeypatch.setattr(sharing_module, "_PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(sharing_module, "_SECONDS", 0.1)
    monkeypatch.setenv("PATH", str(path))
    with pytest.raises(machine.NoGPUError, match=r"GPU: there was no answer in 0\.1 seconds\.$"):
        served_together(None).__enter__()


# Its name is what the kernel has of both names: nvidia-cuda-mps. Servers come of any thread of it.
BEGINS = """
import os, subprocess, sys, threading
open("/proc/self/comm", "w").write("nvidia-cuda-mps")
begin = lambda: subprocess.Popen([sys.argv[1] + "/nvidia-cuda-mps-server"], env={})
thread = threading.Thread(target=lambda: begin().wait())
thread.start()
thread.join()
"""


def is_alive(pid):
    """Return whether a process is there; one that nobody has taken note of yet is a zombie."""
    file = Path("/proc", str(pid), "stat")
    return file.exists() and file.read_text().rpartition(")")[2].split()[0] != "Z"


def begun(path, *arguments, **environment):
    """Begin what writes its number to `path` / begun; return it, and that number."""
    process = subprocess.Popen(arguments, env=os.environ | environment)
    end = time.monotonic() + WAIT
    while not (path / "begun").exists() and time.monotonic() < end:
        time.sleep(0.02)
    while not (number := (path / "begun").read_text().strip()) and time.monotonic() < end:
        time.sleep(0.02)
    (path / "begun").unlink()
    return process, int(number)


def test_a_service_that_does_not_quit_is_ended_with_its_servers_and_nobody_else(path, tmp_path):
    folder = tmp_path / "mps"
    folder.mkdir()
    command(path, "nvidia-cuda-mps-control", "exit 1")  # it does not answer
    os.mkfifo(path / "never")
    waits = f"echo $$ > {path}/begun; read none < {path}/never"
    ours = {"CUDA_MPS_PIPE_DIRECTORY": str(folder)}
    # One that shares the GPU, and has by chance the number of a control that died.
    stranger, number = begun(path, "sh", "-c", waits, **ours)
    (folder / "nvidia-cuda-mps-control.pid").write_text(str(number))
    # Another's service.
    command(path, "nvidia-cuda-mps-else", waits)
    other, _ = begun(path, path / "nvidia-cuda-mps-else", CUDA_MPS_PIPE_DIRECTORY=f"{folder}2")
    command(path, "nvidia-cuda-mps-server", waits)
    daemon, server = begun(path, sys.executable, "-c", BEGINS, str(path), **ours)
    try:
        Afterwards(sharing_module._QUITS, str(folder)).close(seconds=WAIT)
        assert daemon.wait(WAIT) == -signal.SIGKILL
        assert not is_alive(server)
        assert is_alive(stranger.pid) and is_alive(other.pid)
        assert not folder.exists()
    finally:
        for process in (stranger, other):
            process.kill()
            process.wait(WAIT)


def test_a_machine_whose_gpu_pytorch_does_not_see_trains_nothing(path, monkeypatch):
    monkeypatch.setenv("PATH", str(path))
    with pytest.raises(machine.NoGPUError, match=r"^Expected a GPU\. \w+ sees none here"):
        served_together(None).__enter__()
    monkeypatch.setattr(sharing_module, "_PROBE", PROBE)
    with served_together(None) as service:
        assert service.sentence == "without MPS: this machine does not offer it"


SERVED = f"""
import sys, time
from train.study import sharing
sharing._PROBE = ""
with sharing.served_together(None) as service:
    print(service.sentence, flush=True)
    time.sleep({WAIT})
"""


def test_a_service_ends_with_who_is_killed(path):
    command(path, "nvidia-cuda-mps-control", SERVICE.format(path))
    killed = subprocess.Popen([sys.executable, "-c", SERVED], stdout=subprocess.PIPE, text=True)
    assert killed.stdout.readline() == "with MPS\n"
    folder = Path((path / "log").read_text().split()[2])
    assert folder.is_dir()
    killed.kill()
    killed.communicate(timeout=WAIT)
    end = time.monotonic() + WAIT
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not folder.exists()
    assert (path / "log").read_text().endswith("quit\n")
