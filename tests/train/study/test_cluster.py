"""A study on a local Ray cluster of two nodes, one of which is lost half-way."""

import json
import os
import subprocess
import sys
import time

import pandas as pd
import pytest

from kneeoa.records import studies
from tests.support import tiny
from tests.support.knees import write_tree
from tests.support.places import ROOT
from tests.support.study_folders import assert_same

pytestmark = pytest.mark.usefixtures("tiny_networks")


@pytest.fixture(scope="module")
def command(tiny_networks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    tree = write_tree(folder / "tree", train=4, val=2, test=2)
    start = tiny.write_weights(folder / "start.npz")
    places = ["--data", str(tree), "--init", str(start), "--cpus-per-run", "1"]
    return [sys.executable, "-m", "tests.support.tiny", "COMMAND", *places, "--preset", "smoke"]


def command_of(name, command, settings):
    return [name if word == "COMMAND" else word for word in command] + settings.split()


@pytest.fixture(scope="module")
def cluster():
    """A head that trains nothing, and two nodes that can train one run each."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False}
    )
    yield cluster
    cluster.shutdown()


def start(command, out, *options):
    return subprocess.Popen(
        [*command, "--out", str(out), *options],
        cwd=ROOT,
        # One thread here and there, so that sums are the same.
        env=os.environ | {"TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process):
    output, _ = process.communicate(timeout=400)
    assert process.returncode == 0, output[-3000:]


def test_a_lost_node_costs_time_and_nothing_else(command, cluster, tmp_path):
    settings = "--cycles 2 --architectures mobilenet --stages conv5:4"
    command = command_of("study", command, settings)
    whole = start(command, tmp_path / "whole")
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    out = tmp_path / "lost"
    process = start(command, out, "--cluster", cluster.address)
    deadline = time.monotonic() + 300
    while len(list(out.glob("unfinished/*/state.npz"))) < 2 and time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read()[-3000:]
        time.sleep(0.1)
    cluster.remove_node(nodes[0], allow_graceful=False)
    finish(process)
    finish(whole)
    assert_same(out, tmp_path / "whole")
    (study_id,) = studies.list_studies(out)
    status = studies.read_status(out, study_id)
    assert (status.state, status.runs_done) == ("finished", 2)


def test_trials_are_trained_on_the_cluster_and_told_to_optuna(command, cluster, tmp_path):
    cluster.add_node(num_cpus=1)
    settings = "--architecture mobilenet --trials 3 --epochs 1 --study search"
    command = command_of("tune", command, settings)
    finish(start(command, tmp_path, "--cluster", cluster.address))
    folder = tmp_path / "studies" / "search"
    trials = pd.read_csv(folder / "trials.csv")
    assert trials["state"].tolist() == ["complete"] * 3
    assert trials["epochs"].tolist() == [1] * 3
    assert json.loads((folder / "best.json").read_text())["val_loss"] == trials["val_loss"].min()
    assert not list((tmp_path / "unfinished").iterdir())
