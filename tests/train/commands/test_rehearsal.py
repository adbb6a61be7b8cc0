"""A study that is rehearsed before it is paid for; needs ``KERAS_BACKEND=torch`` to be quick."""

import subprocess
import sys

from tests.support import tiny
from tests.support.places import ROOT
from train.__main__ import main
from train.commands import away
from train.machine import Machine
from train.study import rehearsal


def test_a_rehearsal_says_what_worked_and_what_it_cannot_show(given, tmp_path, capsys, monkeypatch):
    tiny.use_on_clusters(monkeypatch)
    words = ["rehearse", *given, "--out", str(tmp_path / "results")]
    assert main([*words, "--device", "cpu", "--at-once", "2"]) == 0
    said = capsys.readouterr().out
    assert "recorded, in a process of its own on cpu (torch" in said
    assert "mobilenet: interrupted, taken up, validated and recorded" in said
    assert "Not seen without a GPU" in said
    assert not list((tmp_path / "results").iterdir())


def test_under_tensorflow_nothing_is_recorded_and_that_is_said(monkeypatch):
    monkeypatch.setattr(rehearsal, "backend", lambda: "tensorflow")
    assert "PyTorch alone replays recorded steps" in rehearsal.unseen(Machine())


def test_what_is_finished_is_not_rehearsed_and_nobody_begins_for_it(
    given, tmp_path, capsys, monkeypatch
):
    def begins(*_):
        raise AssertionError("nothing is left to share a machine for")

    monkeypatch.setattr("train.study.sharing.on_one_machine", begins)
    words = [*given, "--cycles", "1", "--out", str(tmp_path), "--device", "cpu"]
    assert main(["study", *words]) == 0
    assert main(["rehearse", *words, "--at-once", "2"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == ["mobilenet: all 1 cycles are finished", "Nothing is left to rehearse."]
    two = [*words, "--cycles", "2"]
    monkeypatch.setattr("train.study.job.Job.is_finished", True)
    assert main(["study", *two, "--at-once", "2", "--study", "finished"]) == 0
    assert "Study finished: 2 cycles all finished" in capsys.readouterr().out


def test_what_is_finished_is_known_before_keras_is_loaded():
    """Else the driver is met, and TensorFlow greets, before the machine is prepared."""
    code = (
        "import sys; from pathlib import Path; from train.commands import away\n"
        "from train.config import preset; from train.study.job import jobs_of\n"
        "config = preset('smoke', 'mobilenet')\n"
        "print(*jobs_of(Path(), {'mobilenet': config}, 1, 'f' * 64, keep='none'))\n"
        "print({'keras', 'torch', 'tensorflow', 'ray'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "mobilenet-seed0-" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"


def test_a_rehearsal_that_takes_long_says_so(given, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(away, "LONG", 0)
    assert main(["rehearse", *given, "--out", str(tmp_path), "--device", "cpu"]) == 0
    assert "Still trying mobilenet by itself" in capsys.readouterr().err


def test_what_fails_when_it_is_tried_is_told_from_what_cannot_be_begun(
    given, tmp_path, capsys, monkeypatch
):
    def fails(*_):
        raise RuntimeError("CUDA")

    monkeypatch.setattr("train.study.rehearsal.rehearse", fails)
    words = ["rehearse", *given, "--out", str(tmp_path), "--device", "cpu"]
    assert main(words) == 1
    assert "RuntimeError: CUDA" in capsys.readouterr().err
    assert main([*words, "--split-file", "none.csv"]) == 2
    assert main([*words, "--only-options"]) == 0
