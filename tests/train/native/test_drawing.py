"""The chance of a run's epochs, drawn beside its training."""

import numpy as np
import pytest

from tests.support import tiny
from tests.support.knees import drawn_films
from train.config import Stage, preset
from train.graph import chance
from train.machine import backend
from train.run.batches import targets_of
from train.run.fit import fit
from train.run.native_learner import Drawing

if backend() != "torch":
    pytest.skip("needs KERAS_BACKEND=torch, as in `make test`", allow_module_level=True)

FILMS = drawn_films(9)
CONFIG = preset(
    "smoke", "mobilenet", stages=(Stage("head", 1, 1.0, 64), Stage("conv5", 2, 1.0, 64))
)


def test_the_chance_of_an_epoch_is_that_of_its_number_whoever_drew_it():
    targets = targets_of(CONFIG, FILMS)
    drawing = Drawing(CONFIG, targets, tiny.CHANNELS)
    for number in (0, 1, 3):  # the last was not drawn ahead
        drawn = drawing.epoch(number)
        expected = chance.draw_epoch(CONFIG, number, targets, tiny.CHANNELS)
        assert drawn.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_array_equal(drawn[name], value)


@pytest.mark.usefixtures("tiny_networks")
def test_no_epoch_is_drawn_twice_and_another_stage_does_not_wait_for_its_first(
    tmp_path, monkeypatch
):
    numbers, draw = [], chance.draw_epoch

    def noting(config, epoch, targets, features):
        numbers.append(epoch)
        return draw(config, epoch, targets, features)

    monkeypatch.setattr(chance, "draw_epoch", noting)

    def end(progress):
        if progress.share == 1 and progress.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(CONFIG, FILMS, FILMS, folder=tmp_path / "state", report=end)
    assert numbers == [0, 1]
    numbers.clear()
    fit(CONFIG, FILMS, FILMS, folder=tmp_path / "state")
    assert numbers == [1, 2, 3]
