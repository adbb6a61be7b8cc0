"""TensorFlow's greetings are left out, and nothing else."""

import logging
import os
import subprocess
import sys

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
        env=os.environ | environment,
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
"""


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_computing_saving_and_loading_greet_nobody(backend, tmp_path):
    pytest.importorskip(backend)
    done = run(SAVES, str(tmp_path), KERAS_BACKEND=backend, TF_CPP_MIN_LOG_LEVEL="2")
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if any(map(line.count, UNWANTED))] == []
