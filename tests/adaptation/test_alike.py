"""Films of one knee are found, however they were windowed, moved or mirrored."""

import numpy as np
import pytest
from scipy import ndimage

from kneeoa.adaptation import alike
from kneeoa.adaptation.gathering.graded import GradedFilms
from kneeoa.adaptation.gathering.joined import kept_together
from kneeoa.films.phantom import draw_knee

COUNT = 12


@pytest.fixture(scope="module")
def films():
    """Films of as many patients: a common shape of bone, and detail of their own."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:224, :224]
    bone = 100 + 60 * np.exp(-(((columns - 112) / 60) ** 2)) - 40 * (abs(rows - 112) < 6)
    noise = generator.normal(0, 1, (COUNT, 224, 224))
    detail = 60 * ndimage.gaussian_filter(noise, (0, 3, 3))
    return np.clip(bone + detail, 0, 255).astype(np.float32)


def features(owners):
    """Return features ``(2, N, C)`` that tell the owners apart, mirrored or not."""
    base = np.random.default_rng(1).normal(0, 1, (COUNT, 30))[owners]
    return np.stack([base, base + 0.1])


@pytest.mark.parametrize(
    "change",
    [
        lambda film: film,
        lambda film: film[:, ::-1],
        lambda film: 255 * (film / 255) ** 1.8,
        lambda film: np.clip(0.6 * film + 50, 0, 255)[:, ::-1],
        lambda film: np.roll(film, (11, -14), (0, 1)),
        lambda film: film + np.random.default_rng(2).normal(0, 4, film.shape),
    ],
    ids=["copy", "mirrored", "gamma", "windowed and mirrored", "moved", "noisy"],
)
def test_another_film_of_the_same_knee_is_found(films, change):
    owners = [*range(COUNT), 3]
    images = np.concatenate([films, change(films[3])[None]]).astype(np.float32)
    group, too_many = alike.groups(images, features(owners))
    assert too_many == 0
    assert group[-1] == group[3]
    assert len(set(group)) == COUNT


def test_other_knees_are_left_apart_even_when_their_features_are_close(films, monkeypatch):
    monkeypatch.setattr(alike, "_WORTH_A_LOOK", -2)
    assert len(set(alike.groups(films, np.ones((2, COUNT, 5)))[0])) == COUNT


def test_drawn_knees_have_no_detail_of_their_own_and_are_left_apart(monkeypatch):
    monkeypatch.setattr(alike, "_WORTH_A_LOOK", -2)
    drawn = np.stack([draw_knee(n % 4, seed=n, marked=False) for n in range(9)])
    group, too_many = alike.groups(drawn.astype(np.float32), np.ones((2, 9, 5)))
    assert len(set(group)) == 9
    assert too_many > 3


def test_too_many_copies_to_be_one_knee_are_said_and_not_passed_over(films):
    burst = [films[0] + n for n in range(6)]
    images = np.stack([*films[:8], *burst]).astype(np.float32)
    seen = features([*range(8), *[0] * 6])
    group, too_many = alike.groups(images, seen)
    assert (len(set(group)), too_many) == (14, 7)
    given = GradedFilms(images, np.arange(14) % 5, tuple(map(str, range(14))), (), ())
    assert "7 films look like one knee" in " ".join(kept_together(given, seen).notes)


def test_patients_and_alike_films_join():
    patients = ("a", "a", "b", "c", "d")
    assert alike.merged(patients, np.array([0, 1, 1, 2, 3])) == ("a", "a", "a", "c", "d")
    assert alike.merged(patients, np.arange(5)) == patients
