"""Cross-validation inside the given films: what is said of a film was learnt without its patient.

The strength of the pull is chosen by it, too. So that the figures stay honest, a fold is judged
with the strength that is best on the films of the other folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kneeoa.adaptation.head import Basis, basis_of, fit
from kneeoa.graders.profile import Head
from kneeoa.metrics.calibration import softmax

STRENGTHS: tuple[float, ...] = tuple(float(value) for value in np.geomspace(3, 0.03, 5))
"""From a strong pull towards the published weights to a weak one."""
MANY_FILMS = 100
"""From here on five folds leave enough films to learn from; below, ten."""
_ROUGH = 3e-4
"""Precision while strengths are compared; the last fit is exact."""
_LEAST = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """One network's last layer, fitted anew.

    Attributes
    ----------
    head : in the published scale, before the temperature
    strength : of the pull that was chosen, out of `STRENGTHS`
    logits : (2, N, 5) out of fold, of the film and its mirror image, before the temperature
    """

    head: Head
    strength: float
    logits: np.ndarray


def folds_of(grades: np.ndarray, patient_ids: Sequence[str], *, seed: int = 0) -> np.ndarray:
    """Return each film's fold, ``(N,) int``: grades spread evenly, patients never divided."""
    names, owner = np.unique(np.asarray(patient_ids), return_inverse=True)
    worst = np.zeros(len(names), int)
    np.maximum.at(worst, owner, grades)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(worst[order], kind="stable")]
    fold = np.empty(len(names), int)
    count = 5 if len(grades) >= MANY_FILMS else 10
    fold[order] = np.arange(len(names)) % min(count, len(names))
    return fold[owner]


def refit(
    features: np.ndarray,
    grades: np.ndarray,
    published: Head,
    temperature: float,
    fold: np.ndarray,
) -> Refit:
    """Fit one network's last layer, with the strength that cross-validation finds best.

    Parameters
    ----------
    features : (2, N, C) pooled, of each film and of its mirror image; the mean of both is learnt
        from, because a knee is as worn in the mirror
    grades : (N,) int in 0-4
    published, temperature : the network's last layer and what divides its logits
    fold : (N,) from `folds_of`
    """
    features = np.asarray(features, np.float64)
    before = (features @ published.kernel + published.bias) / temperature
    basis = basis_of(features.mean(axis=0))
    coordinates, offset = basis.coordinates(features), before.mean(axis=0)
    learnt = coordinates.mean(axis=0)
    changes = {
        k: _path(learnt[fold != k], offset[fold != k], grades[fold != k]) for k in np.unique(fold)
    }
    tried = np.empty((len(STRENGTHS), *before.shape))
    for k, path in changes.items():
        for number, change in enumerate(path):
            tried[number][:, fold == k] = before[:, fold == k] + coordinates[:, fold == k] @ change
    chosen = tried[0].copy()
    losses = np.stack([_losses(logits, grades) for logits in tried])
    for k in changes:
        best = losses[:, fold != k].mean(axis=1).argmin()
        chosen[:, fold == k] = tried[best][:, fold == k]
    best = int(losses.mean(axis=1).argmin())
    change = fit(learnt, offset, grades, STRENGTHS[best])
    head = _moved(published, basis, change, temperature)
    return Refit(head, STRENGTHS[best], chosen * temperature)


def _path(coordinates: np.ndarray, offset: np.ndarray, grades: np.ndarray) -> list[np.ndarray]:
    """Fit every strength, from strong to weak, each beginning where the last one ended."""
    change, path = None, []
    for strength in STRENGTHS:
        change = fit(coordinates, offset, grades, strength, start=change, precision=_ROUGH)
        path.append(change)
    return path


def _losses(logits: np.ndarray, grades: np.ndarray) -> np.ndarray:
    chosen = softmax(logits)[:, np.arange(len(grades)), grades]
    return -np.log(np.maximum(chosen, _LEAST)).mean(axis=0)


def _moved(published: Head, basis: Basis, change: np.ndarray, temperature: float) -> Head:
    moved = basis.change(change)
    return Head(
        (published.kernel + temperature * moved.kernel).astype(np.float32),
        (published.bias + temperature * moved.bias).astype(np.float32),
    )
