"""The table of what was tried: grouped over seeds, named by what differs, validation only."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kneeoa.errors import DataError
from kneeoa.metrics import calibration
from kneeoa.records import results, tried
from kneeoa.records.studies import Run

BASE = {"learning_rate": 1e-3, "optimizer": "adam", "seed": 0, "preset": "paper"}


def run(seed, shift=0.0, **changes):
    draw = np.random.default_rng(seed)
    grades = np.arange(50) % 5
    tables = []
    for split, noise in (("val", 1.0), ("test", 50.0)):
        shares = calibration.softmax(3 * np.eye(5)[grades] + draw.normal(0, noise, (50, 5)) + shift)
        names = [f"{split}{i}" for i in range(50)]
        tables.append(results.predictions_table(names, names, split, grades, shares))
    record = SimpleNamespace(
        architecture="mobilenet",
        config=BASE | {"seed": seed} | changes,
        seed=seed,
        seconds=120.0,
        run_id=f"run{seed}{changes}",
        initialisation={},
        split_hash="a" * 64,
    )
    return Run(Path(), record, pd.concat(tables))


def test_seeds_are_averaged_and_settings_told_apart():
    runs = [run(0), run(1), run(2, optimizer="adamw", learning_rate=2e-3)]
    table = tried.tried(runs, {"mobilenet": BASE}).set_index("changed")
    assert set(table.index) == {"nothing", "learning_rate 0.002, optimizer adamw"}
    assert table.loc["nothing", "seeds"] == 2
    both = [one.predictions[one.predictions["split"] == "val"] for one in runs[:2]]
    right = [
        (val[results.PROBABILITY_COLUMNS].to_numpy().argmax(1) == val["true_grade"]).mean()
        for val in both
    ]
    assert table.loc["nothing", "accuracy"] == pytest.approx(np.mean(right))
    assert table.loc["nothing", "accuracy_sd"] == pytest.approx(np.std(right, ddof=1))
    assert np.isnan(table["accuracy_sd"].iloc[-1]) or table["seeds"].iloc[-1] == 2


def test_stages_are_named_in_short():
    stages = [{"from_layer": "all", "epochs": 3, "factor": 1.0, "side": 160}]
    assert tried.difference(BASE | {"stages": stages}, BASE) == "stages all:3:1.0:160"


def test_settings_that_came_or_went_were_off():
    base = BASE | {"standardise": True, "teacher": "a.csv", "teacher_share": 0.7}
    old = BASE | {"erase": 0.0, "mixup": 0.2}
    assert tried.difference(old, base) == "mixup 0.2, standardise no, soft_targets none"
    # Their share counts for nothing without them.
    other = base | {"teacher": "", "teacher_share": 0.5, "erase": 0.0}
    assert tried.difference(other, base) == "soft_targets none"
    # Inputs without a change of their own are those as they are.
    assert not tried.difference(base | {"inputs": ""}, base)


def test_without_runs_there_is_an_empty_table():
    assert list(tried.tried([], {}).columns) == list(tried.COLUMNS)


def test_where_there_are_no_runs_a_sentence_says_so(tmp_path, capsys):
    from train.__main__ import main

    assert main(["tried", str(tmp_path)]) == 2
    assert "Found none to compare" in capsys.readouterr().err


def test_runs_of_unlike_splits_are_not_averaged():
    first, other = run(0), run(1)
    other.record.split_hash = "b" * 64
    assert tried.split_of_most([other, first, run(2)]) == "a" * 64
    with pytest.raises(DataError, match="one split"):
        tried.tried([first, other], {"mobilenet": BASE})


def test_starting_weights_of_one_name_are_told_apart_by_their_content():
    runs = [run(seed) for seed in range(4)]
    for each, digest in zip(runs, ("a" * 64, "a" * 64, "b" * 64, ""), strict=True):
        each.record.initialisation |= {"sha256": digest}
    table = tried.tried(runs, {"mobilenet": BASE}).set_index("changed")
    assert table["seeds"].to_dict() == {
        "nothing (files aaaaaaaa)": 2,
        "nothing (files bbbbbbbb)": 1,
        "nothing (files not recorded)": 1,
    }
    # One content, and runs of before it was recorded: nothing speaks for two.
    one = tried.tried([*runs[:2], runs[3]], {"mobilenet": BASE})
    assert one["changed"].tolist() == ["nothing"]


def test_weights_of_a_run_are_called_after_it():
    went_on = run(0, init="model.keras")
    went_on.record.initialisation = {"run_id": "mobilenet-seed9-0f0f0f0f", "sha256": "ab"}
    table = tried.tried([went_on], {"mobilenet": BASE | {"init": "imagenet.npz"}})
    assert table["changed"].tolist() == ["init run mobilenet-seed9-0f0f0f0f"]


def test_of_a_folder_the_split_of_most_runs_is_taken_and_the_others_named(tmp_path, capsys):
    from tests.support.research import write_run
    from train.__main__ import main

    for seed, split in enumerate("aab"):
        write_run(tmp_path, "mobilenet", seed, split_hash=split * 64)
    write_run(tmp_path, "resnet50", 0, split_hash="a" * 64)
    assert main(["tried", str(tmp_path)]) == 0
    assert "Left out: mobilenet-seed2-00000000 is of another split." in capsys.readouterr().out
    assert main(["tried", str(tmp_path), "--split", "bbbb"]) == 0
    assert capsys.readouterr().out.count("Left out") == 3
    assert main(["tried", str(tmp_path), "--split", "c"]) == 2
