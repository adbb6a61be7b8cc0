"""Cycles that share a machine: how many, and that one's failure is its own."""

import ctypes
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import ray
from ray._private import state
from ray._private.node import Node

from kneeoa.errors import ConfigError
from kneeoa.records import studies
from tests.support import stand_ins, tiny
from tests.support.knees import write_tree
from tests.support.study_folders import the_study
from train.__main__ import main
from train.config import preset
from train.run import checkpoint
from train.run.progress import read_progress
from train.study import alone
from train.study import sharing as sharing_module
from train.study.board import Board
from train.study.cluster import Cluster, train_on
from train.study.job import Job
from train.study.sharing import Sharing, in_turns, sharing
from train.study.tasks import Task

WAIT = 60  # seconds
CONFIGS = [preset("paper", name) for name in ("mobilenet", "resnet50")]


@pytest.mark.parametrize(
    ("asked", "gigabytes", "cores", "device", "expected"),
    [
        (None, 80, 16, "auto", 8),  # by cores
        (None, 24, 16, "auto", 3),  # by memory
        (None, 6, 16, "auto", 1),
        (None, 80, 1, "auto", 1),
        (None, None, 16, "auto", 1),  # a CPU run takes every core
        (None, 80, 16, "cpu", 1),
        (3, None, 2, "auto", 3),
        (None, 139, 64, "auto", 8),  # more than keep it busy are of no use
        (50, 80, 16, "gpu", 20),  # there are no more cycles
    ],
)
def test_as_many_at_once_as_memory_and_cores_allow(asked, gigabytes, cores, device, expected):
    size = gigabytes and int(gigabytes * 1e9)
    found = sharing(CONFIGS, 10, device=device, asked=asked, gpu_bytes=size, cores=cores)
    assert found.at_once == expected
    assert found.gpu == (gigabytes is not None and device != "cpu")
    assert 1 <= found.cpus <= max(1, cores // expected)


def test_what_needs_no_ray_is_counted_without_it(monkeypatch):
    monkeypatch.setattr(sharing_module, "_has_ray", lambda: False)
    monkeypatch.setattr(sharing_module, "gpu_memory", lambda: 80 * 10**9)
    monkeypatch.setattr(sharing_module, "cpu_count", lambda: 16)
    monkeypatch.setattr(sharing_module.machine, "backend", lambda: "torch")
    by_ray, without = (
        sharing_module.sharing_here(CONFIGS, 10, device="gpu", asked=None, by_ray=by_ray).at_once
        for by_ray in (True, False)
    )
    assert (by_ray, without) == (1, 8)


def test_without_the_service_two_take_turns_unless_more_are_asked_for():
    asked, free = (
        sharing(CONFIGS, 10, device="gpu", asked=asked, gpu_bytes=80 * 10**9, cores=16)
        for asked in (6, None)
    )
    assert in_turns(asked) == asked
    assert (free.at_once, free.cpus) == (8, 2)
    assert (in_turns(free).at_once, in_turns(free).cpus) == (2, 8)


def test_rays_own_processes_have_another_home_and_ask_no_cloud(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    for name in ("RAY_AUTH_TOKEN", *alone._SETTINGS):
        monkeypatch.setenv(name, "")  # so that it is undone
    with alone.home("0,1") as (home, removes):
        assert os.environ["HOME"] == home
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"
        # What Ray reads instead of asking where it runs.
        assert (Path(home) / "ray_bootstrap_config.yaml").read_text() == "{}\n"
        assert len(os.environ["RAY_AUTH_TOKEN"]) == 64
    assert (os.environ["HOME"], os.environ["CUDA_VISIBLE_DEVICES"]) == (str(tmp_path), "")
    removes.close(seconds=WAIT)
    assert not Path(home).exists()


def test_cycles_train_at_once_and_one_that_fails_leaves_the_others_alone(
    tiny_networks, tmp_path, monkeypatch, capsys
):
    tiny.use_on_clusters(monkeypatch, stand_ins.use)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    addresses, close, ends = set(), Cluster.close, Node.kill_all_processes
    caught, tables = [], []

    def ending(node, **options):
        caught.append(is_caught())
        ends(node, **options)

    def closing(cluster):
        addresses.update(node["NodeManagerAddress"] for node in cluster._ray.nodes())
        tables.extend((tmp_path / "out/studies").glob("*/*.csv"))
        close(cluster)
        caught.append(is_caught())

    monkeypatch.setattr(Node, "kill_all_processes", ending)
    monkeypatch.setattr(Cluster, "close", closing)
    tree = write_tree(tmp_path / "tree", train=4, val=2, test=2)
    start = tiny.write_weights(tmp_path / "start.npz")
    words = ["study", "--data", tree, "--init", start, "--out", tmp_path / "out"]
    words += ["--preset", "smoke", "--cycles", "2", "--architectures", "mobilenet"]
    words += ["--stages", "conv5:1", "--device", "cpu", "--at-once", "2"]
    # Names of the runs, from the same command with nothing to train.
    from train.commands.options import configs_of, source_of
    from train.commands.parser import parse
    from train.study.job import jobs_of

    words = [str(word) for word in words]
    options = parse(words)
    configs = configs_of(options, options.architectures)
    split_hash = source_of(options).read().split_hash
    first, second = jobs_of(options.out, configs, 2, split_hash, keep="best")
    assert main(words) == 2
    told = capsys.readouterr()
    said = told.out + told.err
    assert "2 at a time" in said
    assert f"{first.run_id}: The first seed fails." in said
    study = the_study(options.out)
    assert study.run_ids == (first.run_id, second.run_id)
    assert second.is_finished
    assert not first.is_finished
    status = studies.read_status(options.out, study.study_id)
    assert [row.state for row in status.rows] == ["failed", "finished"]
    # Nobody else's business, and nothing is left of it.
    assert addresses == {"127.0.0.1"}
    assert not list(tmp_path.glob("home/.ray*"))
    assert os.environ["HOME"] == str(tmp_path / "home")
    # What stops this process in order does, though Ray takes its handler away as it ends.
    assert caught == [True, True]
    assert tables, "written by then"


def is_caught():
    """Return whether this process has SIGTERM handled, as the kernel knows it."""
    (caught,) = re.findall(r"SigCgt:\s*(\w+)", Path("/proc/self/status").read_text())
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize("times", [1, 2])
def test_what_is_to_end_as_ray_ends_does_so_after_it_unless_it_is_told_twice(times, monkeypatch):
    caught, ended = [], []

    def ends():
        # As Ray's part that is not Python does, behind Python's back.
        ctypes.CDLL(None).signal(signal.SIGTERM, 0)
        state.state.disconnect()
        caught.append(is_caught())
        for _ in range(times if caught[-1] else 0):
            signal.raise_signal(signal.SIGTERM)
        ended.append(True)

    monkeypatch.setattr(state.state, "disconnect", lambda: None)
    cluster = object.__new__(Cluster)
    cluster._running, cluster._ray = [], SimpleNamespace(shutdown=ends)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            cluster.close()
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (caught, ended) == ([True], [True] * (times == 1))


def test_who_stops_cycles_that_share_a_machine_loses_no_finished_epoch(
    tiny_networks, tmp_path, monkeypatch
):
    tiny.use_on_clusters(monkeypatch, tiny.use_and_save_rarely)
    tree = write_tree(tmp_path / "tree", train=4, val=2, test=2)
    words = ["study", "--data", tree, "--out", tmp_path / "out", "--preset", "smoke"]
    words += ["--architectures", "mobilenet", "--cycles", "3", "--stages", "conv5:5000"]
    words += ["--patience", "5000", "--device", "cpu", "--at-once", "2"]
    seen = {}

    def stop():
        for _ in range(3000):
            folders = list((tmp_path / "out/unfinished").glob("*/"))
            seen.update({one: progress for one in folders if (progress := read_progress(one))})
            if len(seen) == 2 and min(one.epoch for one in seen.values()) > 3:
                break
            time.sleep(0.1)
        signal.raise_signal(signal.SIGTERM)

    thread = threading.Thread(target=stop)
    thread.start()
    assert main(list(map(str, words))) == 130
    thread.join()
    assert len(seen) == 2
    for folder, progress in seen.items():
        assert len(checkpoint.read_state(folder).history) >= progress.epoch - (progress.share < 1)


@pytest.mark.parametrize("fails", [False, True], ids=["stopped", "no room"])
def test_who_stops_a_cluster_that_begins_hears_one_sentence(fails, monkeypatch, tmp_path):
    """Ray has SIGTERM end the process without a word, from its first moment on."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_AUTH_TOKEN", *alone._SETTINGS):
        monkeypatch.setenv(name, "")  # so that it is undone
    ended = []

    def begins(**options):
        ray._private.utils.set_sigterm_handler(lambda *_: sys.exit(15))
        if fails:
            raise Exception("The current node timed out during startup.\nAdvice")
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(ray, "init", begins)
    monkeypatch.setattr(ray, "shutdown", lambda: ended.append(True))
    before, takes = signal.getsignal(signal.SIGTERM), ray._private.utils.set_sigterm_handler
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    kind = ConfigError if fails else KeyboardInterrupt
    sentence = "--at-once 2. The current node timed out during startup. --at-once 1 trains"
    try:
        with pytest.raises(kind, match=re.escape(sentence) if fails else None):
            Cluster.here(Sharing(at_once=2, gpu=False, cpus=1))
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended and ray._private.utils.set_sigterm_handler is takes


class OneTask:
    """A cluster on which a task ends by a fault of the program."""

    _ray, machine_options = ray, {}

    def submit(self, function, *arguments, folder):
        return Task(lambda: "its reference", folder)

    def changes(self, tasks, *, timeout):
        return [(task, Cluster._outcome(self, task)) for task in tasks]


def test_where_a_fault_on_the_cluster_was_is_kept(tmp_path, monkeypatch):
    # As CUDA says it: what it was comes first, advice last.
    fault = RuntimeError("CUDA error: misaligned address\nCompile with TORCH_USE_CUDA_DSA.")
    trace = f"Traceback (most recent call last):\n  somewhere\nRuntimeError: {fault}"
    raised = ray.exceptions.RayTaskError("cycle_task", trace, fault, proctitle="", pid=1, ip="")

    def get(reference):
        raise raised.as_instanceof_cause()

    monkeypatch.setattr(ray, "get", get)
    job = Job("mobilenet-seed0-0", CONFIGS[0], tmp_path, "f" * 64, keep="none")
    board = Board(tmp_path / "status.json", "paper", quiet=True)
    board.add(job.run_id, "mobilenet", 0, "waiting", epochs=1)
    train_on(OneTask(), [job], None, (), {}, board)
    (sentence,) = board.failed.values()
    assert "a fault of the program: RuntimeError: CUDA error: misaligned address" in sentence
    file = tmp_path / "errors" / f"{job.run_id}.txt"
    assert str(file) in sentence
    assert "somewhere" in file.read_text()
    assert "\x1b" not in file.read_text()
