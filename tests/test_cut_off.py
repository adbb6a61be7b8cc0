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

pytestmark = pytest.mark.skipif(
    not cut_off.can_be_cut_off(), reason="needs Linux on x86-64 or arm64, whose kernel can do it"
)


def test_a_call_would_be_noticed(tmp_path):
    assert cut_off.run(tmp_path, "http.server", "0").returncode == cut_off.CALLED
    looked_up = cut_off.run(tmp_path, "pip", "download", "--no-cache-dir", "a-package")
    assert looked_up.returncode == cut_off.CALLED


def test_grading_calls_nobody_and_leaves_its_table_alone(tmp_path):
    (tmp_path / "a.png").write_bytes(knee_png(2, seed=1))
    graded = "grade", str(tmp_path / "a.png"), "--together", "--csv", "t.csv"
    done = cut_off.run(tmp_path, "kneeoa", *graded)
    assert (done.returncode, done.stderr) == (0, "")
    assert cut_off.left_behind(tmp_path) == ["work/t.csv"]


def test_without_an_archive_nobody_is_asked_for_films(tmp_path):
    done = cut_off.run(tmp_path, "kneeoa", "pacs", "find", "--patient", "1")
    assert done.returncode == 2
    assert done.stderr.startswith("kneeoa: Expected an archive")
    assert cut_off.left_behind(tmp_path) == []


def test_signing_leaves_the_signature_alone(tmp_path):
    models = tmp_path / "models"
    shutil.copytree(DEFAULT_MODELS / "localiser", models / "localiser")
    assert cut_off.run(tmp_path, "train", "new-key", "key").returncode == 0
    done = cut_off.run(tmp_path, "train", "sign", str(models), "--key", "key")
    assert done.returncode == 0, done.stderr
    assert cut_off.left_behind(tmp_path) == ["work/key", "work/key.pub"]
    assert {file.name for file in models.iterdir()} == {
        "localiser",
        "signed.json",
        "signed.json.sig",
    }


def test_splitting_films_leaves_the_split_and_the_cache(tmp_path):
    data, cache = write_tree(tmp_path / "data"), str(tmp_path / "cache")
    done = cut_off.run(tmp_path, "train", "data", str(data), KNEEOA_CACHE=cache)
    assert done.returncode == 0, done.stderr
    assert cut_off.left_behind(tmp_path) == ["work/split.csv"]


def places_of(cache):
    """Return where libraries keep things: tiny networks load them before a command can say so."""
    kept = {"KERAS_HOME": str(cache / "keras"), "TORCHINDUCTOR_CACHE_DIR": str(cache / "torch")}
    # PyTorch compiles nothing; what is asked of a network's libraries is the same.
    backend = "torch" if importlib.util.find_spec("torch") else "tensorflow"
    return {"KNEEOA_CACHE": str(cache), "KERAS_BACKEND": backend, **kept}


def test_training_publishing_and_measuring_leave_what_they_make_and_the_cache(tmp_path):
    data = ["--data", str(write_tree(tmp_path / "data"))]
    source = ["--source", str(knees.write_source(tmp_path / "source.json"))]
    smoke = [*data, "--preset", "smoke", "--out", "results", "--architecture", "mobilenet"]
    commands = [
        ["fit", *smoke, "--stages", "head:1"],
        ["tune", *smoke, "--trials", "1", "--epochs", "1"],
        ["publish", "results", "--architecture", "mobilenet", *data, *source, "--models", "models"],
        ["evaluate", str(DEFAULT_MODELS), *data, "--films", "3", "--csv", "metrics.csv"],
    ]
    words = [word for command in commands for word in ("then", *command)][1:]
    done = cut_off.run(tmp_path, "tests.support.tiny", *words, **places_of(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    ours = ("work/results", "work/models", "work/metrics.csv")
    assert [one for one in cut_off.left_behind(tmp_path) if not one.startswith(ours)] == []


def test_a_localiser_is_trained_with_nobody_to_ask(tmp_path):
    pytest.importorskip("torch")
    from train.locate.drawn import lateral, no_film

    knees.write_tree(tmp_path / "data", train=2, val=2, test=2)
    rng = np.random.default_rng(0)
    for kind, drawn in (("knee_lateral", lateral), ("drawing", no_film)):
        for number in range(6):
            place = tmp_path / "none" / kind / f"{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(drawn(rng)).save(place)
    asked = ["locate", "--data", str(tmp_path / "data"), "--not-knees", str(tmp_path / "none")]
    asked += ["--steps", "2", "--spoilt-steps", "1", "--models", "models"]
    asked += ["--source", str(knees.write_source(tmp_path / "source.json"))]
    done = cut_off.run(tmp_path, "tests.support.tiny", *asked, **places_of(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    left = [one for one in cut_off.left_behind(tmp_path) if not one.startswith("work/models")]
    assert left == []


def test_libraries_of_training_keep_their_things_in_our_cache(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KNEEOA_CACHE", str(tmp_path))
    for name in ("KERAS_HOME", "TORCHINDUCTOR_CACHE_DIR"):
        monkeypatch.setenv(name, "")  # so that it is undone
        monkeypatch.delenv(name)
    assert main(["answer", str(tmp_path / "none")]) == 2
    assert os.environ["KERAS_HOME"] == str(tmp_path / "keras")
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path / "torch")
