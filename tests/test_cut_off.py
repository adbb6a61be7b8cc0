"""No command calls anybody, and none leaves anything where it was not told to."""

import importlib.util
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from kneeoa.films.phantom import knee_png
from kneeoa.graders.published import DEFAULT_MODELS
from tests.support import cut_off, knees
from tests.support.graded_films import write_tree
from train.__main__ import main

cut_off_alone = pytest.mark.skipif(
    not cut_off.can_be_cut_off(), reason="needs Linux on x86-64 or arm64, whose kernel can do it"
)


@cut_off_alone
def test_a_call_would_be_noticed(tmp_path):
    assert cut_off.run(tmp_path, "http.server", "0").returncode == cut_off.CALLED
    looked_up = cut_off.run(tmp_path, "pip", "download", "--no-cache-dir", "a-package")
    assert looked_up.returncode == cut_off.CALLED


def joined(word, commands):
    return [each for command in commands for each in (word, *command)][1:]


def test_grading_signing_and_a_missing_archive_call_nobody_and_leave_what_was_asked_for(tmp_path):
    (tmp_path / "a.png").write_bytes(knee_png(3, seed=1))
    models = tmp_path / "models"
    shutil.copytree(DEFAULT_MODELS / "localiser", models / "localiser")
    commands = [
        ["kneeoa", "grade", str(tmp_path / "a.png"), "--together", "--csv", "t.csv"],
        ["train", "new-key", "key"],
        ["train", "sign", str(models), "--key", "key"],
        ["kneeoa", "pacs", "find", "--patient", "1"],
    ]
    done = cut_off.run(tmp_path, *joined("and", commands))
    # The others could be done, and had nothing to say.
    assert done.returncode == 2
    assert done.stderr.startswith("kneeoa: Expected an archive")
    assert ",resnet50,3," in (tmp_path / "work" / "t.csv").read_text()
    assert cut_off.left_behind(tmp_path) == ["work/key", "work/key.pub", "work/t.csv"]
    assert {file.name for file in models.iterdir()} == {
        "localiser",
        "signed.json",
        "signed.json.sig",
    }


def places_of(cache):
    """Return where libraries keep things: tiny networks load them before a command can say so."""
    kept = {"KERAS_HOME": str(cache / "keras"), "TORCHINDUCTOR_CACHE_DIR": str(cache / "torch")}
    # PyTorch compiles nothing; what is asked of a network's libraries is the same.
    backend = "torch" if importlib.util.find_spec("torch") else "tensorflow"
    return {"KNEEOA_CACHE": str(cache), "KERAS_BACKEND": backend, **kept}


def in_training(tmp_path):
    """Commands of `train`, and what they may leave."""
    data = ["--data", str(write_tree(tmp_path / "data"))]
    source = ["--source", str(knees.write_source(tmp_path / "source.json"))]
    smoke = [*data, "--preset", "smoke", "--out", "results", "--architecture", "mobilenet"]
    commands = [
        ["data", str(tmp_path / "data")],
        ["fit", *smoke, "--stages", "head:1"],
        ["tune", *smoke, "--trials", "1", "--epochs", "1"],
        ["publish", "results", "--architecture", "mobilenet", *data, *source, "--models", "models"],
        ["evaluate", str(DEFAULT_MODELS), *data, "--films", "3", "--csv", "metrics.csv"],
    ]
    return commands, ["work/split.csv", "work/results", "work/models", "work/metrics.csv"]


def of_a_localiser(tmp_path):
    """The command that trains one, and what it may leave."""
    from train.locate.drawn import lateral, no_film

    knees.write_tree(tmp_path / "knees", train=2, val=2, test=2)
    rng = np.random.default_rng(0)
    for kind, drawn in (("knee_lateral", lateral), ("drawing", no_film)):
        for number in range(6):
            place = tmp_path / "none" / kind / f"{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(drawn(rng)).save(place)
    asked = ["locate", "--data", str(tmp_path / "knees"), "--not-knees", str(tmp_path / "none")]
    asked += ["--steps", "2", "--spoilt-steps", "1", "--models", "locating"]
    return [[*asked, "--source", str(tmp_path / "source.json")]], ["work/locating"]


@cut_off_alone
def test_training_publishing_and_measuring_leave_what_they_make_and_the_cache(tmp_path):
    """In one process: most of what this takes is to load what trains."""
    commands, ours = in_training(tmp_path)
    if importlib.util.find_spec("torch"):  # which alone trains a localiser
        for them, more in zip((commands, ours), of_a_localiser(tmp_path), strict=True):
            them += more
    words = joined("then", commands)
    done = cut_off.run(tmp_path, "tests.support.tiny", *words, **places_of(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    left = cut_off.left_behind(tmp_path)
    assert [place for place in left if not place.startswith(tuple(ours))] == []
    assert {place for place in ours if place in left} == {*ours}


def test_libraries_of_training_keep_their_things_in_our_cache(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KNEEOA_CACHE", str(tmp_path))
    for name in ("KERAS_HOME", "TORCHINDUCTOR_CACHE_DIR"):
        monkeypatch.setenv(name, "")  # so that it is undone
        monkeypatch.delenv(name)
    assert main(["answer", str(tmp_path / "none")]) == 2
    assert os.environ["KERAS_HOME"] == str(tmp_path / "keras")
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path / "torch")
