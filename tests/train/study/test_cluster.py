"""A study on a local Ray cluster, whose node is lost half-way, and a search on one."""

import json
import threading

import pandas as pd
import pytest
from ray._private import state

from kneeoa.records import studies
from tests.support import stand_ins, tiny
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
    """A head that trains nothing; each node beside it can train one run."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False, "include_log_monitor": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    yield cluster
    cluster.shutdown()


def on(cluster, nodes=1):
    """Options of a command that trains on `cluster`, which has `nodes` for it."""
    while len(cluster.worker_nodes) < nodes:
        cluster.add_node(num_cpus=1)
    return ["--cluster", cluster.address, "--cpus-per-run", "1"]


def busy(cluster):
    """Return the nodes whose core is taken, as far as the head has heard."""
    free = state.available_resources_per_node()
    return [node for node in cluster.worker_nodes if not free.get(node.node_id, {}).get("CPU")]


def test_a_lost_node_costs_time_and_nothing_else(places, cluster, tmp_path, monkeypatch):
    tiny.use_on_clusters(monkeypatch)
    study = ["study", *places, "--cycles", "1", "--architectures", "mobilenet"]
    study += ["--stages", "conv5:4"]
    out, options = tmp_path / "lost", on(cluster, 2)
    ended, lost = threading.Event(), threading.Event()

    def lose():
        """Take the node away as soon as the run there has an epoch behind it."""
        node = None
        while not (node and list(out.glob("unfinished/*/state.npz"))):
            if ended.wait(0.05):
                return
            if not node and list(out.glob("unfinished/*/begun")):
                node = next(iter(busy(cluster)), None)
        cluster.remove_node(node, allow_graceful=False)
        lost.set()

    thread = threading.Thread(target=lose)
    thread.start()
    try:
        assert main([*study, "--out", str(out), *options]) == 0
    finally:
        ended.set()
        thread.join()
    assert lost.is_set()
    assert main([*study, "--out", str(tmp_path / "whole")]) == 0
    assert_same(out, tmp_path / "whole")
    (study_id,) = studies.list_studies(out)
    status = studies.read_status(out, study_id)
    assert (status.state, status.runs_done) == ("finished", 1)


def test_trials_are_trained_on_the_cluster_and_told_to_optuna(
    places, cluster, tmp_path, monkeypatch
):
    tiny.use_on_clusters(monkeypatch, stand_ins.use)
    search = ["tune", *places, "--architecture", "mobilenet", "--trials", "3", "--epochs", "1"]
    assert main([*search, "--study", "search", "--out", str(tmp_path), *on(cluster)]) == 0
    folder = tmp_path / "studies" / "search"
    trials = pd.read_csv(folder / "trials.csv")
    assert trials["state"].tolist() == ["complete"] * 3
    assert trials["epochs"].tolist() == [1] * 3
    assert json.loads((folder / "best.json").read_text())["val_loss"] == trials["val_loss"].min()
    assert not list((tmp_path / "unfinished").iterdir())
