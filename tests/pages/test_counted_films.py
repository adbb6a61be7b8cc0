"""Films of the data set: shown, chosen by and scored with one answer, the published one first."""

import base64
import html
import io
from functools import cache

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from kneeoa.errors import DataError
from kneeoa.films.phantom import draw_knee
from kneeoa.networks import ARCHITECTURES
from kneeoa.teaching.films import RecordedAnswer
from kneeoa.teaching.scoring import score
from kneeoa.teaching.wording import COUNTED, what_counts
from pages.practice import outcome
from pages.shared import cached, dataset_films, known_film
from pages.shared.answers import counting
from pages.shared.memory.folder_film import AS_IT_LIES
from pages.teach import group_results
from tests.support.films import image_file
from tests.support.practice_pages import begin, opened, press, text
from tests.support.stores import new_store
from tests.support.teaching_pages import html as html_of

FILM = draw_knee(0, seed=3, side=512, marked=False)
NEGATIVE, TURNED = 255 - FILM, np.ascontiguousarray(draw_knee(1, seed=3, side=512)[::-1])
FOREIGN = "9001L"
PUBLISHED = "These answers are the published ones, given to the whole square"


@cache
def known():
    """The id of a film of KL 4 that every published table grades as the reference."""
    tables = [*cached.published_predictions().values(), cached.together_predictions()]
    sure = [table.query("true_grade == 4 and p4 > 0.9")["image_id"] for table in tables]
    return min(set(sure[0]).intersection(*sure[1:]))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data set of three films of KL 4: a published one by its name, and two others."""
    place = tmp_path / "films" / "test" / "4"
    place.mkdir(parents=True)
    pictures = {known(): TURNED, FOREIGN: TURNED, "9002R": FILM}
    for name, pixels in pictures.items():
        (place / f"{name}.png").write_bytes(image_file(pixels))
    monkeypatch.setenv("KNEEOA_DATASET", str(tmp_path / "films"))
    return place


def told(film):
    answers = known_film.answers_html(film.networks, film.both)
    said = known_film.refusal_html(film) + answers + known_film.warnings_html(film)
    return html.unescape(said)


def test_a_published_answer_stands_before_what_is_refused_today_and_that_is_said(folder):
    film = counting.teaching_film(known())
    assert {answer.name: int(answer.said) for answer in film.networks} == dict.fromkeys(
        ARCHITECTURES, 4
    )
    assert film.both.said == 4
    for words in ("Not graded on the reading page.", film.refused, PUBLISHED, "<b>KL 4</b>"):
        assert words in told(film)
    assert AS_IT_LIES not in told(film)
    assert known_film.film_of(film, "film", with_maps=True).layers == ()
    foreign = counting.teaching_film(FOREIGN)
    assert foreign.networks == ()
    assert AS_IT_LIES in told(foreign)


def test_where_it_is_read_otherwise_the_published_answer_is_shown_with_the_other_one(folder):
    (folder / f"{known()}.png").write_bytes(image_file(NEGATIVE))
    film = counting.teaching_film(known())
    read = cached.teaching_film(known()).readings
    assert [int(answer.said) for answer in film.networks] == [4, 4]
    assert f"MobileNet {read[0].said.label}, ResNet50 {read[1].said.label}." in told(film)


def test_a_film_that_is_read_as_it_was_published_keeps_its_maps():
    film = cached.read_film("film.png", image_file(FILM))
    same = [RecordedAnswer(r.architecture, r.probabilities, r.answer) for r in film.readings]
    assert film.as_recorded(same) is film
    assert len(known_film.film_of(film, "film", with_maps=True).layers) == 2
    other = RecordedAnswer("mobilenet", np.eye(5)[4], None)
    counted = film.as_recorded([other])
    assert [known_film.name_of(answer) for answer in counted.networks] == ["MobileNet", "ResNet50"]
    assert counted.networks[0].said == 4


def test_of_a_film_that_is_no_square_the_published_answer_is_of_what_is_read():
    film = cached.read_film("film.png", image_file(FILM[:460]))
    same = [RecordedAnswer(r.architecture, r.probabilities, r.answer) for r in film.readings]
    assert film.as_recorded(same) is film
    counted = film.as_recorded([RecordedAnswer("mobilenet", np.eye(5)[4], None)])
    assert counted.warnings[0].startswith("These answers are the published ones: they")


def test_where_nothing_published_can_be_had_the_reading_counts(folder, monkeypatch):
    def gone():
        raise DataError("Expected a table of predictions.")

    monkeypatch.setattr(cached, "published_predictions", gone)
    film = counting.teaching_film("9002R")
    assert len(film.networks) == 2
    for reading in film.networks:
        counted = counting.grades(reading.architecture, ["9002R", known()])
        assert counted == {"9002R": int(reading.said)}


def test_practice_and_class_count_what_is_shown(folder):
    names = [known(), FOREIGN, "9002R"]
    shown = {name: counting.teaching_film(name).networks for name in names}
    answers = pd.DataFrame({"image_id": names, "reference": 4, "grade": 4})
    answers = answers.assign(shown_grade=None, network=None)
    films = pd.DataFrame({"image_id": names, "reference": 4, "votes": 3})
    in_class = group_results.networks_of(films)
    for place, name in enumerate(ARCHITECTURES):
        counted = outcome.answers_of_network(answers, name)["grade"]
        assert counted[0] == shown[known()][place].said
        assert pd.isna(counted[1])
        assert counted[2] == shown["9002R"][place].said
        right = int((counted == 4).sum())
        assert f"{right} of 2 as the reference" in in_class
    assert in_class.endswith(f"{COUNTED} 1 film without either: not counted for the networks.")


def test_what_a_network_said_beside_her_is_what_it_is_scored_with(folder):
    answers = pd.DataFrame({"image_id": [known(), FOREIGN], "reference": 4, "grade": 4})
    answers = answers.assign(shown_grade=[2, 4], network="mobilenet")
    counted = outcome.answers_of_network(answers, "mobilenet")["grade"]
    assert counted.tolist() == [2, 4]
    other = outcome.answers_of_network(answers, "resnet50")["grade"]
    assert other[0] == 4
    assert pd.isna(other[1])


def test_nothing_is_said_of_films_that_are_not_counted_where_all_are():
    answers = pd.DataFrame({"image_id": ["a"], "reference": [1], "grade": [1]})
    assert what_counts([score(answers)], 1) == COUNTED
    assert what_counts([score(answers)], 3).endswith("2 films without either: not counted for the "
                                                     "networks.")  # fmt: skip


def test_a_learner_sees_the_answer_that_the_result_counts(folder, tmp_path, monkeypatch):
    for name in (FOREIGN, "9002R"):
        (folder / f"{name}.png").unlink()
    monkeypatch.setenv("KNEEOA_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    engine = new_store(tmp_path)
    app = press(begin(opened()), "grade_1", "on")
    shown = html.unescape(html_of(app))
    assert "Not graded on the reading page." in shown
    assert "MobileNet <b>KL 4</b>" in shown
    press(app, "next")
    assert "MobileNet 100% (1 of 1;" in text(app)
    assert "ResNet50 100% (1 of 1;" in text(app)
    assert COUNTED in text(app)
    assert "MobileNet <b>KL 4</b>" in html.unescape(html_of(app))  # among the missed ones
    engine.dispose()


def told_on_the_projector():
    """What a class is told of a film of the data set, and a researcher beside a run."""
    from types import SimpleNamespace

    import streamlit as st

    from pages.shared import dataset_films
    from pages.shared.answers import counting
    from pages.teach import projector

    name = st.session_state["film"]
    projector.show_reference(SimpleNamespace(grade=4), counting.teaching_film(name))
    dataset_films.show_film(name, "shown", show_beside=lambda: None)


def test_a_class_and_a_researcher_are_told_the_same(folder):
    app = AppTest.from_function(told_on_the_projector, default_timeout=60)
    app.session_state["film"] = known()
    app.run()
    assert not app.exception
    networks = "The networks: Both together KL 4, MobileNet KL 4, ResNet50 KL 4."
    assert networks in [block.value for block in app.markdown]
    assert html.unescape(html_of(app)).count(PUBLISHED) == 2
    assert "MobileNet <b>KL 4</b>" in html_of(app)


def test_a_small_picture_of_a_negative_is_its_positive(folder):
    (folder / "9002R.png").write_bytes(image_file(NEGATIVE))
    address = dataset_films.picture(dataset_films.folder(), "9002R")
    picture = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    small = np.asarray(picture.convert("L"), float).ravel()
    film = np.asarray(Image.fromarray(FILM).resize(picture.size), float).ravel()
    assert np.corrcoef(small, film)[0, 1] > 0.9
