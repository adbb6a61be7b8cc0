"""The films of a session at the side of the reading page: answers ahead, turning, taking away."""

import io
import re
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.graders.locating import gate
from pages.reading import case_line, reading_viewer
from pages.reading.reading_viewer import Clicked
from pages.shared import cached
from pages.shared.viewer import component
from pages.shared.viewer.component import Turn
from tests.support.films import image_file
from tests.support.places import MAIN_SCRIPT
from tests.support.teaching_pages import called, keyed


def rings():
    y, x = np.mgrid[:200, :300]
    stream = io.BytesIO()
    Image.fromarray(((np.hypot(y - 90, x - 100) % 40) * 6).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def app():
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    films = [
        ("one.png", knee_png(0, seed=1)),
        ("<b>.png", knee_png(3, seed=2)),
        ("rings.png", rings()),
    ]
    app.file_uploader[0].set_value([(name, data, "image/png") for name, data in films])
    app.run()
    return app


def strip(app):
    assert not app.exception
    return [button for button in app.button if (button.key or "").startswith("turn_")]


def labels(app):
    """What the buttons say, which are Markdown that shows names as they are."""
    return [button.label.replace("\\", "") for button in strip(app)]


def pictures(app):
    """All but what is written below them."""
    blocks = [block.body for block in app.get("html") if "kl-thumb" in block.body]
    return [body.split("<img")[0] for body in blocks]


def case_of(app):
    (line,) = [block.body for block in app.get("html") if '<span class="kl-said">' in block.body]
    return line


def name_of_current(app):
    films = app.session_state["films"]
    return films[keyed(app.selectbox, "film").value].radiograph.name


def test_every_film_stands_there_with_its_answer_before_it_is_turned_to(app):
    for _ in range(3):  # the timer reads one at a time
        app.run()
    one, other, refused = labels(app)
    assert one.startswith("one.png: KL ")
    assert other.startswith("<b>.png: KL ")
    assert refused == "rings.png: not graded"
    html = " ".join(block.body for block in app.get("html"))
    assert html.count('<div class="kl-thumb') == 3
    assert 'title="&lt;b&gt;.png"' in html


def test_the_first_of_an_upload_is_shown_and_a_click_turns(app):
    assert name_of_current(app) == "one.png"
    before = pictures(app)
    strip(app)[1].click().run()
    assert name_of_current(app) == "<b>.png"
    assert [button.proto.type for button in strip(app)] == ["secondary", "primary", "secondary"]
    # What is sent once need not be sent again.
    assert pictures(app) == before


def test_turning_comes_by_both_knees_of_a_film(monkeypatch):
    def turning(films, panes, *, place, on_turn, **_):
        at, count = place
        for name, by in (("before", -1), ("after", 1)):
            turn = Turn((at + by) % count, at, serial=1)
            st.button(name, key=name, on_click=on_turn, args=[turn])

    monkeypatch.setattr(component, "show", turning)
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    both = image_file(np.hstack([draw_knee(1, seed=1), draw_knee(3, seed=2, laterality="L")]))
    films = [("both.png", both), ("one.png", knee_png(0, seed=1))]
    app.file_uploader[0].set_value([(name, data, "image/png") for name, data in films])
    app.run()
    assert "on the left of the image" in case_of(app)
    for key, expected in (
        ("after", "on the right of the image"),
        ("after", "one.png"),
        ("after", "on the left of the image"),
        ("before", "one.png"),
        ("before", "on the right of the image"),
    ):
        app.button(key=key).click().run()
        assert expected in case_of(app)
    assert [button.proto.type for button in strip(app)] == ["primary", "secondary"]


@pytest.mark.parametrize("way", ["arrow", "strip", "list"])
def test_what_was_not_read_is_a_line_once_she_goes_on_by_key_or_click(monkeypatch, way):
    def turning(films, panes, *, on_turn, **_):
        st.button("arrow", key="arrow", on_click=on_turn, args=[Turn(1, 0, serial=1)])

    monkeypatch.setattr(component, "show", turning)
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    bad = [(f"bad{number}.png", b"no film", "image/png") for number in range(2)]
    films = [(f"{n}.png", knee_png(0, seed=n), "image/png") for n in range(2)]

    def folded():
        return [line.label for line in app.expander if "not read" in line.label]

    app.file_uploader[0].set_value([bad[0], *films]).run()
    assert (len(app.error), folded()) == (1, [])
    if way == "list":
        keyed(app.selectbox, "film").set_value(list(app.session_state["films"])[1]).run()
    else:
        (app.button(key="arrow") if way == "arrow" else strip(app)[1]).click().run()
    assert name_of_current(app) == "1.png"
    assert (len(app.error), folded()) == (1, ["1 file was not read"])
    # What could not be read next is said whole again.
    app.file_uploader[0].set_value([bad[1]]).run()
    assert (len(app.error), folded()) == (1, [])


STOPS = [("a", 0), ("b", 0), ("b", 1), ("c", 0), ("d", 0)]
CLICKED = Clicked(("b", 0), told=7, leads_to="b")


@pytest.mark.parametrize(
    ("turn", "clicked", "current", "place"),
    [
        (Turn(4, 3, 7), None, "c", 4),
        (Turn(4, 3, 7), CLICKED, "b", 2),  # pressed while the film before stood there
        (Turn(2, 3, 6), CLICKED, "b", 0),
        (Turn(0, 3, 7), replace(CLICKED, leads_to="c"), "c", 3),  # the second of two presses
        (Turn(2, 3, 7), replace(CLICKED, stop=("a", 0), leads_to="a"), "a", 4),
        (Turn(2, 1, 8), CLICKED, "b", 2),  # the viewer knew of the click
        (Turn(4, 3, 7), CLICKED, "d", 4),  # the page turned to another one since
        (Turn(4, 3, 7), replace(CLICKED, stop=("gone", 0)), "b", 4),
    ],
)
def test_an_arrow_after_a_click_counts_from_the_film_that_was_clicked_on(
    turn, clicked, current, place
):
    assert reading_viewer.wanted(turn, STOPS, clicked, current) == place


def test_arrows_that_come_before_the_clicked_film_is_in_sight_count_from_it(monkeypatch):
    asked = []

    def noted(films, panes, *, place, on_turn, **_):
        st.button("arrow", key="arrow", on_click=lambda: on_turn(asked.pop()))

    monkeypatch.setattr(component, "show", noted)
    monkeypatch.setattr(component, "last_told", lambda: 7)
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    names = [f"{place}.png" for place in range(5)]
    films = [knee_png(place, seed=place) for place in range(5)]
    app.file_uploader[0].set_value(
        [(name, film, "image/png") for name, film in zip(names, films, strict=True)]
    )
    app.run()
    strip(app)[2].click().run()
    for turn, expected in (
        (Turn(1, 0, 7), "3.png"),
        (Turn(2, 0, 7), "4.png"),
        (Turn(1, 0, 7), "3.png"),
        (Turn(0, 4, 8), "0.png"),
        (Turn(1, 0, 8), "1.png"),
    ):
        asked.append(turn)
        app.button(key="arrow").click().run()
        assert name_of_current(app) == expected


def test_a_film_that_is_graded_although_it_was_refused_stays_marked(app):
    strip(app)[2].click().run()
    # Alone its button stands where the first of two would.
    ways = [[button.label for button in column.button] for column in app.columns]
    assert ways[ways.index(["Grade anyway"]) + 1] == []
    next(button for button in app.button if button.label == "Grade anyway").click().run()
    (said,) = [label for label in labels(app) if label.startswith("rings.png")]
    assert said.startswith("rings.png: KL ")
    assert said.endswith(", refused")
    html = " ".join(block.body for block in app.get("html"))
    assert '<div class="kl-apart-2">KL ' in html


def test_a_film_taken_away_comes_back_where_it_was(app):
    strip(app)[1].click().run()
    next(button for button in app.button if button.label == "Remove film").click().run()
    assert len(strip(app)) == 2
    keyed(app.button, "bring_back").click().run()
    assert name_of_current(app) == "<b>.png"
    assert [label.split(":")[0] for label in labels(app)] == ["one.png", "<b>.png", "rings.png"]
    assert "bring_back" not in [called(button) for button in app.button]


class StillReading:
    """Networks that go on reading for longer than anybody waits: the page stays as it is then."""

    def submit(self, *_):
        return self

    def exception(self, within):
        if within is not None:
            raise TimeoutError
        st.stop()


def test_while_a_moved_box_is_read_no_older_answer_stands_beside_the_film(app, monkeypatch):
    for _ in range(3):
        app.run()
    digest = keyed(app.selectbox, "film").value
    app.session_state[f"frame_{digest[:12]}_0"] = Frame(20, 20, 460, 460, "whole")
    monkeypatch.setattr(cached, "readers", StillReading)
    app.run()
    one, other, refused = labels(app)
    assert one == "one.png: ..."
    assert other.startswith("<b>.png: KL ")
    assert refused == "rings.png: not graded"
    html = " ".join(block.body for block in app.get("html"))
    assert html.count("being read") == 1
    assert html.count("Both networks are reading this knee") == 1


def test_a_warning_stands_with_the_answer_in_strip_and_line(app):
    negative = image_file(255 - draw_knee(2, seed=1))
    app.file_uploader[0].set_value([("negative.png", negative, "image/png")])
    app.run().run()
    assert any(re.fullmatch(r"negative.png: KL \d.*, warned", label) for label in labels(app))
    assert not any("warned" in label for label in labels(app) if "negative" not in label)
    html = " ".join(block.body for block in app.get("html"))
    assert len(re.findall(r'<div class="kl-apart-1">KL \d[^<]*, warned</div>', html)) == 1
    mark = f'<span class="kl-apart-1" title="{gate.NEGATIVE.sentence}">warned</span>'
    assert case_of(app).index(mark) < case_of(app).index("<b>KL ")


def test_one_film_alone_has_no_strip():
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    app.file_uploader[0].set_value([("one.png", knee_png(0, seed=1), "image/png")])
    app.run()
    assert not strip(app)


def test_films_that_come_from_behind_stand_there_without_a_run_of_the_page(app):
    class Work:
        left = 2

    films = app.session_state["films"]
    digest, film = films.popitem()
    app.session_state["read_behind"] = Work()
    app.run()
    assert "2 more being read" in [caption.value for caption in app.caption]
    app.session_state["arriving"] = deque([film])
    Work.left = 0
    app.run()
    assert digest in app.session_state["films"]
    assert len(strip(app)) == 3
    assert "more being read" not in " ".join(caption.value for caption in app.caption)


def test_a_first_film_that_is_soon_read_is_drawn_once_with_its_answer(monkeypatch):
    readers = ThreadPoolExecutor(1)

    class Soon:
        def submit(self, read, *args):
            return readers.submit(lambda: (time.sleep(0.05), read(*args)))

    said = []
    monkeypatch.setattr(cached, "readers", Soon)
    monkeypatch.setattr(case_line, "show_waiting_line", lambda *_: said.append("being read"))
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    app.file_uploader[0].set_value([("one.png", knee_png(0, seed=1), "image/png")])
    app.run()
    assert "KL " in " ".join(block.body for block in app.get("html") if "kl-lead" in block.body)
    assert said == []
