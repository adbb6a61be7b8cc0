"""Cycles of both networks as drawn predictions, of a given quality."""

import numpy as np

from kneeoa.analysis import anova
from kneeoa.records.results import predictions_table

KNEES, PATIENTS = 120, 60


def predictions(seed, quality):
    """Predictions of one cycle: right with probability `quality`, the same films every time."""
    rng = np.random.default_rng(7)
    grades = rng.integers(0, 5, KNEES)
    rng = np.random.default_rng([seed, int(1000 * quality)])
    said = np.where(rng.random(KNEES) < quality, grades, rng.integers(0, 5, KNEES))
    probabilities = 0.1 + 0.5 * np.eye(5)[said]
    probabilities[:, 0] += rng.random(KNEES) / 20
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    names = [f"{i // 2}{'LR'[i % 2]}" for i in range(KNEES)]
    return predictions_table(names, [n[:-1] for n in names], "test", grades, probabilities)


def study(mobilenet=0.6, resnet50=0.75, cycles=5):
    runs = [
        (f"{name}-{seed}", name, seed, predictions(seed, quality))
        for name, quality in (("mobilenet", mobilenet), ("resnet50", resnet50))
        for seed in range(cycles)
    ]
    return anova.observations(runs), {run[0]: run[3] for run in runs}
