"""Maps of evidence: against another grade, and how strong in a word."""

import numpy as np
import pytest

from kneeoa.graders import gradcam


def test_a_contrast_is_the_map_of_the_difference_of_two_logits():
    evidence = np.random.default_rng(0).normal(0, 5, (7, 7, 5)).astype(np.float32)
    both = gradcam.contrast(evidence, 3, 2) - gradcam.contrast(evidence, 2, 3)
    np.testing.assert_allclose(both, evidence[..., 3] - evidence[..., 2], rtol=1e-6)
    assert gradcam.contrast(evidence, 3, 3).max() == 0


@pytest.mark.parametrize(
    ("peak", "word"), [(0, "no"), (0.9, "no"), (20, "weak"), (50, "moderate"), (70, "strong"),
                       (300, "strong")]
)  # fmt: skip
def test_strength_is_by_thirds_of_the_networks_own_scale(peak, word):
    assert gradcam.strength(peak, 100.0) == word
