"""Your own films: the sheet's buttons and frames, and a figure for whichever answer is chosen."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.graders.framing import FOUND, WHOLE
from pages.own_films import contact_sheet, outcome
from pages.own_films.work import Work
from tests.support.case_pages import started
from tests.support.teaching_pages import called, keyed
from tests.support.zips import zipped


def png(grade):
    stream = io.BytesIO()
    Image.fromarray(draw_knee(grade, seed=grade, marked=False)).save(stream, "PNG")
    return stream.getvalue()


def test_a_press_for_one_film_is_not_one_for_the_next():
    app = started().switch_page("own_films/page.py").run()
    upload = next(one for one in app.file_uploader if one.label.startswith("A ZIP"))
    films = zipped({f"{grade}/{grade}.png": png(grade) for grade in range(2)})
    upload.set_value([("County.zip", films, "application/zip")])
    keyed(app.run().button, "look_zip").click().run()
    work = app.session_state["own_films"]
    acting = []
    for film in work.films:
        frame = next(
            button
            for button in app.button
            if called(button) == "own_frame" and film.opened.digest in button.key
        )
        frame.click().run()
        assert not app.exception
        acting.append(
            {
                button.key
                for button in app.button
                if called(button) in ("own_take", "own_found", "own_out")
            }
        )
    one, other = acting
    assert len(one) == len(other) == 3
    assert not one & other


@pytest.mark.parametrize(
    ("framing", "is_drawn", "says"),
    [
        (None, True, "The yellow frame is what the networks see"),
        (FOUND, True, "The yellow frame is what was learnt from."),
        (WHOLE, False, "no frame is drawn"),
    ],
)
def test_a_frame_is_drawn_where_it_is_what_was_learnt_from(framing, is_drawn, says):
    work = Work("films", [], ())
    if framing is not None:
        work.adaptation = SimpleNamespace(framing=framing)
    picture = np.zeros((40, 40), np.uint8)
    film = SimpleNamespace(picture=picture, shape=(40, 40), frame=Frame(5, 5, 20, 20, "a"))
    assert work.shown(film).any() == is_drawn
    assert says in contact_sheet.what_is_seen(work)


@pytest.mark.parametrize("answer", ["mobilenet", "resnet50", "together"])
def test_every_answer_has_its_figure(answer):
    shares = np.random.default_rng(0).dirichlet(np.ones(5), 40)
    figure = outcome.reliability_of(answer, shares.argmax(axis=1), shares)
    shown = {"mobilenet": "MobileNet", "resnet50": "ResNet50", "together": "Both together"}
    assert shown[answer] in [line.name for line in figure.data]
