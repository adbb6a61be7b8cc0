"""Maps: against another grade, how strong in a word, by other methods, and their checks."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from kneeoa.films import display
from kneeoa.films.display import upsample
from kneeoa.graders import gradcam
from kneeoa.graders.maps import methods, trust
from kneeoa.graders.maps.asking import maps_of
from kneeoa.graders.maps.jobs import MapJobs


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
    assert gradcam.in_words(peak, 100.0, as_published=True) == f"{word} evidence"


@pytest.mark.parametrize("common", [100.0, 130.0])
def test_a_map_without_evidence_is_drawn_without_strong_colours_and_lines(common):
    # Spread over all colours it would look like a finding: see also the words beside it.
    heatmap = np.random.default_rng(0).random((7, 7)).astype(np.float32)
    assert gradcam.own_scale(float(heatmap.max()), 100.0) == 100
    assert gradcam.own_scale(30.0, 100.0) == 30
    options = {"side": 224, "scale": common}
    drawn = display.layer(heatmap, contours=gradcam.CONTOURS, **options)
    np.testing.assert_array_equal(drawn, display.layer(heatmap, **options))
    assert drawn[..., 3].max() < 255 / 5


def test_under_a_profile_evidence_is_a_number_and_never_called_strong():
    assert gradcam.in_words(28.04, 24.9, as_published=False) == "evidence up to 28.0 logit units"
    assert gradcam.in_words(0.1, 24.9, as_published=False) == "no evidence"


def test_layer_cam_is_the_map_of_the_positive_weights_alone():
    generator = np.random.default_rng(1)
    features, kernel = generator.random((7, 7, 6)), generator.normal(0, 1, (6, 5))
    expected = sum(features[..., c] * kernel[c, 2] for c in range(6) if kernel[c, 2] > 0)
    np.testing.assert_allclose(methods.layer_cam(features, kernel, 2), expected)


def square(row, column):
    cells = np.zeros((7, 7), np.float32)
    cells[row : row + 2, column : column + 2] = 1
    return cells


def brightness_of(where):
    """Return a network that says grade 1 by how bright the film is at `where`."""
    inside = upsample(where, 224) > 0.5

    def probabilities(films):
        share = films[:, inside].mean(axis=1) / 255
        return np.stack([1 - share, share, *np.zeros((3, len(films)))], axis=1)

    return probabilities


def test_score_cam_finds_the_feature_without_which_the_grade_goes():
    film = np.full((224, 224), 200, np.float32)
    features = np.stack([square(0, 0), square(4, 4), np.full((7, 7), 0.5, np.float32)], axis=-1)
    heatmap = methods.score_cam(film, features, brightness_of(square(4, 4)), 1, channels=2)
    assert heatmap[4:6, 4:6].min() > 0.5
    assert heatmap[:2, :2].max() < 0.1


def test_a_map_that_takes_long_is_computed_once_and_says_how_far_it_is():
    half, go_on, asked = threading.Event(), threading.Event(), []

    def compute(told):
        asked.append(1)
        told(0.5)
        half.set()
        assert go_on.wait(20)
        return "maps"

    jobs = MapJobs()
    job = jobs.ask("knee", compute)
    assert half.wait(20)
    assert (job.share, job.future.done()) == (0.5, False)
    assert jobs.ask("knee", compute) is job
    go_on.set()
    assert job.future.result(20) == "maps"
    assert asked == [1]


def test_score_cam_tells_how_far_it_is():
    features = np.random.default_rng(0).random((1, 7, 7, 70), dtype=np.float32)
    network = SimpleNamespace(
        features=lambda films: features,
        kernel=np.ones((70, 5), np.float32),
        grade_arrays=lambda films: SimpleNamespace(probabilities=np.full((len(films), 5), 0.2)),
    )
    graders, shares = SimpleNamespace(served=lambda name: network), []
    film = np.full((224, 224), 100, np.float32)
    maps = maps_of(graders, film, methods.Method.SCORE_CAM, (2, 2), told=shares.append)
    assert [one.shape for one in maps] == [(7, 7), (7, 7)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert sum(share < 0.5 for share in shares) > 3


def test_a_right_map_takes_the_answer_away_and_brings_it_back_sooner_than_a_wrong_one():
    film = np.zeros((224, 224), np.float32)
    film[130:180, 130:180] = 255
    answer = brightness_of(square(4, 4))

    def probability(films):
        return answer(films)[:, 1]

    right, wrong = square(4, 4), square(0, 0)
    # Sharpening a blurred film changes less than greying it.
    for curve, least in ((trust.deletion, -0.1), (trust.insertion, 0.03)):
        curves = [curve(film, heatmap, probability) for heatmap in (right, wrong)]
        # Every map ends where every other does.
        assert curves[0][0] == pytest.approx(curves[1][0])
        assert curves[0][-1] == pytest.approx(curves[1][-1])
        assert (trust.area(curves[0]) - trust.area(curves[1])) / least > 1


def test_a_map_that_says_nothing_has_no_direction():
    gradient = np.tile(np.linspace(0, 255, 224, dtype=np.float32), (224, 1))

    def left_half(films):
        return films[:, :, :112].mean(axis=(1, 2)) / 255

    curve = trust.deletion(gradient, np.zeros((7, 7), np.float32), left_half)
    middle = (curve[0] + curve[-1]) / 2
    assert curve[trust.STEPS // 2] == pytest.approx(middle, abs=0.01)


def test_maps_are_as_alike_as_their_ranks():
    generator = np.random.default_rng(2)
    one = generator.random((7, 7))
    assert trust.likeness(one, one**3) == pytest.approx(1)
    assert trust.likeness(one, -one) == pytest.approx(-1)
    assert abs(trust.likeness(one, generator.random((7, 7)))) < 0.5
    assert trust.likeness(one, np.zeros((7, 7))) == 0


def test_the_centred_map_is_highest_in_the_middle_and_the_same_on_all_sides():
    middle = trust.centred_map()
    assert np.unravel_index(middle.argmax(), (7, 7)) == (3, 3)
    np.testing.assert_allclose(middle, middle.T)
    np.testing.assert_allclose(middle, middle[::-1])
