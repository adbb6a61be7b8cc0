"""The pages as a reader drives them, without a browser."""

import asyncio
import io
import time
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.grading import Graders
from kneeoa.graders.maps.methods import Method
from pages.shared import cached
from tests.support.places import MAIN_SCRIPT
from tests.support.teaching_pages import keyed
from tests.support.viewer import viewers


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def app():
    return AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()


def upload(app, *files):
    """Upload files given as (name, bytes)."""
    app.file_uploader[0].set_value([(name, data, "image/png") for name, data in files])
    return app.run()


def shown(app):
    assert not app.exception
    return " ".join(block.body for block in app.get("html"))


def test_the_first_page_invites_and_says_what_it_is_not(app):
    assert app.title[0].value == "Grade a knee X-ray"
    assert "not a medical device" in app.markdown[0].value
    assert len(app.file_uploader) == 1


def test_an_upload_shows_one_answer_and_both_networks_beside_its_name(app):
    data = png(draw_knee(4, seed=2))
    page = shown(upload(app, ("case <b>one.png", data)))
    graders, radiograph = Graders(), read_radiograph(data, "x.png")
    readings, together = graders.read_both(radiograph)
    answer = together.answer
    assert f'class="kl-grade">{answer.headline}<' in page
    assert answer.grade.criteria in page
    assert page.count('class="kl-lead"') == 1
    assert "case &lt;b&gt;one.png" in page
    folded = [expander.label for expander in app.expander]
    for name, reading in zip(("MobileNet", "ResNet50"), readings, strict=True):
        assert any(label.startswith(f"{name} **{reading.said.label}**") for label in folded)
        for share in reading.probabilities:
            assert f">{share:.0%}</div>" in page


def test_a_bad_file_is_named_and_the_good_one_is_still_read(app):
    upload(app, ("bad.png", b"this is text"), ("good.png", png(draw_knee(1))))
    assert "good.png" in shown(app)
    assert len(app.error) == 1
    assert "bad" in app.error[0].value


def test_many_bad_files_are_one_line_that_unfolds_to_each_reason(app):
    bad = [(f"bad{number}.png", b"this is text") for number in range(3)]
    upload(app, *bad, ("good.png", png(draw_knee(1))))
    (line,) = [one for one in app.expander if "not read" in one.label]
    assert line.label == "3 files were not read"
    assert [f"bad{number}" in error.value for number, error in enumerate(line.error)] == [True] * 3
    assert len(app.error) == 3


def test_while_a_knee_is_read_there_is_its_film_and_nothing_of_another(app, monkeypatch):
    upload(app, ("one.png", png(draw_knee(4))))
    assert 'class="kl-grade"' in shown(app)

    class Never:
        def exception(self, within):
            if within is None:
                st.stop()
            raise TimeoutError

    monkeypatch.setattr(cached, "readers", lambda: SimpleNamespace(submit=lambda *_: Never()))
    wide = png(np.pad(draw_knee(1), ((0, 0), (30, 30)), mode="edge"))
    page = shown(upload(app, ("two.png", wide)))
    assert "are reading this knee" in page
    assert "being read" in page
    assert 'class="kl-grade"' not in page
    assert not [one for one in app.expander if "KL" in one.label]
    (data,) = viewers(app)
    assert data["films"][0]["label"] == "two.png"
    assert data["films"][0]["layers"] == []
    assert [pane["note"] for pane in data["panes"]] == ["", *["Reading this knee"] * 2]


def test_maps_by_another_method_are_computed_and_then_shown(app):
    upload(app, ("one.png", png(draw_knee(4))))
    methods = app.segmented_control(key="map_method")
    methods.set_value(Method.LAYER_CAM).run()
    for _ in range(200):
        (data,) = viewers(app)
        if data["films"][0]["layers"]:
            break
        assert {pane["note"] for pane in data["panes"][1:]} == {"Computing LayerCAM"}
        assert "the grades stand" in shown(app)
        time.sleep(0.1)
        app.run()
    names = [layer["name"] for layer in data["films"][0]["layers"]]
    assert names == ["MobileNet, LayerCAM", "ResNet50, LayerCAM"]
    assert "Grad-CAM++ is the same map" in shown(app)


def test_a_bad_file_alone_leaves_the_first_page_with_its_reason(app):
    upload(app, ("empty.png", b""))
    shown(app)
    assert app.title[0].value == "Grade a knee X-ray"
    assert "empty" in app.error[0].value


def test_a_demo_film_can_be_picked(app):
    picker = app.pills(key="demo_0")
    assert all("synthetic" in option for option in picker.options)
    picker.set_value("synthetic-kl3.png").run()
    assert "synthetic-kl3.png" in shown(app)


def test_a_large_upload_never_touches_the_disk(app):
    from starlette.datastructures import Headers
    from starlette.formparsers import MultiPartParser

    film = bytes(5_000_000)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n'
        + film
        + b"\r\n--x--\r\n"
    )

    async def stream():
        yield body

    headers = Headers({"content-type": "multipart/form-data; boundary=x"})
    form = asyncio.run(MultiPartParser(headers, stream()).parse())
    # A temporary file that stayed in memory has not rolled over to disk.
    assert form["f"].file._rolled is False
    assert form["f"].size == len(film)


def test_leaving_and_coming_back_loses_nothing(app):
    upload(app, ("one.png", png(draw_knee(0))), ("two.png", png(draw_knee(3))))
    app.segmented_control(key="explained").set_value(3).run()
    app.switch_page("about/page.py").run()
    assert app.title[0].value == "About"
    app.switch_page("reading/page.py").run()
    assert keyed(app.selectbox, "film").value == next(iter(app.session_state["films"]))
    assert "one.png" in shown(app)
    assert app.segmented_control(key="explained").value == 3
    assert len(keyed(app.selectbox, "film").options) == 2


def test_any_grade_can_be_explained(app):
    upload(app, ("one.png", png(draw_knee(4))))
    for grade in range(5):
        app.segmented_control(key="explained").set_value(grade).run()
        page = shown(app)
        assert page.count(f"Grad-CAM for KL {grade};") + page.count(f"speaks for KL {grade}<") == 2


def test_two_knees_in_one_film_are_graded_one_by_one(app):
    right, left = draw_knee(0, marked=False), draw_knee(4, laterality="L", marked=False)
    data = png(np.hstack([right, np.full((224, 60), 30, np.uint8), left]))
    first = shown(upload(app, ("both.png", data)))
    knee = keyed(app.segmented_control, "knee")
    assert len(knee.options) == 2
    knees = [half_in_view(app)]
    knee.set_value(1).run()
    assert shown(app) != first
    knees.append(half_in_view(app))
    # Each knee's half of the film, from an edge to a border between both.
    (left, border), (same_border, right) = knees
    assert left <= 0 < 200 < border == same_border < 310 < 508 <= right


def half_in_view(app):
    """Return the left and right ends of what is in view first, in which the box lies."""
    ((film,),) = [data["films"] for data in viewers(app)]
    home, box = film["home"], film["frame"]
    for start, length in (("left", "width"), ("top", "height")):
        end = home[start] + home[length]
        assert home[start] <= box[start] < box[start] + box[length] <= end
    return home["left"], home["left"] + home["width"]


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()


def rings():
    y, x = np.mgrid[:200, :300]
    return ((np.hypot(y - 90, x - 100) % 40) * 6).astype(np.uint8)


def test_what_is_no_knee_gets_no_grade_until_it_is_asked_for_and_stays_marked(app):
    page = shown(upload(app, ("rings.png", png(rings()))))
    assert "not graded" in page
    assert 'class="kl-lead"' not in page
    assert "**Not graded.** Expected a" in app.error[0].value
    press(app, "Grade anyway")
    page = shown(app)
    assert page.count('class="kl-lead"') == 1
    assert "graded although it was refused" in page
    assert viewers(app)[0]["panes"][0]["title"] == "Graded although it was refused"
    assert "Graded although it was refused" in app.error[0].value
    # What was measured on knees says nothing of rings.
    assert "the reference agreed in" not in page
    press(app, "Hide the grade")
    assert 'class="kl-lead"' not in shown(app)


def test_a_negative_is_read_as_its_positive_and_says_so(app):
    positive = shown(upload(app, ("one.png", png(draw_knee(3, seed=4, marked=False)))))
    assert "Checked: A frontal knee" in positive
    page = shown(upload(app, ("two.png", png(255 - draw_knee(3, seed=4, marked=False)))))
    assert "looks like a negative" in app.warning[0].value
    bars = [body[body.index("kl-bars") :].split("</div></div>")[0] for body in (positive, page)]
    assert bars[0] == bars[1]
    press(app, "It is no negative")
    assert "said to be no negative" in shown(app)
    assert not app.warning


def test_the_side_is_that_of_the_file_or_as_the_reader_sets_it(app):
    assert "side unknown" in shown(upload(app, ("one.png", png(draw_knee(3)))))
    keyed(app.segmented_control, "side").set_value("L").run()
    assert "left knee" in shown(app)


def test_films_of_the_same_name_can_be_told_apart(app):
    first, second = png(draw_knee(0)), png(draw_knee(4))
    upload(app, ("IM0001", first), ("IM0001", second))
    chooser = keyed(app.selectbox, "film")
    assert chooser.options == ["IM0001", "IM0001 (2)"]
    one = shown(app)
    chooser.set_value(list(app.session_state["films"])[1]).run()
    assert shown(app) != one


def test_the_same_film_again_takes_the_name_just_given(app):
    data = png(draw_knee(2))
    upload(app, ("a.png", data))
    upload(app, ("b.png", data))
    assert keyed(app.selectbox, "film").options == ["b.png"]
    assert "b.png" in shown(app)


def test_the_box_can_go_anywhere_and_back(app):
    wide = np.pad(draw_knee(2, marked=False), ((0, 0), (0, 161)), mode="edge")
    page = upload(app, ("wide.png", png(wide)))
    before, (data,) = shown(page), viewers(page)
    (film,) = data["films"]
    assert data["editable"]
    assert [layer["rect"] for layer in film["layers"]] == [film["frame"]] * 2
    digest = next(iter(app.session_state["films"]))
    for moved in (Frame(-40, -30, 200, 220, "whole"), Frame(70, 120, 150, 330, "whole")):
        app.session_state[f"frame_{digest[:12]}_0"] = moved
        assert shown(app.run()) != before
        (film,) = viewers(app)[0]["films"]
        assert (film["frame"]["top"], film["frame"]["width"]) == (moved.top, moved.width)
    press(app, "Back to the proposal")
    assert shown(app) == before


def test_a_box_beside_the_film_is_refused_and_the_film_stays(app):
    upload(app, ("one.png", png(draw_knee(2))))
    digest = next(iter(app.session_state["films"]))
    app.session_state[f"frame_{digest[:12]}_0"] = Frame(0, 500, 224, 224, "whole")
    assert 'class="kl-lead"' not in shown(app.run())
    press(app, "Grade anyway")
    assert 'class="kl-lead"' not in shown(app)
    assert "Move the frame onto the knee" in app.error[-1].value
    (data,) = viewers(app)
    assert data["films"][0]["layers"] == []
    assert len(data["panes"]) == 1


def test_both_maps_stand_beside_the_film_and_none_of_one_that_is_refused(app):
    upload(app, ("one.png", png(draw_knee(3))))
    (data,) = viewers(app)
    titles = [pane["title"].partition(":")[0] for pane in data["panes"]]
    assert titles == ["", "MobileNet", "ResNet50"]
    assert [pane["layer"] for pane in data["panes"]] == [None, 0, 1]
    upload(app, ("rings.png", png(rings())))
    assert len(viewers(app)[0]["panes"]) == 1


def test_the_arrows_turn_to_the_next_film_where_there_is_one(app):
    upload(app, ("one.png", png(draw_knee(2))))
    assert not viewers(app)[0]["turns"]
    upload(app, ("two.png", png(draw_knee(3))))
    assert viewers(app)[0]["turns"]


def test_a_refusal_is_shown_as_it_is_and_goes_with_the_next_film(app):
    upload(app, ("![](x).png", b"text"), ("good.png", png(draw_knee(1))))
    assert r"\!\[\]\(x\)" in app.error[0].value
    upload(app, ("other.png", png(draw_knee(2))))
    assert not app.error


def test_removing_the_last_film_leads_back_to_the_start(app):
    upload(app, ("one.png", png(draw_knee(2))))
    next(button for button in app.button if button.label == "Remove film").click().run()
    assert app.title[0].value == "Grade a knee X-ray"


def test_missing_models_are_said_on_every_page(monkeypatch, tmp_path):
    from streamlit import cache_resource

    cache_resource.clear()
    monkeypatch.setenv("KNEEOA_MODELS", str(tmp_path))
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    upload(app, ("one.png", png(draw_knee(2))))
    assert not app.exception
    assert "Expected a published model" in app.error[0].value
    app.switch_page("about/page.py").run()
    assert not app.exception
    assert "Expected a published model" in app.error[0].value


def test_the_about_page_shows_what_the_cards_say(app):
    app.switch_page("about/page.py").run()
    assert not app.exception
    text = " ".join(block.value for block in app.markdown).replace("\\", "")
    for card in (model.card for model in Graders().published.values()):
        assert f"{card['metrics']['test']['values']['accuracy']:.1%}" in text
        assert card["model_sha256"][:12] in text
        assert card["data"]["doi"] in text
