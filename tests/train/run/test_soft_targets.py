"""Soft targets from finished runs: the right film's row, mixed in the right share."""

import numpy as np
import pytest

from kneeoa.errors import DataError
from kneeoa.metrics import calibration
from kneeoa.records import results
from tests.support.knees import drawn_films
from train.config import preset
from train.graph import chance
from train.run.batches import Shuffled
from train.run.soft_targets import read_soft_targets

FILMS = drawn_films(8)


@pytest.fixture
def soft_targets(tmp_path):
    """A table whose rows are in another order than the films."""
    shares = calibration.softmax(np.random.default_rng(0).normal(0, 2, (8, 5)))
    table = results.predictions_table(
        FILMS.image_ids, FILMS.patient_ids, "train", FILMS.grades, shares
    )
    file = tmp_path / "soft.csv"
    results.write_predictions(file, table.sample(frac=1, random_state=1))
    return file, shares


def test_every_film_gets_its_own_row(soft_targets):
    file, shares = soft_targets
    np.testing.assert_allclose(read_soft_targets(file, FILMS.image_ids), shares, atol=1e-5)


def test_a_film_without_a_soft_target_is_named(soft_targets):
    file, _ = soft_targets
    with pytest.raises(DataError, match=r"1 are missing, for example 77R"):
        read_soft_targets(file, (*FILMS.image_ids, "77R"))


def test_targets_are_mixed_with_the_labels(soft_targets):
    file, shares = soft_targets
    config = preset(
        "smoke", "mobilenet", soft_targets=str(file), soft_share=0.7, label_smoothing=0.1
    )
    _, targets = Shuffled(FILMS, config, 0, 4)[0]
    order = chance.draw_order(config, 0, 8)
    labels = chance.soft_labels(config, FILMS.grades)
    np.testing.assert_allclose(targets, (0.7 * shares + 0.3 * labels)[order], atol=1e-5)
