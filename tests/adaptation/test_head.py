"""The last layer, fitted anew: against another solver, and in its limits."""

import numpy as np
import pytest
from scipy import optimize, special

from kneeoa.adaptation import head
from kneeoa.graders.profile import Head


@pytest.fixture(scope="module")
def problem():
    """Ten films of twelve features, and the published logits."""
    generator = np.random.default_rng(0)
    features = np.abs(generator.normal(1, 0.5, (10, 12)))
    kernel, bias = generator.normal(0, 0.3, (12, 5)), generator.normal(0, 0.3, 5)
    return features, generator.permutation(np.arange(10) % 5), Head(kernel, bias)


def solved(problem, strength, grades=None):
    features, given, published = problem
    basis = head.basis_of(features)
    offset = features @ published.kernel + published.bias
    given = given if grades is None else grades
    found = head.fit(basis.coordinates(features), offset, given, strength, precision=1e-8)
    return basis, found


def shares_of(grades):
    """A film's own grade has 85%, those beside it that other films have the rest."""
    shares = np.zeros((len(grades), 5))
    for film, grade in zip(shares, grades, strict=True):
        beside = [near for near in (grade - 1, grade + 1) if near in grades]
        film[grade] = 0.85 if beside else 1
        for near in beside:
            film[near] = 0.15 / len(beside)
    return shares


@pytest.mark.parametrize("strength", [3.0, 0.3])
def test_the_fit_in_few_coordinates_is_the_fit_of_all_weights(problem, strength):
    features, grades, published = problem
    basis, found = solved(problem, strength)
    change = basis.change(found)

    def objective(flat):
        moved = flat.reshape(13, 5)
        logits = features @ (published.kernel + moved[:-1]) + published.bias + moved[-1]
        loss = -(special.log_softmax(logits, axis=1) * shares_of(grades)).sum(axis=1).mean()
        scaled = (moved[:-1] * basis.scale, moved[-1])
        return loss + 0.5 * strength * sum((part**2).sum() for part in scaled)

    ours = objective(np.vstack([change.kernel, change.bias]).ravel())
    plain = optimize.minimize(objective, np.zeros(65), method="BFGS")
    assert ours == pytest.approx(plain.fun, abs=1e-5)


def test_coordinates_give_the_logits_of_the_weights_they_stand_for(problem):
    features, _, _ = problem
    basis, found = solved(problem, 0.3)
    change = basis.change(found)
    for seen in (features, features[:3] + 0.1):
        expected = seen @ change.kernel + change.bias
        np.testing.assert_allclose(basis.coordinates(seen) @ found, expected, atol=1e-9)


def test_a_strong_pull_leaves_the_published_weights(problem):
    basis, found = solved(problem, 1e6)
    assert np.abs(basis.change(found).kernel).max() < 1e-4


def test_a_grade_that_no_film_has_keeps_its_weights(problem):
    given = np.where(problem[1] == 4, 3, problem[1])
    basis, found = solved(problem, 0.03, given)
    change = basis.change(found)
    assert np.abs(change.kernel[:, 4]).max() == 0
    assert change.bias[4] == 0
    assert np.abs(change.kernel[:, 3]).max() > 0


def test_where_it_begins_does_not_matter(problem):
    features, grades, published = problem
    basis, found = solved(problem, 0.3)
    rows, offset = basis.coordinates(features), features @ published.kernel + published.bias
    again = head.fit(rows, offset, grades, 0.3, start=10 * found, precision=1e-8)
    np.testing.assert_allclose(again, found, atol=1e-4)
