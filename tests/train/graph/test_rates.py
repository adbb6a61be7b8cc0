"""The learning rate of every step, against Keras' own schedules."""

import keras
import numpy as np
import pytest

from train.config import Stage, preset
from train.graph.trainer import build_optimizer, rates

FILMS = 40


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, keras.optimizers.schedules.CosineDecay(5e-4, 15, alpha=1.0)),
        ({"schedule": "cosine"}, keras.optimizers.schedules.CosineDecay(5e-4, 15, alpha=0.02)),
        (
            {"schedule": "cosine", "warmup": 0.2},
            keras.optimizers.schedules.CosineDecay(
                2.5e-5, 12, alpha=0.02, warmup_target=5e-4, warmup_steps=3
            ),
        ),
    ],
    ids=["constant", "cosine", "warm-up"],
)
def test_rates_are_those_of_keras_own_schedules(settings, expected):
    stage = Stage("head", 3, 0.5)
    config = preset("smoke", "mobilenet", **settings)
    table = rates(config, stage, FILMS)
    by_keras = [float(keras.ops.convert_to_numpy(expected(step))) for step in range(16)]
    np.testing.assert_allclose(table, by_keras, rtol=1e-6)
    optimizer = build_optimizer(config, stage, FILMS)
    for step in (0, 7, 15, 99):
        found = float(keras.ops.convert_to_numpy(optimizer._learning_rate(step)))
        assert found == table[min(step, 15)]
