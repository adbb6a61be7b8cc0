"""Studies: what they write, and that SIGKILL at any moment changes none of it."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from knees import write_tree
from test_studies import STUDY

from kneeoa import published, results, studies
from train.__main__ import main

TESTS = Path(__file__).parent
KILLS = 6
TIMES = ("seconds", "images_per_second")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("tree"), train=4, val=2, test=2)


@pytest.fixture(scope="module")
def command(tree, tmp_path_factory):
    """A study of seconds, from weights whose activations are alive."""
    start = tmp_path_factory.mktemp("start") / "start.npz"
    np.savez(start, **published.read_weights(published.find_model("mobilenet").file))
    settings = "--cycles 2 --architectures mobilenet --preset smoke --stages head:2,conv5:1"
    return ["study", "--data", str(tree), "--init", str(start), *settings.split()]


class Killer:
    """The process that forks attempts and kills them; see `study_killer`."""

    def __init__(self, log: Path):
        self._log = log.open("w")
        path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
        self._process = subprocess.Popen(
            [sys.executable, str(TESTS / "study_killer.py")],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self._process.stdout.readline() == "ready\n"

    def attempt(self, command, seconds):
        self._process.stdin.write(f"{seconds}\t" + "\x1f".join(command) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._log.close()


@pytest.fixture(scope="module")
def killer(tmp_path_factory):
    log = tmp_path_factory.mktemp("killer") / "log"
    killer = Killer(log)
    yield killer
    killer.close()


@pytest.fixture(scope="module")
def whole(command, killer, tmp_path_factory):
    """The results of the study that nobody interrupts."""
    out = tmp_path_factory.mktemp("whole")
    assert killer.attempt([*command, "--out", str(out)], "inf") == "exit 0"
    return out


def the_study(out):
    (study_id,) = studies.list_studies(out)
    return studies.read_study(out, study_id)


def test_a_study_holds_what_the_contract_says(whole, tree):
    study = the_study(whole)
    assert (study.kind, study.preset, study.cycles) == ("cycles", "smoke", 2)
    assert "seed" not in study.configs["mobilenet"]
    runs, problems = studies.read_runs(whole, study.run_ids)
    assert not problems
    assert [run.record.seed for run in runs] == [0, 1]
    for run in runs:
        history = pd.read_csv(run.folder / "history.csv")
        assert history["epoch"].tolist() == [1, 2, 3]
        assert history["trainable_from"].tolist() == ["head", "head", "conv5"]
        assert run.record.best_epoch == history["val_loss"].idxmin() + 1
        assert run.record.split_hash == study.split_hash
        assert set(run.predictions["split"]) == {"val", "test"}
    kept = [run for run in runs if (run.folder / "model.keras").exists()]
    assert kept == [studies.best_run(runs)]
    status = studies.read_status(whole, study.study_id)
    assert (status.state, status.runs_done, status.runs) == ("finished", 2, 2)
    assert {row.state for row in status.rows} == {"finished"}
    for name in studies.TABLES:
        assert len(pd.read_csv(whole / "studies" / study.study_id / f"{name}.csv"))
    assert str(tree.parent) not in "".join(f.read_text() for f in whole.rglob("*.json"))


def test_sigkill_at_any_moment_changes_nothing(command, killer, whole, tmp_path):
    moments = random.Random(7)
    kills, out = 0, tmp_path / "0"
    finished = []
    while kills < KILLS:
        answer = killer.attempt([*command, "--out", str(out)], moments.uniform(0, 10))
        if answer == "killed":
            kills += 1
        else:
            assert answer == "exit 0"
            finished.append(out)
            out = tmp_path / str(len(finished))
    assert killer.attempt([*command, "--out", str(out)], "inf") == "exit 0"
    for killed in (*finished, out):
        assert_same(killed, whole)


def assert_same(killed, whole):
    study = the_study(whole)
    assert the_study(killed).run_ids == study.run_ids
    assert not list((killed / "unfinished").iterdir())
    assert {run.name for run in (killed / "runs").iterdir()} == set(study.run_ids)
    for run_id in study.run_ids:
        one, other = (folder / "runs" / run_id for folder in (killed, whole))
        assert (one / "predictions.csv").read_bytes() == (other / "predictions.csv").read_bytes()
        histories = [
            pd.read_csv(run / "history.csv").drop(columns=[*TIMES]) for run in (one, other)
        ]
        pd.testing.assert_frame_equal(*histories)
        assert results.read_record(one).model_sha256 == results.read_record(other).model_sha256
    for table in studies.TABLES:
        one, other = (f / "studies" / study.study_id / f"{table}.csv" for f in (killed, whole))
        assert one.read_bytes() == other.read_bytes()


def test_more_cycles_join_and_other_settings_do_not(command, whole, capsys):
    study = the_study(whole)
    named = [*command, "--study", study.study_id, "--out", str(whole)]
    assert main([*named, "--batch-size", "4"]) == 2
    assert "batch_size was 8 and is now 4" in capsys.readouterr().err


def test_a_study_that_is_being_trained_is_not_trained_twice(command, whole, capsys):
    from train.checkpoint import locked

    study_id = the_study(whole).study_id
    with locked(whole / "studies" / study_id / ".lock", "The study"):
        assert main([*command, "--study", study_id, "--out", str(whole)]) == 2
    assert "being trained by another process" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (["--device", "gpu"], "Expected a GPU"),
        (["--init", "nowhere.npz"], "There is no file nowhere.npz"),
        (["--stages", "conv9:1"], "Expected a stage to start at head, conv5"),
        (["--batch-size", "1000"], "at most the 20 training films"),
        (["--learning-rate", "fast"], "Expected learning_rate to be a number. Received: fast"),
        (["--learnig-rate", "1"], "Expected options of `study` out of --architectures, "),
        (["--preset-from", "nothing"], "Expected a tuning study with a finished trial"),
        (["--architectures", "resnet50"], "Give the file of the same architecture"),
        (["--cluster", "127.0.0.1:1"], "Expected a Ray cluster at 127.0.0.1:1"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_trained(
    changes, sentence, command, tmp_path, capsys
):
    if "gpu" in changes:
        import keras

        if keras.distribution.list_devices("gpu"):
            pytest.skip("this machine has a GPU")
    assert main([*command, "--out", str(tmp_path), *changes]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.rglob("run.json"))


def test_a_place_that_cannot_be_written_is_said(command, tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    assert main([*command, "--out", str(tmp_path / "file" / "results")]) == 2
    assert "Expected a folder for results that can be written" in capsys.readouterr().err


def test_too_little_room_is_said_before_anything_is_trained(command, tmp_path, capsys, monkeypatch):
    import shutil

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10_000_000))
    assert main([*command, "--out", str(tmp_path)]) == 2
    assert "of free space" in capsys.readouterr().err


def test_the_status_can_be_read_while_it_is_written(tmp_path):
    from train.progress import Board, Progress

    folder = tmp_path / "studies" / "one"
    board = Board(folder / "status.json", "one", quiet=True)
    board.add("a", "mobilenet", 0, "waiting", epochs=10)
    board.add("b", "mobilenet", 1, "waiting", epochs=10)
    board.add("c", "resnet50", 0, "waiting", epochs=10)
    with pytest.raises(KeyboardInterrupt), board:
        board.update("a", Progress(3, 10, 0.5, 7.5, seconds_per_epoch=60, loss=1.25))
        status = studies.read_status(tmp_path, "one")
        assert status.state == "training"
        assert status.seconds_left_at_most == pytest.approx((7.5 + 10 + 10) * 60)
        assert status.rows[0].loss == 1.25
        assert "cycles 0/3 | MobileNet seed 0 | epoch 3/10 50% | loss 1.250" in board.line("a")
        board.set_state("b", "failed", "no number")
        raise KeyboardInterrupt
    assert studies.read_status(tmp_path, "one").state == "stopped"
    assert json.loads((folder / "status.json").read_text())["rows"][1]["sentence"] == "no number"


def test_films_that_a_machine_sees_otherwise_are_refused():
    from kneeoa.errors import TrainingError
    from train.study import check_split

    check_split("a" * 64, "a" * 64)
    with pytest.raises(TrainingError, match="This machine sees others"):
        check_split("b" * 64, "a" * 64)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "tuning"}, "a study of cycles, not of tuning"),
        ({"split_hash": "other"}, "the films or their split are others"),
        ({"run_ids": ("mobilenet-seed0-ffffffff",)}, "starting weights are others"),
        ({"configs": {"mobilenet": {"dropout": 0.5}}}, "mobilenet.dropout was 0.2 and is now 0.5"),
    ],
)
def test_a_study_of_the_same_name_but_another_is_refused(changes, sentence, tmp_path):
    from dataclasses import replace

    from kneeoa.errors import DataError
    from train.study import begin

    study = replace(STUDY, cycles=1, run_ids=("mobilenet-seed0-01234567",))
    begin(tmp_path, study)
    more = replace(study, cycles=2, run_ids=(*study.run_ids, "mobilenet-seed1-89abcdef"))
    assert begin(tmp_path, more).run_ids == more.run_ids
    with pytest.raises(DataError, match=sentence):
        begin(tmp_path, replace(study, **changes))
