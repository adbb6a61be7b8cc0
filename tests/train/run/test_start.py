"""What a run begins with: which file it was, and what that had learnt from."""

import json
import shutil
from dataclasses import replace

import pytest

from kneeoa.errors import ConfigError
from kneeoa.graders.published import find_model
from train.commands.options import configs_of
from train.commands.parser import parse
from train.config import preset
from train.run import start
from train.run.naming import run_id, shown_config


@pytest.fixture
def published(tmp_path):
    """A published model as weights to go on from, and its card."""
    model = find_model("mobilenet")
    for name in ("model.onnx", "card.json"):
        shutil.copy(model.file.with_name(name), tmp_path / name)
    return tmp_path / "model.onnx", model.card


def test_what_is_known_of_published_weights_is_kept_and_renames_no_run(published):
    file, card = published
    config = preset("reference", "mobilenet", init=str(file))
    before = run_id(config, "f" * 64)
    assert start.facts_of(config) == {
        "sha256": card["model_sha256"],
        "run_id": card["run_id"],
        "split_hash": card["split_hash"],
    }
    file.with_name("card.json").unlink()
    assert start.facts_of(config) == {"sha256": card["model_sha256"]}
    assert run_id(config, "f" * 64) == before
    assert start.facts_of(replace(config, init="imagenet")) == {}


def test_of_published_weights_as_keras_keeps_them_the_card_is_known_too(published):
    _, card = published
    kept = published[0].with_name("model.keras")
    kept.write_bytes(b"weights")
    origin = start.origin_of(str(kept))
    assert origin and (origin.run_id, origin.split_hash) == (card["run_id"], card["split_hash"])


def test_weights_that_learnt_from_another_split_are_said(published):
    file, card = published
    config = preset("reference", "mobilenet", init=str(file))
    assert not start.warning_of(config, card["split_hash"])
    sentence = start.warning_of(config, "0" * 64)
    assert "trained on another split or other films" in sentence
    assert card["run_id"] in sentence


def test_a_card_that_is_of_other_weights_says_nothing(published):
    file, card = published
    other = card | {"model_sha256": "0" * 64}
    file.with_name("card.json").write_text(json.dumps(other))
    assert start.origin_of(str(file)) is None
    file.with_name("card.json").write_text("no card")
    assert start.origin_of(str(file)) is None


def test_soft_targets_that_were_tuned_with_are_asked_for_and_not_looked_for(tmp_path):
    table = tmp_path / "soft.csv"
    table.write_text("")
    config = preset("reference", "mobilenet", init="none", soft_targets=str(table))
    study = tmp_path / "out" / "studies" / "tuned"
    study.mkdir(parents=True)
    (study / "best.json").write_text(json.dumps({"config": shown_config(config)}))
    words = ["fit", "--data", "d", "--out", str(tmp_path / "out"), "--architecture", "mobilenet"]
    words += ["--preset-from", "tuned"]
    with pytest.raises(ConfigError, match=r"tuned with the soft targets soft\.csv"):
        configs_of(parse(words), ["mobilenet"])
    given = configs_of(parse([*words, "--soft-targets", str(table)]), ["mobilenet"])
    assert given["mobilenet"].soft_targets == str(table)
