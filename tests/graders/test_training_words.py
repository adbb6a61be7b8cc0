"""How a network came about, in words."""

import pytest

from kneeoa.graders.published import find_model
from kneeoa.graders.training_words import stages, start, training_sentence
from kneeoa.networks import ARCHITECTURES


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (["all"], "the whole network trains"),
        (["head"], "frozen backbone first"),
        (["head", "all"], "frozen backbone first, then unfrozen in 1 step"),
        (["head", "conv4", "all", "all"], "frozen backbone first, then unfrozen in 2 steps"),
        (["conv5", "all"], "from `conv5` on first, then unfrozen in 1 step"),
    ],
)
def test_stages_that_unfreeze_nothing_more_are_no_steps(layers, said):
    assert stages([{"from_layer": layer} for layer in layers]) == said


def test_a_run_that_went_on_names_the_one_before():
    before = {"source": "mobilenet-seed2-5a9e2bb1.onnx", "fresh_layers": []}
    assert start(before) == "goes on from the weights of the run `mobilenet-seed2-5a9e2bb1`"
    anew = {"source": "some.npz", "fresh_layers": ["conv5", "conv6"]}
    assert start(anew) == "starting weights `some.npz`, 2 layer(s) from scratch (first: `conv5`)"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_said_of_a_published_model_is_on_its_card(architecture):
    card = find_model(architecture).card
    said = training_sentence(card)
    for fact in (card["run_id"], card["model_sha256"][:12], f"seed {card['seed']}", "validation"):
        assert fact in said
    assert f"temperature of {card['calibration']['temperature']:.2f}" in said
    del card["calibration"]
    assert "temperature" not in training_sentence(card)


def test_a_mean_of_weights_is_said_with_its_share():
    card = find_model("mobilenet").card
    config = card["config"] | {"start_share": 0.25, "mean_of": "mobilenet-seed0-01234567"}
    assert "the weights that it went on from (these count 25%)" in training_sentence(
        card | {"config": config}
    )
    bare = {key: value for key, value in card["config"].items() if key != "start_share"}
    assert "averaged" not in training_sentence(card | {"config": bare})


def test_published_weights_are_named_by_their_card_and_not_by_what_all_are_called():
    before = {"source": "model.onnx", "fresh_layers": [], "sha256": "ab" * 32}
    assert start(before) == "goes on from exported weights `abababababab`"
    assert start(before | {"run_id": "one"}) == "goes on from the weights of the run `one`"


def test_it_is_said_where_the_weights_had_learnt_from_another_split():
    card = find_model("mobilenet").card
    same, other = (
        card | {"initialisation": card["initialisation"] | {"split_hash": split_hash}}
        for split_hash in (card["split_hash"], "0" * 64)
    )
    assert training_sentence(same) == training_sentence(card)
    assert "which were trained on another split" in training_sentence(other)
