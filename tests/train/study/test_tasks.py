"""What a worker of a cluster does with a task, done in this process: it trains as it is told."""

import signal
from dataclasses import replace

import pytest

from kneeoa.data.source import Source
from kneeoa.records import results
from tests.support.knees import write_tree
from train.config import Stage, preset
from train.run.checkpoint import locked
from train.run.progress import read_progress
from train.study import tasks
from train.study.job import Outcome, jobs_of

pytestmark = pytest.mark.usefixtures("tiny_networks")

HERE = {"device": "cpu"}
CONFIG = replace(
    preset("smoke", "mobilenet"), init="none", stages=(Stage("conv5", 2),), learning_rate=1e-3
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return Source(write_tree(tmp_path_factory.mktemp("films") / "tree", train=2, val=1, test=1))


@pytest.fixture(autouse=True)
def own_signals():
    """Keep what Ctrl-C does, which a task settles for its process."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_cycle_is_trained_recorded_and_not_while_another_process_is_at_it(source, tmp_path):
    films = source.read()
    (job,) = jobs_of(tmp_path, {"mobilenet": CONFIG}, 1, films.split_hash, keep="none")
    with locked(job.lock, "it"):
        failed = tasks.cycle_task(job, source, (), HERE)
    assert failed.state == "failed"
    assert failed.sentence.startswith(f"The run {job.run_id} is being trained by another process")
    assert not job.is_finished
    done = tasks.cycle_task(job, source, (), HERE)
    assert done.state == "finished", done.sentence
    assert job.is_finished and not job.unfinished.exists()
    run = tmp_path / "runs" / job.run_id
    assert results.read_record(run).split_hash == films.split_hash
    assert len(results.read_predictions(run / "predictions.csv")) == 10
    wrong = replace(job, run_id="mobilenet-seed0-1", split_hash="0" * 64)
    assert "This machine sees others" in tasks.cycle_task(wrong, source, (), HERE).sentence


def test_a_trial_has_a_loss_for_each_epoch_and_says_how_far_it_is(source, tmp_path):
    split_hash = source.read().split_hash
    outcome = tasks.trial_task(CONFIG, tmp_path, source, split_hash, HERE)
    assert outcome.state == "finished"
    assert read_progress(tmp_path).val_loss == outcome.losses[-1] > 0
    assert len(outcome.losses) == 2
    other = tasks.trial_task(CONFIG, tmp_path / "other", source, "0" * 64, HERE)
    assert (other.state, other.losses) == ("failed", ())
    assert "This machine sees others" in other.sentence


def test_a_trial_that_is_to_stop_is_pruned(source, tmp_path):
    (tmp_path / "stop").touch()
    split_hash = source.read().split_hash
    assert tasks.trial_task(CONFIG, tmp_path, source, split_hash, HERE) == Outcome("pruned")
