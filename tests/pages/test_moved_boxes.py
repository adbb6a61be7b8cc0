"""What stands against a box that the reader moved: of the frame anew, of its knee as it was."""

from dataclasses import replace

import numpy as np
import pytest

from kneeoa.films.frames import Frame, network_input
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders import framing
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.profile import read_profile
from kneeoa.jointspace import believed
from pages.shared.cases import knees
from pages.shared.memory import shown_as
from pages.shared.memory.film import Film
from tests.support.films import image_file
from tests.support.profiles import profile_files

BOTH = np.hstack(
    [
        draw_knee(1, seed=2, marked=False),
        draw_knee(3, seed=9, laterality="L", marked=False),
    ]
)
AGAINST_ONE = [
    ({"implant": 3.0}, gate.IMPLANT),
    ({"frontal": -1.5}, gate.NOT_A_KNEE),
    ({"frontal": 0.5}, gate.DOUBTFUL),
]


class Watched:
    """In place of the network that knows spoilt knees: it keeps what it is shown, finds none."""

    def __init__(self):
        self.seen = []

    def against(self, seen):
        self.seen += seen
        return [None] * len(seen)


@pytest.fixture(scope="module")
def localiser():
    return Localiser()


def received(localiser, pixels, **right):
    """Return a film, of whose last knee the network says what is in `right`."""
    data = image_file(pixels)
    radiograph = read_radiograph(data, "film.png")
    first, *others, last = localiser.answers(radiograph)
    others = [replace(other, frontal=5.0) for other in others]
    located = localiser.found(radiograph, [first, *others, replace(last, **right)])
    return Film.received(data, radiograph, located, "session")


def against(film, knee, frame, profile=None):
    return knees.findings_under(profile, film, knee, frame, Watched())


def codes(findings):
    return [finding.code for finding in findings]


def nudged(frame):
    return replace(frame, left=frame.left - 1)


@pytest.mark.parametrize(("right", "finding"), AGAINST_ONE)
def test_what_is_said_of_a_knee_stays_where_its_box_is_moved(localiser, right, finding):
    film = received(localiser, BOTH, **right)
    left_box, right_box = film.frames
    assert finding in against(film, 1, right_box)
    smaller = (Frame.around(112, 336, side, right_box.name) for side in (170, 120))
    for moved in (nudged(right_box), *smaller):
        # Of this box it was not said.
        assert gate.of_box_before(finding) in against(film, 1, moved)
    assert finding.code not in codes(against(film, 0, nudged(left_box)))


def test_it_is_said_of_the_knee_that_the_box_was_taken_to(localiser):
    film = received(localiser, BOTH, implant=3.0)
    left_box, right_box = film.frames
    assert gate.IMPLANT in against(film, 0, replace(nudged(right_box), name=left_box.name))
    assert gate.IMPLANT not in against(film, 1, replace(nudged(left_box), name=right_box.name))


def test_the_box_of_one_knee_on_the_other_gives_no_grade_of_the_wrong_side(localiser):
    film = received(localiser, BOTH)
    left_box, right_box = film.frames
    for place, box, name in ((0, right_box, left_box.name), (1, left_box, right_box.name)):
        there = replace(nudged(box), name=name)
        assert gate.OTHER_KNEE in against(film, place, there)
        assert not knees.may_be_graded(film, against(film, place, there))
        assert gate.OTHER_KNEE not in against(film, place, nudged(film.frames[place]))


def test_of_a_box_that_shows_no_knee_it_is_said_that_it_was_moved(localiser):
    film = received(localiser, np.pad(BOTH, ((0, 0), (0, 400)), mode="edge"), implant=3.0)
    seen = codes(against(film, 1, Frame.around(112, 700, 200, "right")))
    assert "moved" in seen and "implant" not in seen


@pytest.mark.parametrize("way", [framing.FOUND, framing.WHOLE])
def test_a_lone_knee_in_doubt_stays_so_under_a_profile_and_moved(localiser, tmp_path, way):
    for name, data in profile_files(framing=way, least_overlap=0.2).items():
        (tmp_path / name).write_bytes(data)
    profile = read_profile(tmp_path)
    pixels = np.pad(draw_knee(2, seed=3, marked=False), ((0, 0), (20, 60)), mode="edge")
    film = received(localiser, pixels, frontal=0.5)
    assert gate.DOUBTFUL in film.localised.findings
    frame = knees.proposal(film, 0, profile)
    assert gate.DOUBTFUL in against(film, 0, frame, profile)
    for moved in (nudged(frame), nudged(film.frames[0])):
        assert gate.DOUBTFUL.code in codes(against(film, 0, moved, profile))


def test_a_box_drawn_on_the_knee_of_a_large_film_keeps_what_was_said_of_it(localiser, tmp_path):
    for name, data in profile_files(framing=framing.WHOLE, least_overlap=0.01).items():
        (tmp_path / name).write_bytes(data)
    profile = read_profile(tmp_path)
    pixels = np.pad(draw_knee(2, seed=3, marked=False), ((150, 200), (260, 300)), mode="edge")
    film = received(localiser, pixels, frontal=0.5)
    whole = knees.proposal(film, 0, profile)
    assert (whole.height, whole.width) == film.shape
    moved = nudged(film.frames[0])
    assert gate.DOUBTFUL.code in codes(against(film, 0, moved, profile))


@pytest.mark.parametrize("way", [framing.FOUND, framing.WHOLE])
def test_millimetres_are_those_of_the_box_that_was_found(localiser, tmp_path, monkeypatch, way):
    for name, data in profile_files(framing=way, least_overlap=0.01).items():
        (tmp_path / name).write_bytes(data)
    profile = read_profile(tmp_path)
    monkeypatch.setattr(knees.in_use, "current", lambda: profile)
    pixels = np.pad(draw_knee(2, seed=3, marked=False), ((150, 200), (260, 300)), mode="edge")
    film = received(localiser, pixels)
    graded = knees.proposal(film, 0, profile)
    assert knees.box_of(film, 0, graded) == film.frames[0]
    moved = nudged(film.frames[0])
    assert knees.box_of(film, 0, moved) == moved
    # A film of 24 cm, whose knee is no larger than others are.
    spacing = (240 / film.shape[1],) * 2
    assert believed.doubt(knees.box_of(film, 0, graded), spacing) == ""


def test_a_negative_is_looked_at_as_it_is_graded_wherever_its_box_is(localiser):
    positive = draw_knee(2, seed=21, marked=False)
    film, watched = received(localiser, 255 - positive), Watched()
    assert film.localised.negative
    moved = nudged(film.frames[0])
    findings = knees.findings_under(None, film, 0, moved, watched)
    assert [finding.code for finding in findings] == ["negative"]
    (seen,) = watched.seen
    upright = read_radiograph(image_file(positive), "film.png")
    np.testing.assert_array_equal(seen, network_input(upright, moved))


def test_a_supposed_negative_is_looked_at_as_it_is_once_the_reader_says_so(localiser, monkeypatch):
    film, watched = received(localiser, 255 - draw_knee(2, seed=21, marked=False)), Watched()
    shown_as.take_back(film, localiser)
    monkeypatch.setattr(localiser, "spoilt", watched)
    shown_as.no_negative(film, localiser)
    assert [finding.code for finding in film.localised.of_film] == []
    came = read_radiograph(film.data, "film.png")
    np.testing.assert_array_equal(watched.seen[-1], network_input(came, film.frames[0]))
