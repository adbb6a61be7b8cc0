"""Studies: what they write, and that SIGKILL at any moment changes none of it."""

import errno
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from kneeoa import files
from kneeoa.records import studies
from tests.support import tiny
from tests.support.knees import write_tree
from tests.support.places import ROOT
from tests.support.records import STUDY
from tests.support.study_folders import assert_same, the_study
from train import machine
from train.__main__ import main
from train.study.board import Board

KILLS = 6

pytestmark = pytest.mark.usefixtures("tiny_networks")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("tree"), train=4, val=2, test=2)


@pytest.fixture(scope="module")
def command(tree, tiny_networks, tmp_path_factory):
    """A study of seconds, from weights of a file."""
    start = tiny.write_weights(tmp_path_factory.mktemp("start") / "start.npz")
    settings = "--cycles 2 --architectures mobilenet --preset smoke --stages head:2,conv5:1"
    return ["study", "--data", str(tree), "--init", str(start), *settings.split()]


class Killer:
    """The process that forks attempts and kills them; see `study_killer`."""

    def __init__(self, log: Path):
        self.seconds = 0.0
        """How long the longest attempt took."""
        self._log = log.open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.study_killer"],
            cwd=ROOT,
            # Quick where a graph need not be compiled; resuming under TensorFlow: `test_fit`.
            env=os.environ | {"KERAS_BACKEND": "torch"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self._process.stdout.readline() == "ready\n"

    def attempt(self, command, seconds):
        self._process.stdin.write(f"{seconds}\t" + "\x1f".join(command) + "\n")
        self._process.stdin.flush()
        begun = time.monotonic()
        answer = self._process.stdout.readline().strip()
        self.seconds = max(self.seconds, time.monotonic() - begun)
        return answer

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
    moments, longest = random.Random(7), killer.seconds
    kills, out = 0, tmp_path / "0"
    finished = []
    while kills < KILLS:
        answer = killer.attempt([*command, "--out", str(out)], moments.uniform(0, longest))
        if answer == "killed":
            kills += 1
        else:
            assert answer == "exit 0"
            finished.append(out)
            out = tmp_path / str(len(finished))
    assert killer.attempt([*command, "--out", str(out)], "inf") == "exit 0"
    for killed in (*finished, out):
        assert_same(killed, whole)


def test_more_cycles_join_and_other_settings_do_not(command, whole, capsys):
    study = the_study(whole)
    named = [*command, "--study", study.study_id, "--out", str(whole)]
    assert main([*named, "--batch-size", "4"]) == 2
    assert "batch_size was 8 and is now 4" in capsys.readouterr().err


@pytest.mark.parametrize(("state", "expected"), [("stopped", "finished"), ("training", "training")])
def test_runs_that_were_brought_are_noted_with_the_tables(state, expected, whole, tmp_path):
    out = tmp_path / "brought"
    shutil.copytree(whole, out)
    study = the_study(out)
    file = studies.study_folder(out, study.study_id) / "status.json"
    content = json.loads(file.read_text())
    content["rows"][-1] |= {"state": "waiting"}
    file.write_text(json.dumps(content | {"state": state, "runs_done": len(study.run_ids) - 1}))
    tables = {name: (file.parent / f"{name}.csv").read_bytes() for name in studies.TABLES}
    assert main(["anova", str(out), "--study", study.study_id]) == 0
    status = studies.read_status(out, study.study_id)
    noted = expected == "finished"
    assert (status.state, status.runs_done) == (expected, len(study.run_ids) - (not noted))
    assert status.rows[-1].state == ("finished" if noted else "waiting")
    assert tables == {name: (file.parent / f"{name}.csv").read_bytes() for name in studies.TABLES}


def test_a_study_that_is_being_trained_is_not_trained_twice(command, whole, capsys):
    from train.run.checkpoint import locked

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
        (
            ["--learning-rate", "fast"],
            "Expected --learning-rate to be a number, above 0. Received: fast",
        ),
        (["--learnig-rate", "1"], "did you mean --learning-rate?"),
        (["--preset-from", "nothing"], "Expected a tuning study with a finished trial"),
        (["--architectures", "resnet50"], "Give the file of the same architecture"),
        (["--cluster", "127.0.0.1:1"], "Expected a Ray cluster at 127.0.0.1:1"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_trained(
    changes, sentence, command, tmp_path, capsys
):
    if "gpu" in changes and machine.prepare("auto").kind == "gpu":
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
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10_000))
    assert main([*command, "--out", str(tmp_path)]) == 2
    assert "of free space" in capsys.readouterr().err


def test_the_status_can_be_read_while_it_is_written(tmp_path):
    from train.run.progress import Progress

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


def test_a_status_that_finds_no_room_does_not_end_the_training(tmp_path, monkeypatch):
    def full(**options):
        raise OSError(errno.ENOSPC, "No space left on device")

    with Board(tmp_path / "status.json", "one", quiet=True) as board:
        board.add("a", "mobilenet", 0, "waiting", epochs=10)
        monkeypatch.setattr(files.tempfile, "mkstemp", full)
        board.set_state("a", "finished")


def test_films_that_a_machine_sees_otherwise_are_refused():
    from kneeoa.errors import TrainingError
    from train.study.cycles import check_split

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
    from train.study.cycles import begin

    study = replace(STUDY, cycles=1, run_ids=("mobilenet-seed0-01234567",))
    begin(tmp_path, study)
    more = replace(study, cycles=2, run_ids=(*study.run_ids, "mobilenet-seed1-89abcdef"))
    assert begin(tmp_path, more).run_ids == more.run_ids
    with pytest.raises(DataError, match=sentence):
        begin(tmp_path, replace(study, **changes))


@pytest.mark.parametrize(("kept_as", "left"), [("best", [0]), ("all", [0, 1]), ("", [0, 1])])
def test_a_study_drops_weights_of_its_own_only(kept_as, left, tmp_path):
    from tests.support.research import drawn_predictions, write_run
    from train.study.cycles import apply_keep
    from train.study.job import Job

    jobs = []
    for seed in range(2):
        # The first is the better one.
        predictions = drawn_predictions(seed, skill=3.0 - seed)
        run_id = write_run(tmp_path, "mobilenet", seed, predictions=predictions, keep=kept_as)
        (tmp_path / "runs" / run_id / "model.keras").write_bytes(b"weights")
        jobs.append(Job(run_id, None, tmp_path, "f" * 64, keep="best"))
    apply_keep(jobs)
    kept = [job for job in jobs if (tmp_path / "runs" / job.run_id / "model.keras").exists()]
    assert kept == [jobs[seed] for seed in left]
