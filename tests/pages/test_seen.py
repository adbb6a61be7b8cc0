"""What the viewer tells of how a film is looked at: taken as it is meant, or not at all."""

import json
from dataclasses import asdict

import pytest

from pages.shared.viewer.seen import MOST, Seen, seen_from, told_from

HOW = {"isInverted": True, "rotation": 90, "isFlipped": False, "preset": 2}
CAMERA = {"x": 100.5, "y": 80, "scale": 50}
VIEW = {"how": HOW, "part": "whole", "range": [10, 200.5], "camera": CAMERA, "isFitted": False}
RULER = {"kind": "ruler", "points": [[1, 2.5], [30, 40]], "value": 47.1, "unit": "px"}
ANGLE = {"kind": "angle", "points": [[1, 2], [3, 4], [5, 6]], "value": 90, "unit": "degrees"}


ODD = {"measured": [RULER | {"kind": "text"}]}


def test_what_is_told_comes_back_through_a_case():
    seen = seen_from({"film": "abc", "view": VIEW, "measured": [RULER, ANGLE]})
    assert seen.view.camera.scale == 50
    assert [one.kind for one in seen.measured] == ["ruler", "angle"]
    assert seen_from(json.loads(json.dumps(asdict(seen)))) == seen
    assert seen_from({}) == Seen()
    fitted = VIEW | {"camera": None, "isFitted": True, "range": None}
    assert seen_from({"view": fitted}).view.camera is None


@pytest.mark.parametrize(
    "told",
    [
        None,
        "text",
        {"view": "text"},
        {"view": VIEW | {"camera": None}},
        {"view": VIEW | {"camera": {"x": 1, "y": 1, "scale": 0}}},
        {"view": VIEW | {"camera": {"x": float("nan"), "y": 1, "scale": 1}}},
        {"view": VIEW | {"how": HOW | {"rotation": 45}}},
        {"view": VIEW | {"how": HOW | {"preset": -1}}},
        {"measured": [RULER | {"kind": "text"}]},
        {"measured": [RULER | {"points": [[1, 2]]}]},
        {"measured": [ANGLE | {"points": RULER["points"]}]},
        {"measured": [RULER | {"points": [[1, 2], [3, 1e300]]}]},
        {"measured": [RULER | {"unit": "x" * 21}]},
        {"measured": [RULER] * (MOST + 1)},
    ],
)
def test_what_is_not_sound_is_not_taken(told):
    assert seen_from(told) is None


def test_lines_are_told_of_any_film_and_the_view_of_that_on_the_page_alone():
    told = {"film": "abc", "view": VIEW, "drawn": [{"key": "one_0", "measured": [RULER]}]}
    here = told_from(told, "abc")
    assert here.view.camera.scale == 50
    assert [(drawn.key, len(drawn.measured)) for drawn in here.drawn] == [("one_0", 1)]
    gone = told_from(told, "another")
    assert gone.view is None
    assert gone.drawn == here.drawn


@pytest.mark.parametrize("odd", [{}, "text", {"key": 3, "measured": []}, {"key": "two_0"} | ODD])
def test_lines_that_are_not_sound_keep_no_others_from_being_told(odd):
    sound = {"key": "one_0", "measured": [ANGLE]}
    told = told_from({"drawn": [odd, sound]}, "abc")
    assert [drawn.key for drawn in told.drawn] == ["one_0"]
    assert told_from("text", "abc") is None
    assert told_from({"drawn": "text"}, "abc").drawn == ()


def test_who_told_of_a_film_makes_it_no_other():
    assert Seen(told=True) == Seen()
