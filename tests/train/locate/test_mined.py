"""Parts of pictures that are taken for knees: found by the localiser, and learnt from."""

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")

from kneeoa.films.phantom import draw_knee
from kneeoa.graders.locating.localiser import Localiser
from train.locate.pictures import Pictures
from train.locate.spoilt.batches import TAKEN_FOR_ONE, Bank, make_batch
from train.locate.spoilt.measuring import of_parts
from train.locate.spoilt.mined import like_knees, taken_for_knees


@pytest.fixture(scope="module")
def localiser():
    return Localiser()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A picture in which a knee is hidden, and one of nothing but a slope of grey."""
    folder = tmp_path_factory.mktemp("pictures")
    hidden = np.full((700, 600), 20, np.uint8)
    hidden[250:474, 200:424] = draw_knee(2, seed=3, marked=False)
    slope = np.tile(np.linspace(0, 255, 600), (700, 1)).astype(np.uint8)
    for name, picture in (("hidden.png", hidden), ("slope.png", slope)):
        Image.fromarray(picture).save(folder / name)
    return [folder / "hidden.png", folder / "slope.png"]


def test_parts_that_look_like_knees_are_kept_as_the_graders_would_see_them(localiser, pictures):
    rng = np.random.default_rng(0)
    some = taken_for_knees(localiser, pictures[:1], rng, tries=60)
    assert some.shape[1:] == (224, 224)
    assert some.dtype == np.uint8
    assert len(some) > 0
    sure = [*like_knees(localiser, pictures[:1], np.random.default_rng(0), least=3, tries=60)]
    assert 0 < len(sure) < 60


def test_where_there_are_none_there_is_nothing_to_learn_from(localiser, pictures):
    none = taken_for_knees(localiser, pictures[1:], np.random.default_rng(0), tries=5)
    assert none.shape == (0, 224, 224)
    assert of_parts(localiser, pictures[1:])["pictures"] == 0


def test_they_are_shown_among_what_is_spoilt():
    knees = np.stack([draw_knee(n, seed=n, marked=False) for n in range(3)])
    none = Pictures(np.zeros((0, 224, 224), np.uint8), np.ones(0), (), ())
    black = np.zeros((2, 224, 224), np.uint8)
    bank = Bank(knees, none, none, taken_for_knees=black, drawn=2)
    assert TAKEN_FOR_ONE in bank.shares
    assert sum(bank.shares.values()) == pytest.approx(1)
    batch = make_batch(bank, np.random.default_rng(2), np.array([TAKEN_FOR_ONE] * 4))
    assert batch.names.tolist()[4:] == [TAKEN_FOR_ONE] * 4
    assert np.abs(batch.looks[4:]).mean() < np.abs(batch.looks[:4]).mean()
