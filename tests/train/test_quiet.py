"""TensorFlow's greetings are left out, and nothing else."""

import logging
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.support.places import ROOT
from train.quiet import GREETINGS, NO_GPU, RETRACING, without_greetings

UNWANTED = (*GREETINGS, *NO_GPU)
MATTERS = "F0000 cpu_feature_guard.cc: The TensorFlow library was compiled to use AVX instructions"


def print_lines(*lines):
    # As C++ does.
    for line in lines:
        os.write(2, f"{line}\n".encode())


@pytest.mark.parametrize("expects_gpu", [False, True])
def test_lines_that_matter_come_through(capfd, expects_gpu):
    with without_greetings(expects_gpu=expects_gpu):
        print_lines(*(f"I0000 x.cc:1] {line}, and more." for line in GREETINGS), MATTERS)
        print_lines(*NO_GPU)
    print_lines("after")
    said = capfd.readouterr().err.splitlines()
    assert [line for line in said if line not in NO_GPU] == [MATTERS, "after"]
    if expects_gpu:
        assert set(NO_GPU) <= set(said)


def test_a_line_that_is_no_utf_8_comes_through(capfdbinary, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    with without_greetings():
        os.write(2, b"F0000 cannot open /home/m\xfcller/lib\n")
    assert capfdbinary.readouterr().err == b"F0000 cannot open /home/m\xfcller/lib\n"


def test_where_what_looks_through_the_lines_has_ended_nothing_waits_for_it(tmp_path):
    (tmp_path / "grep").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "grep").chmod(0o755)
    more_than_a_pipe_holds = f"""
import contextlib, os, time
from train.quiet import without_greetings
with without_greetings():
    time.sleep(0.5)
    for _ in range(5000):
        with contextlib.suppress(BrokenPipeError):
            os.write(2, {MATTERS!r}.encode())
"""
    done = run(more_than_a_pipe_holds, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 0


def test_what_a_process_says_last_comes_through():
    done = run(f"""
import os
from train.quiet import without_greetings
with without_greetings():
    os.write(2, {MATTERS!r}.encode())
    os.abort()
""")
    assert done.returncode < 0
    assert done.stderr.strip() == MATTERS


def run(program, *words, **environment):
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        env={k: v for k, v in (os.environ | environment).items() if v is not None},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_nothing_is_lost_of_an_error_inside(capfd):
    with pytest.raises(ImportError), without_greetings():
        print_lines(MATTERS)
        raise ImportError
    assert MATTERS in capfd.readouterr().err


def test_films_in_batches_of_two_sizes_are_no_news(caplog):
    with without_greetings():
        pass
    logger = logging.getLogger("tensorflow")
    logger.warning("5 out of the last 13 calls %s.", RETRACING)
    logger.warning("Something else.")
    assert [record.getMessage() for record in caplog.records] == ["Something else."]


SAVES = """
import sys
import types
from pathlib import Path
from train import machine
{before}
machine.load_keras()
import keras
from kneeoa.records import results
from train.run import record
network = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])
network(keras.ops.ones((1, 4)))
network.save = lambda file, save=network.save: save(Path(sys.argv[1]) / "model.keras")
results.write_run = lambda *_: None
weights = types.SimpleNamespace(model_sha256=record.weights_hash(network))
results.read_record = lambda _: weights
record.write_run_of(network, Path(sys.argv[1]), None, None, None)
record.load_network(Path(sys.argv[1]))
{after}
"""


def greets_nobody(backend, folder, *, before="", after=""):
    """Compute, save and load in a process of its own, between two more parts of a program."""
    if not find_spec(backend):  # importing it here would take seconds
        pytest.skip(f"{backend} is not installed")
    program = SAVES.format(before=before, after=after)
    environment = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = run(program, str(folder), KERAS_TORCH_DEVICE=None, **environment)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if any(map(line.count, UNWANTED))] == []
    return done.stdout


def test_computing_saving_and_loading_greet_nobody_under_tensorflow(tmp_path):
    greets_nobody("tensorflow", tmp_path)


def test_under_pytorch_they_greet_nobody_and_compute_where_training_does(tmp_path):
    """And not on Apple's GPU; also where Keras was loaded before, as where a run is unwrapped."""
    before = (
        "import torch; torch.backends.mps.is_available = lambda: True\n"
        "torch.cuda.get_device_capability = lambda: (9, 0)\n"
        "print(machine.prepare('cpu').kind)"
    )
    after = (
        "from keras.src.backend.torch.core import get_device; print(get_device())\n"
        "torch.cuda.is_available = lambda: True\n"
        "print(machine.prepare('gpu').kind, get_device())"
    )
    told = greets_nobody("torch", tmp_path, before=before, after=after)
    assert told.split() == ["cpu", "cpu", "gpu", "cuda"]
