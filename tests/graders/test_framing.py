"""Which part of a film is graded under a profile: its box, or all of it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from kneeoa.errors import ModelError
from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders import framing
from kneeoa.graders.grading import Graders
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.found import Found, Knee
from kneeoa.graders.profile import read_profile
from tests.support.profiles import profile_files

SLOPE = np.linspace(20, 220, 160 * 300, dtype=np.float32).reshape(160, 300)
SLOPE = SLOPE + np.random.default_rng(0).normal(0, 4, SLOPE.shape).astype(np.float32)
FILM = Radiograph("a.png", SLOPE, "PNG", 8, None, None, "a")
CUT_OFF = gate.Finding("cut-off", "Cut.", gate.WARNED)
GONE = gate.Finding("joint-missing", "Gone.", gate.REFUSED)


def found(*frames, findings=()):
    return Found(tuple(Knee(frame, 0.9, findings=findings) for frame in frames), ())


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("profile")
    for name, data in profile_files(framing=framing.WHOLE, least_overlap=0.4).items():
        (folder / name).write_bytes(data)
    return read_profile(folder)


LARGE = Frame(-5, 40, 170, 220, "one knee")
SMALL = Frame(40, 40, 60, 60, "one knee")


def test_the_whole_film_is_graded_where_the_profile_says_so(profile):
    changed = framing.framed(profile.record, FILM, found(LARGE, findings=(CUT_OFF, GONE)))
    (knee,) = changed.knees
    assert knee.frame == Frame(0, 0, 160, 300, "one knee")
    # That a box reached beyond the film is no matter any more; that the joint is not there, is.
    assert knee.findings == (GONE,)


def test_what_is_said_of_the_knee_stays_when_the_whole_film_is_graded(profile):
    doubted = found(LARGE, findings=(CUT_OFF, gate.DOUBTFUL))
    (knee,) = framing.framed(profile.record, FILM, doubted).knees
    assert knee.findings == (gate.DOUBTFUL,)


def test_a_small_knee_two_knees_and_the_published_networks_keep_their_boxes(profile):
    for seen in (found(SMALL), found(LARGE, LARGE)):
        framed = framing.framed(profile.record, FILM, seen)
        assert framed.frames == seen.frames
        # The profile was fitted to whole films, which each of these knees says.
        assert all(knee.findings == (framing.BY_BOX,) for knee in framed.knees)
    seen = found(LARGE)
    assert framing.framed(None, FILM, seen) is seen
    boxed = replace(profile.record, framing=framing.FOUND)
    assert framing.framed(boxed, FILM, seen) is seen


def test_the_networks_under_it_find_and_read_alike(profile):
    pixels = np.pad(draw_knee(2, seed=3, marked=False), ((0, 0), (20, 30)), mode="edge")
    film = Radiograph("b.png", pixels.astype(np.float32), "PNG", 8, None, None, "b")
    graders = Graders(profile=profile)
    assert graders.find(film).frames == (
        Frame(0, 0, *pixels.shape, graders.find(film).frames[0].name),
    )
    whole = graders.read(film, Frame.whole(film))
    for one, other in zip(graders.read(film), whole, strict=True):
        np.testing.assert_array_equal(one.evidence, other.evidence)


def test_a_profile_from_before_frames_as_published_and_a_strange_one_is_refused(tmp_path):
    files = profile_files()
    content = json.loads(files["profile.json"])
    del content["framing"], content["least_overlap"]
    for name, data in (files | {"profile.json": json.dumps(content).encode()}).items():
        (tmp_path / name).write_bytes(data)
    assert read_profile(tmp_path).record.framing == framing.FOUND
    for wrong in ({"framing": "the sky"}, {"least_overlap": 3.0}):
        (tmp_path / "profile.json").write_text(json.dumps(content | wrong))
        with pytest.raises(ModelError, match="xpected"):
            read_profile(tmp_path)
