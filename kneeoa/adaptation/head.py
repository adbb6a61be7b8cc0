"""The last linear layer of a network, fitted anew to a few graded films. Pure arrays.

**What is minimised**: the mean cross-entropy of the films plus strength / 2 times the squared
distance from the published weights, those divided by the network's temperature, and the features by
their mean standard deviation, so that a strength means the same for every network. The pull makes
fifty films enough for ten thousand weights: what they say nothing about stays as published.
Multinomial logistic regression with a Gaussian prior at the published weights (Chelba and Acero
2006, Comput Speech Lang, "Adaptation of maximum entropy capitalizer").

**What a film's grade says of its neighbours.** Readers who look twice often differ by a grade, so a
share of each film counts for the grades beside its own (label smoothing, Szegedy et al. 2016, CVPR,
along the order of the grades). Fifty films teach more so: see docs/generalisation.md.

**A grade that no film has**: films only say how those grades that are there compare with each
other, so the missing one keeps its published weights, rather than being learnt never to occur.

**How**: the solution moves only along the films' own features, so that N + 1 coordinates stand for
C weights (Zhu and Hastie 2004, Biostatistics); scaled by the curvature, L-BFGS needs some tens of
steps.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from kneeoa.graders.profile import Head

_FLAT = 1e-10
"""Share of the largest eigenvalue below which a direction is rounding."""
_CURVATURE = 0.15
"""Typical p (1 - p) of a grade: for scaling only, the solution does not depend on it."""
_LEAST_SCALE = 1e-6
_NEIGHBOURS = 0.15
"""Share of a film that counts for the grades beside its own, as far as films have them."""


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """The directions in which films differ, and how to come back from them to weights.

    Attributes
    ----------
    directions : (C, r) float64, orthonormal
    scale : the features' mean standard deviation
    """

    directions: np.ndarray
    scale: float

    def coordinates(self, features: np.ndarray) -> np.ndarray:
        """Return ``(..., r + 1)`` of ``features (..., C)``; the last one, for the bias, is 1."""
        along = (features / self.scale) @ self.directions
        return np.concatenate([along, np.ones((*along.shape[:-1], 1))], axis=-1)

    def change(self, coefficients: np.ndarray) -> Head:
        """Return the change of kernel and bias that ``found (r + 1, 5)`` stands for."""
        return Head(self.directions @ coefficients[:-1] / self.scale, coefficients[-1])


def basis_of(features: np.ndarray) -> Basis:
    """Return the basis that the films' features ``(N, C)`` span."""
    features = np.asarray(features, np.float64)
    scale = max(float(features.std(axis=0).mean()), _LEAST_SCALE)
    rows = features / scale
    # By the smaller, N x N, of the two products: films are fewer than features.
    sizes, between = np.linalg.eigh(rows @ rows.T)
    kept = sizes > _FLAT * sizes.max()
    return Basis(rows.T @ (between[:, kept] / np.sqrt(sizes[kept])), scale)


def fit(
    coordinates: np.ndarray,
    published: np.ndarray,
    grades: np.ndarray,
    strength: float,
    *,
    start: np.ndarray | None = None,
    precision: float = 1e-5,
) -> np.ndarray:
    """Return the change ``(r + 1, 5)`` of the weights that fits the films best.

    Parameters
    ----------
    coordinates : (N, r + 1) from `Basis.coordinates`
    published : (N, 5) logits of the published weights, over the temperature
    grades : (N,) int in 0-4
    strength : of the pull towards the published weights, above 0
    start : a change to begin from, as of a neighbouring strength
    precision : largest slope left, in units of cross-entropy
    """
    films, size = coordinates.shape
    present = np.unique(grades)
    wanted = _wanted(np.asarray(grades), present) / films
    offset = published[:, present]
    scaling = 1 / np.sqrt(strength + _CURVATURE * (coordinates**2).mean(axis=0))[:, None]
    rows, pull = coordinates * scaling[:, 0], strength * scaling**2

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        change = flat.reshape(size, len(present))
        logits = offset + rows @ change
        top = logits.max(axis=1, keepdims=True)
        shares = np.exp(logits - top)
        total = shares.sum(axis=1, keepdims=True)
        loss = (np.log(total) + top).sum() / films - (logits * wanted).sum()
        slope = rows.T @ (shares / (films * total) - wanted) + pull * change
        return loss + 0.5 * (pull * change**2).sum(), slope.ravel()

    begin = np.zeros((size, len(present))) if start is None else start[:, present] / scaling
    solved = optimize.minimize(
        objective,
        begin.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 500, "maxfun": 600, "gtol": precision, "ftol": 1e-12},
    )
    fitted = np.zeros((size, published.shape[1]))
    fitted[:, present] = solved.x.reshape(size, len(present)) * scaling
    return fitted


def _wanted(grades: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Return ``(N, P)`` shares of each film, of those grades that are `present`."""
    apart = np.abs(grades[:, None] - present)
    beside = (apart == 1).sum(axis=1, keepdims=True)
    given = np.where(beside > 0, _NEIGHBOURS, 0)
    return (apart == 0) * (1 - given) + (apart == 1) * given / np.maximum(beside, 1)
