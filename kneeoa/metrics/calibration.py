"""Probabilities that mean what they say: softmax with a temperature, and how to find it."""

import numpy as np

TEMPERATURES = (0.05, 20.0)
"""Between these a fitted temperature lies; beyond them probabilities say nothing."""


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return probabilities over the last axis, float32; `temperature` > 1 makes them milder."""
    scaled = logits / temperature
    shifted = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return (shifted / shifted.sum(axis=-1, keepdims=True)).astype(np.float32)


def recalibrate(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return ``(N, 5) float32`` probabilities as if their logits were divided by `temperature`."""
    return softmax(np.log(np.maximum(probabilities, 1e-12)), temperature)


def cross_entropy(true_grades: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean of -log of the probability of the true grade; no label smoothing.

    ``true_grades`` (N,) int in 0-4, ``probabilities`` (N, 5), taken as at least 1e-7.
    """
    chosen = probabilities[np.arange(len(probabilities)), np.asarray(true_grades, int)]
    return float(-np.log(np.maximum(chosen, 1e-7)).mean())


def fit_temperature(probabilities: np.ndarray, true_grades: np.ndarray) -> float:
    """Return the temperature in [0.05, 20] with the lowest cross-entropy (Guo et al. 2017, ICML).

    To be fitted on validation films: ``probabilities`` (N, 5) at temperature 1, ``true_grades``
    (N,) int in 0-4. The predicted grade does not change, whatever the temperature.
    """
    from scipy import optimize  # late: serving needs none

    minimum = optimize.minimize_scalar(
        lambda log: cross_entropy(true_grades, recalibrate(probabilities, np.exp(log))),
        bounds=tuple(np.log(TEMPERATURES)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(minimum.x))
