"""A press counts for what was on the screen, and what a browser told before is no new choice."""

import numpy as np
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.store.cases import keeping
from pages.shared.cases import own_grades
from tests.support.case_pages import (
    at_list,
    listed,
    opened,
    sign_in,
    something_else_done_after,
    started,
    upload,
)
from tests.support.cases import NOW, knee, new_case
from tests.support.films import image_file
from tests.support.teaching_pages import called, keyed, press

ONE, TWO = (
    ("one.png", knee_png(3, seed=2), "image/png"),
    ("two.png", knee_png(0, seed=1), "image/png"),
)
BOTH = image_file(np.hstack([draw_knee(1, seed=1), draw_knee(3, seed=2, laterality="L")]))


@pytest.fixture
def two():
    """The reading page at the first of two films."""
    app = started()
    app.file_uploader[0].set_value([ONE, TWO])
    return turned(app.run(), 0)


def turned(app, place):
    app.session_state["film_to_turn_to"] = list(app.session_state["films"])[place]
    return app.run()


class Screen:
    """What a browser still shows: it tells what all of that stands at with whatever is pressed."""

    def __init__(self, app):
        self._app, self._stands = app, WidgetStates()
        stands = app._tree.get_widget_states().widgets
        self._stands.widgets.extend(w for w in stands if w.WhichOneof("value") != "trigger_value")
        self._ids = {called(button): button.id for button in app.button}

    def press(self, *names):
        """Press buttons that stand there, or have the browser ask for nothing but a run."""
        stands = WidgetStates()
        stands.CopyFrom(self._stands)
        for name in names:
            stands.widgets.add(id=self._ids[name], trigger_value=True)
        self._app._run(stands)
        assert not self._app.exception


def grades(app):
    grades = app.session_state["own_grades"].items()
    return {film: own.grade for (film, _), own in grades if own.grade is not None}


def toasts(app):
    assert not app.exception
    return " ".join(toast.value.replace("\\", "") for toast in app.toast)


def test_a_grade_counts_for_the_film_that_was_on_the_screen(two):
    one, other = two.session_state["films"]
    still_there = Screen(two)
    turned(two, 1)
    still_there.press("own_2")
    assert grades(two) == {one: 2}
    assert "KL 2 was kept for one.png, which was on the screen." in toasts(two)
    # What the browser told of the list of films was no choice of the first one.
    assert two.session_state["current_film"] == other
    assert "kept for" not in toasts(press(two, "own_0"))
    assert grades(two) == {one: 2, other: 0}


def test_a_grade_for_a_film_that_was_removed_or_turned_is_not_taken(two):
    still_there = Screen(two)
    (remove,) = (button for button in two.button if button.label == "Remove film")
    remove.click().run()
    still_there.press("own_2")
    assert grades(two) == {}
    assert "KL 2 was not taken" in toasts(two)


def test_what_was_not_taken_is_said_though_she_does_something_else_meanwhile(two):
    still_there = Screen(two)
    press(two, f"remove_{next(iter(two.session_state['films']))}")
    with something_else_done_after(own_grades, "came_at_once"):
        still_there.press("own_2")
    assert "KL 2 was not taken" in toasts(two)
    assert "KL 2 was not taken" not in toasts(two.run())


def test_two_grades_at_once_are_none_and_that_is_said(two):
    Screen(two).press("own_2", "own_3")
    assert grades(two) == {}
    assert "Keys 2 and 3 came at once for one.png: none was taken." in toasts(two)
    assert "came at once" not in toasts(press(two, "own_3") or two)


def test_a_choice_of_a_film_is_one_once(two):
    one, other = two.session_state["films"]
    keyed(two.selectbox, "film").set_value(other)
    chosen = Screen(two)
    chosen.press()
    assert two.session_state["current_film"] == keyed(two.selectbox, "film").value == other
    # Told once more, after she turned on, it is none.
    two.file_uploader[0].set_value([("three.png", knee_png(1, seed=5), "image/png")])
    third = list(two.run().session_state["films"])[2]
    assert two.session_state["current_film"] == third
    chosen.press()
    assert two.session_state["current_film"] == third
    two = keyed(two.selectbox, "film").set_value(one).run()
    assert two.session_state["current_film"] == keyed(two.selectbox, "film").value == one


def test_the_knee_that_is_looked_at_does_not_flip_back():
    app = upload(started(), "both.png", BOTH)
    (digest,) = app.session_state["films"]
    place = f"knee_{digest[:12]}"
    still_there = Screen(app)
    app.session_state[place] = 1
    app.run()
    still_there.press("own_2")
    assert app.session_state[place] == 1
    assert app.session_state["own_grades"][digest, 0].grade == 2
    assert app.session_state["own_grades"][digest, 1].grade is None
    assert "KL 2 was kept for both.png, knee on the left of the image" in toasts(app)
    app = keyed(app.segmented_control, "knee").set_value(0).run()
    assert app.session_state[place] == 0


def test_a_side_that_came_with_a_case_does_not_flip_back(two):
    one, _ = two.session_state["films"]
    still_there = Screen(two)
    two.session_state[f"side_{one[:12]}_0"] = "L"
    two.run()
    still_there.press("own_2")
    assert two.session_state[f"side_{one[:12]}_0"] == "L"
    assert keyed(two.segmented_control, "side").value == "L"


def test_what_was_chosen_before_can_be_chosen_again():
    app = started()
    app.file_uploader[0].set_value([("both.png", BOTH, "image/png"), ONE])
    app = turned(app.run(), 0)
    films = list(app.session_state["films"])
    for control, controls, options in (
        ("side", "button_group", "LRLRL"),
        ("knee", "button_group", (1, 0, 1, 0, 1)),
        ("film", "selectbox", [films[place] for place in (1, 0, 1, 0, 1)]),
    ):
        for option in options:
            keyed(app.get(controls), control).set_value(option).run()
            assert keyed(app.get(controls), control).value == option


def test_a_second_choice_of_a_control_that_is_still_there_counts(two):
    one, _ = two.session_state["films"]
    control, told = keyed(two.segmented_control, "side"), []
    for side in ("R", "L"):
        control.set_value(side)
        told.append(two._tree.get_widget_states())
    for stands, side in zip(told, ("R", "L"), strict=True):
        two._run(stands)
        assert two.session_state[f"side_{one[:12]}_0"] == side
    # Told once more, as with whatever is pressed next, it is none.
    two.session_state[f"side_{one[:12]}_0"] = "R"
    two._run(told[1])
    assert two.session_state[f"side_{one[:12]}_0"] == "R"


@pytest.mark.usefixtures("kept")
def test_the_film_that_was_on_the_screen_is_saved_and_no_other(db):
    app = sign_in(upload(started(), *ONE[:2]), "ab")
    app.file_uploader[0].set_value([TWO])
    app = turned(app.run(), 0)
    one, _ = app.session_state["films"]
    still_there = Screen(app)
    turned(app, 1)
    still_there.press("save_case")
    assert list(app.session_state["saved_cases"]) == [one]
    assert len(keeping.cases(db)) == 1


@pytest.mark.usefixtures("kept")
def test_a_key_for_the_next_case_passes_none_by(db, files):
    for grade, seed in ((3, 2), (1, 5), (0, 1)):
        new = new_case(f"{grade}" * 64, f"{grade}.png", [knee(grade)])
        keeping.add(db, files, new, knee_png(grade, seed=seed), NOW)
    cases = keeping.cases(db)
    keeping.mark_read(db, [case.case_id for case in cases], False)
    app = at_list("ab")
    listed(app)
    app = opened(app, cases[0].case_id)
    still_there = Screen(app)
    press(app, "case_after")
    still_there.press("case_after")
    assert app.session_state["current_film"] == cases[1].film
    assert not keeping.get(db, cases[2].case_id).is_read


def test_every_button_of_a_film_has_a_key_of_its_own(two):
    """But those that act on no film; what is chosen once for all films is no button."""
    before = {button.key for button in two.button if button.key}
    turned(two, 1)
    films = ("turn_", "add_films")
    again = before & {button.key for button in two.button if button.key}
    assert [key for key in again if not key.startswith(films)] == []
    assert {"own_0", "own_4", "proposal"} <= {called(button) for button in two.button}


def test_a_turn_that_is_cut_off_is_made_by_the_next_run(two):
    _, other = two.session_state["films"]

    class CutOff(dict):
        """The films, where a run ends once the page has asked which is wanted."""

        def __contains__(self, digest):
            get_script_run_ctx().script_requests.request_rerun(RerunData())
            type(self).__contains__ = dict.__contains__
            return digest in self

    two.session_state["films"] = CutOff(two.session_state["films"])
    turned(two, 1)
    assert CutOff.__contains__ is dict.__contains__
    assert two.session_state["current_film"] == other
