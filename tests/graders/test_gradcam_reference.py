"""The published weights: our Grad-CAM from one forward pass against tf-keras-vis' gradients."""

import numpy as np
import pytest

from kneeoa.films.phantom import draw_knee
from kneeoa.graders import gradcam
from kneeoa.graders.grading import Grader
from kneeoa.graders.maps import methods
from kneeoa.graders.profile import Head
from kneeoa.graders.published import find_model, load_keras
from kneeoa.metrics.calibration import softmax
from kneeoa.networks import ARCHITECTURES, FEATURE_LAYER

FILMS = np.stack([draw_knee(grade, seed=grade) for grade in (0, 2, 4)]).astype("float32")
GRADES = range(5)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def pair(request):
    """The served file and the Keras network with the same published weights."""
    model = find_model(request.param)
    network = load_keras(model)
    network.run_eagerly = True  # for a few films, compiling costs more than it spares
    return Grader(model.file), network


@pytest.fixture(scope="module")
def answers(pair):
    """What both say of the films: what is served, and Keras' logits."""
    grader, network = pair
    return grader.grade_arrays(FILMS), network.predict(FILMS[..., None], verbose=0)


@pytest.fixture(scope="module")
def kernel(pair):
    return pair[0].kernel


def grad_cam(network, films, grades):
    """The map of tf-keras-vis of each film, for the grade beside it."""
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.scores import CategoricalScore

    heatmaps = Gradcam(network, clone=False)(
        CategoricalScore(list(grades)),
        films[..., None],
        penultimate_layer=FEATURE_LAYER[network.name],
        seek_penultimate_conv_layer=False,
        expand_cam=False,
        normalize_cam=False,
    )
    return np.asarray(heatmaps)


def normalised(heatmap):
    """Scale to [0, 1] as tf-keras-vis does."""
    return (heatmap - heatmap.min()) / max(heatmap.max() - heatmap.min(), 1e-12)


def test_served_probabilities_equal_keras(answers):
    served, logits = answers
    assert np.abs(served.probabilities - softmax(logits)).max() < 1e-4


def test_evidence_averages_to_the_logit(pair, answers):
    served, logits = answers
    bias = np.asarray(pair[1].get_layer("grade").bias)
    np.testing.assert_allclose(served.evidence.mean(axis=(1, 2)) + bias, logits, atol=1e-4)


@pytest.fixture(scope="module")
def maps(pair, answers):
    """Ours and those of tf-keras-vis of each grade, in the film with most evidence for it."""
    evidence = answers[0].evidence
    every = np.stack([[gradcam.grad_cam(film, grade) for grade in GRADES] for film in evidence])
    films = every.max(axis=(2, 3)).argmax(axis=0)
    return every[films, GRADES], grad_cam(pair[1], FILMS[films], GRADES)


@pytest.mark.parametrize("grade", GRADES)
def test_maps_equal_tf_keras_vis(maps, grade):
    ours, reference = (every[grade] for every in maps)
    assert reference.max() > 0
    ours, reference = normalised(ours), normalised(reference)
    assert np.abs(ours - reference).max() < 1e-3
    assert np.corrcoef(ours.ravel(), reference.ravel())[0, 1] > 0.999


def test_maps_of_another_last_layer_equal_tf_keras_vis(pair, answers, kernel):
    """As one under a profile is; nothing speaks for its highest grade."""
    grader, network = pair
    film, grades = FILMS[1:2], (3, 4)
    drawn = np.random.default_rng(0)
    moved = kernel + drawn.normal(0, kernel.std(), kernel.shape).astype("float32")
    moved[:, 4] = -np.abs(moved[:, 4])
    head = Head(moved, np.arange(5, dtype="float32"))
    (evidence,) = grader.under(head).grade_arrays(film).evidence
    layer = network.get_layer("grade")
    published = layer.get_weights()
    layer.set_weights([head.kernel, head.bias])
    try:
        every = grad_cam(network, np.repeat(film, len(grades), axis=0), grades)
    finally:
        layer.set_weights(published)
    # Its weights are mean slopes; 49 cells make the mean of a logit.
    reference, nothing = 49 * every
    ours = gradcam.grad_cam(evidence, 3)
    assert reference.max() > 0.01
    assert np.abs(ours - reference).max() < 1e-5 * max(reference.max(), 1)
    assert not np.allclose(ours, gradcam.grad_cam(answers[0].evidence[1], 3), atol=0.01)
    assert nothing.max() == gradcam.grad_cam(evidence, 4).max() == 0


@pytest.fixture(scope="module")
def features(pair):
    """The last feature map of the second film."""
    return pair[0].features(FILMS[1:2])[0]


@pytest.mark.parametrize("name", ["Layercam", "GradcamPlusPlus"])
def test_layer_cam_is_what_tf_keras_vis_gives_for_either_name(pair, features, kernel, name):
    from tf_keras_vis import gradcam_plus_plus, layercam
    from tf_keras_vis.utils.scores import CategoricalScore

    network = pair[1]
    film, grade = FILMS[1:2], 2
    method = getattr({"Layercam": layercam}.get(name, gradcam_plus_plus), name)
    reference = method(network, clone=False)(
        CategoricalScore(grade),
        film[..., None],
        penultimate_layer=FEATURE_LAYER[network.name],
        seek_penultimate_conv_layer=False,
        expand_cam=False,
        normalize_cam=True,
    )
    ours = methods.layer_cam(features, kernel, grade)
    assert np.abs(normalised(ours) - np.asarray(reference)[0]).max() < 2e-3


def test_score_cam_is_near_that_of_tf_keras_vis(pair, features):
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.scores import CategoricalScore

    grader, network = pair
    film, grade, channels = FILMS[1:2], 2, 4
    reference = Scorecam(network, clone=False)(
        CategoricalScore(grade),
        film[..., None],
        penultimate_layer=FEATURE_LAYER[network.name],
        seek_penultimate_conv_layer=False,
        max_N=channels,
        expand_cam=False,
    )
    ours = methods.score_cam(
        film[0],
        features,
        lambda films: grader.grade_arrays(films).probabilities,
        grade,
        channels=channels,
    )
    # Masks are enlarged by another program: alike, not the same.
    assert np.corrcoef(ours.ravel(), np.asarray(reference)[0].ravel())[0, 1] > 0.98
