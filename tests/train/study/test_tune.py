"""Tuning: resumable, pruned, never looking at a test film; and its best settings put to use."""

import json

import optuna
import pandas as pd
import pytest

from kneeoa.errors import ConfigError
from kneeoa.records import studies
from tests.support.knees import drawn_films, write_tree
from train.__main__ import main
from train.config import DEPTHS, Stage, preset, tuned
from train.run.fit import Fitted
from train.run.progress import Progress
from train.study import tune
from train.study.board import Board

BASE = preset("smoke", "mobilenet")


def open_search(folder, **options):
    return tune.open_search(folder, "search", BASE, epochs=6, films=40, **options)


def losses_of(config):
    """Stand for a training: the nearer to a rate of 1e-3, the lower the loss."""
    import math

    distance = abs(math.log10(config.learning_rate) + 3)
    return [distance + 1 / epoch for epoch in range(1, 7)]


@pytest.fixture
def trained(monkeypatch):
    """Replace training by `losses_of`; return what was trained, and where to interrupt it."""
    seen = {"configs": [], "splits": set(), "epochs": 0, "stop_at": None}

    def fake(config, train, val, *, folder, machine, report):
        folder.mkdir(parents=True, exist_ok=True)
        seen["configs"].append(config)
        for epoch, loss in enumerate(losses_of(config), start=1):
            seen["epochs"] += 1
            if seen["epochs"] == seen["stop_at"]:
                raise KeyboardInterrupt
            report(Progress(epoch, 6, 1.0, 6 - epoch, 1.0, loss, loss, 0.5, 10.0))
        history = tuple({"val_loss": loss} for loss in losses_of(config))
        return Fitted(None, None, history, 6, "", 6.0)

    monkeypatch.setattr(tune, "fit", fake)
    return seen


def run(folder, trials, seen=None, **options):
    search = open_search(folder, **options)
    splits = {"train": drawn_films(5), "val": drawn_films(5)}
    with Board(None, "search", quiet=True) as board:
        tune.search_here(search, trials, splits, None, board)
    tune.write_search(search)
    return search


def test_a_search_finds_prunes_and_writes(trained, tmp_path):
    search = run(tmp_path, 25)
    trials = pd.read_csv(tmp_path / "studies" / "search" / "trials.csv")
    assert len(trials) == 25
    assert set(trials["state"]) == {"complete", "pruned"}
    assert set(trials["depth"]) <= set(DEPTHS)
    assert set(trials["batch_size"]) <= {16, 32}  # 64 films are not there
    best = json.loads((tmp_path / "studies" / "search" / "best.json").read_text())
    assert best["val_loss"] == trials["val_loss"].min() == search.study.best_value
    assert 2e-4 < best["params"]["learning_rate"] < 3e-3
    importance = pd.read_csv(tmp_path / "studies" / "search" / "importance.csv")
    assert importance.loc[importance["importance"].idxmax(), "setting"] == "learning_rate"
    assert not list((tmp_path / "unfinished").iterdir())


def test_an_interrupted_search_goes_on_with_the_trial_it_was_in(trained, tmp_path):
    whole = run(tmp_path / "whole", 8)
    trained["stop_at"] = trained["epochs"] + 15
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", 8)
    begun = len(trained["configs"])
    resumed = run(tmp_path / "parts", 8)
    assert trained["configs"][begun - 1] == trained["configs"][begun]
    assert [t.params for t in resumed.study.trials] == [t.params for t in whole.study.trials]
    assert [t.value for t in resumed.study.trials] == [t.value for t in whole.study.trials]


def test_what_a_kill_left_of_an_ended_trial_goes_with_the_next_search(trained, tmp_path):
    search = run(tmp_path, 2)
    for number in (1, 2):  # one that ended, and one that did not
        (tmp_path / "unfinished" / f"search-trial{number}").mkdir(parents=True)
    search.study.ask()
    open_search(tmp_path)
    assert [left.name for left in (tmp_path / "unfinished").iterdir()] == ["search-trial2"]


def test_any_storage_serves_and_a_bad_one_is_refused(trained, tmp_path):
    storage = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    run(tmp_path, 2, storage=storage)
    assert len(optuna.load_study(study_name="search", storage=storage).trials) == 2
    with pytest.raises(ConfigError, match="Expected an Optuna storage"):
        open_search(tmp_path, storage="nonsense://")


def test_the_best_settings_are_a_preset(trained, tmp_path):
    search = run(tmp_path, 3)
    config = tuned(tmp_path, ["search"], "mobilenet")
    assert config.learning_rate == search.study.best_params["learning_rate"]
    assert config.dropout == search.study.best_params["dropout"]
    assert config.stages[-1].from_layer == search.study.best_params["depth"]
    assert all(isinstance(stage, Stage) for stage in config.stages)
    with pytest.raises(ConfigError, match="tuned mobilenet"):
        tuned(tmp_path, ["search"], "resnet50")


def test_the_command_line_tunes_for_real(tiny_networks, tmp_path, capsys):
    tree = write_tree(tmp_path / "tree", train=4, val=2, test=2)
    out = tmp_path / "results"
    places = ["--data", str(tree), "--out", str(out)]
    command = ["tune", *places, "--architecture", "mobilenet", "--preset", "smoke"]
    assert main([*command, "--dropout", "0.1"]) == 2
    assert "it is what `tune` searches" in capsys.readouterr().err
    assert main([*command, "--epochs", "1", "--trials", "2", "--study", "two"]) == 0
    assert "--preset-from two" in capsys.readouterr().out
    trials = pd.read_csv(out / "studies" / "two" / "trials.csv")
    assert trials["state"].tolist() == ["complete", "complete"]
    assert studies.read_study(out, "two").kind == "tuning"
    assert studies.read_status(out, "two").state == "finished"
    assert not list((out / "unfinished").iterdir())
    assert not (out / "runs").exists()  # no test film was predicted
