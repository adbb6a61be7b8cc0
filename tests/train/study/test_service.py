"""NVIDIA's service for processes that share a GPU, and what its driver says; on stand-ins."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from train import machine
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


def test_the_memory_of_a_gpu_is_what_its_driver_says(path, monkeypatch):
    command(path, "nvidia-smi", 'test "$1" = --id=0 && echo 81559')
    assert machine.gpu_memory() == 81559 * 2**20
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert machine.gpu_memory() is None
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    command(path, "nvidia-smi", "echo No devices were found; exit 6")
    assert machine.gpu_memory() is None


def test_of_unlike_gpus_pytorch_says_which_is_its_first(path, monkeypatch):
    monkeypatch.setattr(machine, "backend", lambda: "torch")
    monkeypatch.setattr(machine.Path, "glob", lambda *_: iter(["nvidia0"]))
    monkeypatch.setattr(sys, "executable", str(path / "python"))
    command(path, "nvidia-smi", 'echo 8192; [ "$1" = --id=0 ] || echo 81559')
    command(path, "python", "echo 85520809984")
    assert machine.gpu_memory() == 85520809984
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    assert machine.gpu_memory() == 8192 * 2**20


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
    monkeypatch.setattr(sharing_module, "_PROBE", PROBE)
    with pytest.raises(machine.NoGPUError, match=r"^A process cannot use the GPU: no GPU for all"):
        served_together(None).__enter__()


def test_a_process_that_hangs_at_the_gpu_is_said_in_words(path, monkeypatch):
    monkeypatch.setattr(sharing_module, "_PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(sharing_module, "_SECONDS", 0.1)
    monkeypatch.setenv("PATH", str(path))
    with pytest.raises(machine.NoGPUError, match=r"GPU: there was no answer in 0\.1 seconds\.$"):
        served_together(None).__enter__()


BEGINS = """
sleep 60 > /dev/null 2>&1 &
echo $$ > "$CUDA_MPS_PIPE_DIRECTORY/nvidia-cuda-mps-control.pid"
echo $! > {0}/server
wait
"""


def test_a_service_that_does_not_quit_is_ended_with_its_servers(path, tmp_path):
    folder = tmp_path / "mps"
    folder.mkdir()
    command(path, "daemon", BEGINS.format(path))
    command(path, "nvidia-cuda-mps-control", "exit 1")  # it does not answer
    environment = os.environ | {"CUDA_MPS_PIPE_DIRECTORY": str(folder)}
    daemon = subprocess.Popen([path / "daemon"], env=environment)
    end = time.monotonic() + WAIT
    while not (path / "server").exists() and time.monotonic() < end:
        time.sleep(0.02)
    Afterwards(sharing_module._QUITS, str(folder)).close(seconds=WAIT)
    assert daemon.wait(WAIT) == -signal.SIGKILL
    server = Path("/proc", (path / "server").read_text().strip(), "stat")
    # One that nobody has taken note of yet is a zombie.
    assert not server.exists() or server.read_text().split()[2] == "Z"
    assert not folder.exists()


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
