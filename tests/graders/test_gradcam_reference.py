"""The published weights: our Grad-CAM from one forward pass against tf-keras-vis' gradients."""

import numpy as np
import pytest

from kneeoa.films.phantom import draw_knee
from kneeoa.graders import gradcam
from kneeoa.graders.grading import Grader
from kneeoa.graders.maps import methods
from kneeoa.graders.published import find_model, load_keras
from kneeoa.metrics.calibration import softmax
from kneeoa.networks import ARCHITECTURES, FEATURE_LAYER

FILMS = np.stack([draw_knee(grade, seed=grade) for grade in (0, 2, 4)])


@pytest.fixture(scope="module", params=ARCHITECTURES)
def pair(request):
    """The served file and the Keras network with the same published weights."""
    model = find_model(request.param)
    network = load_keras(model)
    network.run_eagerly = True  # for a few films, compiling costs more than it spares
    return Grader(model.file), network


def normalised(heatmap):
    """Scale to [0, 1] as tf-keras-vis does."""
    return (heatmap - heatmap.min()) / max(heatmap.max() - heatmap.min(), 1e-12)


def test_served_probabilities_equal_keras(pair):
    grader, network = pair
    served = grader.grade_arrays(FILMS).probabilities
    keras_probabilities = softmax(network.predict(FILMS[..., None].astype("float32"), verbose=0))
    assert np.abs(served - keras_probabilities).max() < 1e-4


def test_evidence_averages_to_the_logit(pair):
    grader, network = pair
    evidence = grader.grade_arrays(FILMS).evidence
    logits = network.predict(FILMS[..., None].astype("float32"), verbose=0)
    bias = np.asarray(network.get_layer("grade").bias)
    np.testing.assert_allclose(evidence.mean(axis=(1, 2)) + bias, logits, atol=1e-4)


@pytest.fixture(scope="module")
def maps(pair):
    """Ours and those of tf-keras-vis, each (films, grades, 7, 7)."""
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.scores import CategoricalScore

    grader, network = pair
    grades = list(range(5))
    reference = Gradcam(network, clone=False)(
        CategoricalScore(grades * len(FILMS)),
        np.repeat(FILMS, len(grades), axis=0)[..., None].astype("float32"),
        penultimate_layer=FEATURE_LAYER[network.name],
        seek_penultimate_conv_layer=False,
        expand_cam=False,
        normalize_cam=False,
    )
    evidence = grader.grade_arrays(FILMS).evidence
    ours = np.stack([[gradcam.grad_cam(film, grade) for grade in grades] for film in evidence])
    return ours, np.asarray(reference).reshape(ours.shape)


@pytest.mark.parametrize("grade", [0, 1, 2, 3, 4])
def test_maps_equal_tf_keras_vis(maps, grade):
    compared = 0
    for ours, reference in zip(*(every[:, grade] for every in maps), strict=True):
        if np.max(reference) <= 0:
            assert ours.max() <= 1e-5
            continue
        ours, reference = normalised(ours), normalised(reference)
        assert np.abs(ours - reference).max() < 1e-3
        assert np.corrcoef(ours.ravel(), reference.ravel())[0, 1] > 0.999
        compared += 1
    if not compared:
        pytest.fail(f"No film has positive evidence for grade {grade}: nothing was compared.")


@pytest.mark.parametrize("name", ["Layercam", "GradcamPlusPlus"])
def test_layer_cam_is_what_tf_keras_vis_gives_for_either_name(pair, name):
    from tf_keras_vis import gradcam_plus_plus, layercam
    from tf_keras_vis.utils.scores import CategoricalScore

    grader, network = pair
    film, grade = FILMS[1:2], 2
    method = getattr({"Layercam": layercam}.get(name, gradcam_plus_plus), name)
    reference = method(network, clone=False)(
        CategoricalScore(grade),
        film[..., None].astype("float32"),
        penultimate_layer=FEATURE_LAYER[network.name],
        seek_penultimate_conv_layer=False,
        expand_cam=False,
        normalize_cam=True,
    )
    ours = methods.layer_cam(grader.features(film)[0], grader.kernel, grade)
    assert np.abs(normalised(ours) - np.asarray(reference)[0]).max() < 2e-3


def test_score_cam_is_near_that_of_tf_keras_vis(pair):
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.scores import CategoricalScore

    grader, network = pair
    film, grade, channels = FILMS[1:2].astype("float32"), 2, 8
    reference = Scorecam(network)(
        CategoricalScore(grade),
        film[..., None],
        penultimate_layer=FEATURE_LAYER[network.name],
        seek_penultimate_conv_layer=False,
        max_N=channels,
        expand_cam=False,
    )
    ours = methods.score_cam(
        film[0],
        grader.features(film)[0],
        lambda films: grader.grade_arrays(films).probabilities,
        grade,
        channels=channels,
    )
    # Masks are enlarged by another program: alike, not the same.
    assert np.corrcoef(ours.ravel(), np.asarray(reference)[0].ravel())[0, 1] > 0.98
