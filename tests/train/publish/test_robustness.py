"""Changed films: each change does what it says, and nothing changed changes nothing."""

import numpy as np
import pytest

from kneeoa.graders.published import DEFAULT_MODELS
from tests.support.knees import drawn_films
from train.publish import robustness

FILMS = drawn_films(10)
FAMILY = {family.name: family for family in robustness.FAMILIES}


def changed(name, strength):
    return robustness.changed(FILMS.images, FAMILY[name], strength)


@pytest.mark.parametrize(("family", "strength"), list(robustness.conditions()))
def test_every_change_gives_films_that_can_be_graded_and_the_same_ones_again(family, strength):
    films = robustness.changed(FILMS.images, family, strength)
    assert films.shape == FILMS.images.shape
    assert films.dtype == np.float32
    assert films.min() >= 0
    assert films.max() <= 255
    assert np.array_equal(films, robustness.changed(FILMS.images, family, strength))


@pytest.mark.parametrize("family", [f for f in robustness.FAMILIES if len(f.strengths) > 1])
def test_a_stronger_change_is_further_from_the_film(family):
    distances = [
        np.abs(robustness.changed(FILMS.images, family, strength) - FILMS.images).mean()
        for strength in family.strengths
    ]
    assert distances == sorted(distances)
    assert distances[0] < distances[-1]


def test_mirroring_and_shifting_move_what_they_should():
    assert np.array_equal(changed("mirrored", 1), FILMS.images[:, :, ::-1])
    off = changed("frame off", 0.15)[0]
    # Along one axis by 15% of 224 pixels, along the other by at most that.
    scores = {}
    for rows in range(-34, 35, 2):
        for columns in range(-34, 35, 2):
            middle = FILMS.images[0][70 + rows : 150 + rows, 70 + columns : 150 + columns]
            scores[rows, columns] = np.abs(off[70:150, 70:150] - middle).mean()
    rows, columns = min(scores, key=scores.get)
    assert max(abs(rows), abs(columns)) == pytest.approx(33.6, abs=2)


def test_a_frame_too_large_shows_more_and_one_too_small_less():
    spot = np.zeros((1, 224, 224), np.uint8)
    spot[0, 62:162, 62:162] = 200
    large = robustness.changed(spot, FAMILY["frame too large"], 1.15)
    small = robustness.changed(spot, FAMILY["frame too small"], 0.85)
    assert (large > 100).sum() == pytest.approx(1e4 / 1.15**2, rel=0.03)
    assert (small > 100).sum() == pytest.approx(1e4 / 0.85**2, rel=0.03)


def test_the_table_holds_every_condition_for_each_model(monkeypatch):
    monkeypatch.setattr(robustness, "FAMILIES", (FAMILY["darker"], FAMILY["mirrored"]))
    table = robustness.robustness(DEFAULT_MODELS, drawn_films(2))
    for _, rows in table.groupby("model"):
        assert list(rows["step"]) == [0, 1, 2, 3, 1]
    same = table[table["step"] == 0]
    assert (same["same_grade"] == 1).all()
    assert (same[["change_in_accuracy", "low", "high"]] == 0).all(axis=None)
    others = table[table["step"] > 0]
    assert (others["low"] <= others["change_in_accuracy"] + 1e-9).all()
    assert (others["change_in_accuracy"] <= others["high"] + 1e-9).all()
    assert "darker -60 grey values" in robustness.as_text(table)
