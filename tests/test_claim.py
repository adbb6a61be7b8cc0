"""The verdict's words follow from the numbers, in all three cases."""

import pytest

from kneeoa.claim import verdict


@pytest.mark.parametrize(
    ("interval", "told"),
    [
        ((0.66, 0.72), "does not reach it"),
        ((0.70, 0.78), "cannot refute it"),
        ((0.75, 0.80), "exceeds it"),
    ],
)
def test_verdict(interval, told):
    sentence = verdict("mobilenet", sum(interval) / 2, interval)
    assert told in sentence
    assert "claims 74.1%" in sentence
    assert f"{interval[0]:.1%} to {interval[1]:.1%}" in sentence
