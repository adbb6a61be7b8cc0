"""A study on a local Ray cluster of two nodes, one of which is lost half-way."""

import json
import threading

import pandas as pd
import pytest

from kneeoa.records import studies
from tests.support import tiny
from tests.support.knees import write_tree
from tests.support.study_folders import assert_same
from train.__main__ import main

pytestmark = pytest.mark.usefixtures("tiny_networks")


@pytest.fixture(scope="module")
def places(tiny_networks, tmp_path_factory):
    """Options that name films and starting weights."""
    folder = tmp_path_factory.mktemp("cluster")
    tree = write_tree(folder / "tree", train=4, val=2, test=2)
    start = tiny.write_weights(folder / "start.npz")
    return ["--preset", "smoke", "--data", str(tree), "--init", str(start)]


@pytest.fixture(scope="module")
def cluster():
    """A head that trains nothing, and two nodes that can train one run each."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False}
    )
    cluster.add_node(num_cpus=1)
    yield cluster
    cluster.shutdown()


@pytest.fixture(autouse=True)
def tiny_workers(monkeypatch):
    tiny.use_on_clusters(monkeypatch)


def on(cluster):
    return ["--cluster", cluster.address, "--cpus-per-run", "1"]


def test_a_lost_node_costs_time_and_nothing_else(places, cluster, tmp_path):
    study = ["study", *places, "--cycles", "2", "--architectures", "mobilenet"]
    study += ["--stages", "conv5:4"]
    out = tmp_path / "lost"
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    ended, lost = threading.Event(), threading.Event()

    def lose():
        """Take a node away as soon as a run has an epoch behind it; the other may come later."""
        while not list(out.glob("unfinished/*/state.npz")):
            if ended.wait(0.05):
                return
        cluster.remove_node(node, allow_graceful=False)
        lost.set()

    thread = threading.Thread(target=lose)
    thread.start()
    try:
        assert main([*study, "--out", str(out), *on(cluster)]) == 0
    finally:
        ended.set()
        thread.join()
    assert lost.is_set()
    assert main([*study, "--out", str(tmp_path / "whole")]) == 0
    assert_same(out, tmp_path / "whole")
    (study_id,) = studies.list_studies(out)
    status = studies.read_status(out, study_id)
    assert (status.state, status.runs_done) == ("finished", 2)


def test_trials_are_trained_on_the_cluster_and_told_to_optuna(places, cluster, tmp_path):
    search = ["tune", *places, "--architecture", "mobilenet", "--trials", "3", "--epochs", "1"]
    assert main([*search, "--study", "search", "--out", str(tmp_path), *on(cluster)]) == 0
    folder = tmp_path / "studies" / "search"
    trials = pd.read_csv(folder / "trials.csv")
    assert trials["state"].tolist() == ["complete"] * 3
    assert trials["epochs"].tolist() == [1] * 3
    assert json.loads((folder / "best.json").read_text())["val_loss"] == trials["val_loss"].min()
    assert not list((tmp_path / "unfinished").iterdir())
