"""The config of a run: presets, what the command line may set, what is refused."""

import re

import pytest

from kneeoa.errors import ConfigError
from kneeoa.networks import ARCHITECTURES
from train import config
from train.config import DEPTHS, PRESETS, Stage, gradual, preset
from train.run import schedule


def test_the_paper_preset_is_the_protocol_of_the_paper():
    paper = preset("paper", "resnet50")
    assert (paper.optimizer, paper.learning_rate, paper.schedule) == ("adam", 1e-4, "constant")
    assert (paper.batch_size, paper.epochs, paper.patience) == (32, 50, 5)
    assert (paper.label_smoothing, paper.init) == (0, "imagenet")
    assert paper.horizontal_flip
    assert min(paper.rotation, paper.zoom, paper.contrast, paper.dropout) > 0
    depths = [stage.from_layer for stage in paper.stages]
    assert depths == list(DEPTHS)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", PRESETS)
def test_a_config_survives_json(name, architecture):
    import json

    made = preset(name, architecture, seed=3)
    assert config.config_from_dict(json.loads(json.dumps(made.as_dict()))) == made


def test_a_config_is_stored_under_the_names_that_files_have():
    made = preset("smoke", "mobilenet", soft_targets="a.csv", soft_share=0.7)
    stored = made.as_dict()
    assert (stored["teacher"], stored["teacher_share"]) == ("a.csv", 0.7)
    assert "soft_share" not in stored
    assert config.config_from_dict(stored) == made


def test_settings_that_are_gone_are_read_where_they_did_nothing():
    made = preset("paper", "mobilenet")
    assert config.config_from_dict(made.as_dict() | {"mixup": 0.0, "erase": 0.0}) == made
    with pytest.raises(TypeError):
        config.config_from_dict(made.as_dict() | {"mixup": 0.2})


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("depth", DEPTHS)
def test_gradual_unfreezing_keeps_to_its_epochs(depth, epochs):
    stages = gradual(depth, epochs)
    assert sum(stage.epochs for stage in stages) == epochs
    assert stages[-1].from_layer == depth
    order = [DEPTHS.index(stage.from_layer) for stage in stages]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("batch_size", 0, "a whole number, at least 1"),
        ("dropout", 1.0, "a number, at least 0, below 1"),
        ("label_smoothing", -0.1, "a number, at least 0, below 1"),
        ("patience", 0, "a whole number, at least 1"),
        ("learning_rate", 0.0, "a number, above 0"),
        ("learning_rate", float("nan"), "a number, above 0"),
        ("weight_decay", float("inf"), "a number, at least 0"),
        ("warmup", 1.0, "a number, at least 0, below 1"),
        ("gamma", 2.1, "a number, at least 0, at most 2"),
        ("optimizer", "sgd", "adam or adamw"),
        ("seed", 2**32, "a whole number, at least 0, below 4,294,967,296"),
        ("patience", 10**30, "a whole number, at least 1, at most 1,000,000"),
        ("stages", (Stage("all", 10**30),), "of 1 to 1,000,000 epochs"),
        ("stages", (), "at least one stage"),
        ("stages", (Stage("all", 0),), "of 1 to 1,000,000 epochs"),
        ("stages", (Stage("all", 1, float("nan")),), "of 1 to 1,000,000 epochs"),
        ("stages", (Stage("all", 1, float("inf")),), "of 1 to 1,000,000 epochs"),
        ("zoom", 1.0, "a number, at least 0, below 1"),
    ],
)
def test_values_that_cannot_work_are_refused(name, value, expected):
    with pytest.raises(ConfigError, match=re.escape(f"Expected {name} to be {expected}")):
        preset("smoke", "mobilenet", **{name: value})


def test_unknown_names_are_refused_with_the_choices():
    with pytest.raises(ConfigError, match="paper, reference, smoke"):
        preset("best", "mobilenet")
    with pytest.raises(ConfigError, match="mobilenet, resnet50"):
        preset("paper", "vgg")
    with pytest.raises(ConfigError, match=r"head, conv5, .*Received: deep"):
        gradual("deep", 3)


def history(*losses, stage=1):
    return tuple(
        {"epoch": i + 1, "stage": stage, "val_loss": loss} for i, loss in enumerate(losses)
    )


def test_a_stage_ends_when_its_epochs_are_done_and_the_run_after_the_last():
    two = preset("smoke", "mobilenet", stages=(Stage("head", 2), Stage("all", 1)))
    assert schedule.next_stage(two, ()) == 0
    assert schedule.next_stage(two, history(3)) == 0
    assert schedule.next_stage(two, history(3, 2)) == 1
    assert schedule.epochs_left(two, ()) == 3
    assert schedule.epochs_left(two, history(3)) == 2
    done = (*history(3, 2), {"epoch": 3, "stage": 2, "val_loss": 1})
    assert schedule.next_stage(two, done) is None
    assert schedule.epochs_left(two, done) == 0
    assert schedule.why_stopped(two, done) == "all epochs done"


def test_patience_counts_within_the_stage():
    patient = preset("smoke", "mobilenet", patience=2, stages=(Stage("head", 9), Stage("all", 9)))
    assert schedule.next_stage(patient, history(3, 2, 2)) == 0
    assert schedule.next_stage(patient, history(3, 2, 2, 2.5)) == 1
    begun = (*history(3, 2, 2, 2.5), {"epoch": 5, "stage": 2, "val_loss": 4})
    assert schedule.next_stage(patient, begun) == 1
    over = (*begun, {"epoch": 6, "stage": 2, "val_loss": 4})
    assert schedule.next_stage(patient, over) is None
    assert schedule.best_epoch(over) == 2
    assert "did not improve for 2 epochs" in schedule.why_stopped(patient, over)
