"""An even border is no film: frames, findings and what networks see are as without it."""

import numpy as np
import pytest

from kneeoa.errors import RadiographError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph, read_radiograph
from kneeoa.films.shape.border import NO_BORDER, even_border
from kneeoa.graders.locating import frame_gate
from kneeoa.graders.locating.found import turned_right
from kneeoa.graders.locating.localiser import Localiser
from tests.support.films import image_file
from tests.support.odd_films import FILM

AROUND = (20, 9, 31, 14)
"""Pixels above, to the right, below and to the left."""


def bordered(pixels, grey, around=AROUND):
    top, right, bottom, left = around
    return np.pad(pixels, ((top, bottom), (left, right)), constant_values=grey)


def opened(pixels, border=NO_BORDER):
    values = np.asarray(pixels, np.float32)
    return Radiograph("a.png", values, "PNG", 8, None, None, "a", border=border)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_an_even_border_is_measured_at_each_edge(grey):
    assert even_border(bordered(FILM, grey)) == AROUND
    page = bordered(bordered(FILM, grey), 255 - grey // 2, (5, 6, 7, 8))
    assert even_border(page) == (25, 15, 38, 22)


ROWS, COLUMNS = np.mgrid[:224, :224]
LEG = np.where(np.abs(COLUMNS - 112 - 12 * np.sin(ROWS / 30)) < 80, np.maximum(FILM, 30), 0)
"""A leg with black air on either side, which ends in another column in each row."""


@pytest.mark.parametrize("grey", [0, 128, 255])
@pytest.mark.parametrize(
    "around", [(0, 40, 0, 40), (30, 0, 0, 0), (0, 0, 30, 0), (30, 0, 30, 0), (30, 40, 0, 40)]
)
def test_a_border_is_one_at_some_edges_alone_too(around, grey):
    assert even_border(bordered(FILM, grey, around)) == around


@pytest.mark.parametrize("grey", [128, 255])
@pytest.mark.parametrize("around", [(0, 0, 0, 40), (0, 40, 0, 0), (20, 30, 0, 0)])
def test_one_side_is_a_border_where_it_is_no_air(around, grey):
    assert even_border(bordered(FILM, grey, around)) == around
    # Air may be black alone, and white in a negative.
    assert even_border(255 - LEG) == even_border(LEG) == NO_BORDER


@pytest.mark.parametrize("around", [(0, 60, 0, 0), (60, 60, 0, 0), (0, 52, 0, 52)])
def test_a_jpegs_border_at_some_edges_is_one(around):
    page = read_radiograph(image_file(bordered(FILM, 255, around), "JPEG", quality=75), "a.jpg")
    assert np.abs(np.subtract(page.border, around)).max() <= 1


def test_borders_of_different_greys_are_one():
    around = np.pad(FILM, 20, constant_values=((0, 255), (0, 0)))
    assert even_border(around) == (20, 20, 20, 20)


@pytest.mark.parametrize(
    "picture",
    [
        FILM,
        LEG,
        LEG.T,
        np.pad(FILM, ((0, 0), (40, 0))),
        np.pad(LEG, ((0, 0), (40, 40))),
        np.zeros((200, 200)),
        np.pad(FILM[:40], 60),
    ],
)
def test_what_may_be_film_is_none(picture):
    assert even_border(picture) == NO_BORDER


@pytest.mark.parametrize("around", [(50, 60, 70, 80), (50, 0, 0, 0), (0, 60, 0, 80)])
@pytest.mark.parametrize("grey", [0, 255])
def test_lettering_in_a_border_is_none_of_the_film(grey, around):
    page, (top, _, bottom, left) = bordered(FILM, grey, around), around
    if top:
        page[8:18, 60:190:2] = 255 - grey
    if bottom:
        page[-20:-8, 10:120:3] = 255 - grey
    if left:
        page[100:112, 20:50] = page[100:112, -30:-20] = 255 - grey
    assert even_border(page) == around


@pytest.mark.parametrize("frame", [(0, 0, 224, 224), (30, 20, 180, 160), (-40, -30, 224, 240)])
def test_the_networks_see_the_same_with_and_without_a_border(frame):
    plain, page = opened(FILM), opened(bordered(FILM, 0), AROUND)
    here = Frame(*frame)
    there = here.moved(AROUND[0], AROUND[3])
    assert np.array_equal(network_input(page, there), network_input(plain, here))
    assert frame_gate.of_frame(page, there) == frame_gate.of_frame(plain, here)
    assert there.share_outside(page) == here.share_outside(plain)


def test_a_film_is_read_with_its_border_and_turned_with_it():
    page = read_radiograph(image_file(bordered(FILM, 255)), "a.png")
    assert page.border == AROUND
    assert np.array_equal(page.without_border().pixels, FILM)
    assert Frame.whole(page) == Frame(20, 14, *FILM.shape)
    turned = turned_right(page, 1)
    assert turned.border == even_border(turned.pixels) == (14, 20, 9, 31)
    assert np.array_equal(turned.without_border().pixels, np.rot90(FILM, -1))


@pytest.mark.parametrize("grey", [0, 255])
def test_what_a_compression_left_was_left_of_the_film_not_of_its_border(grey):
    around = (300, 600, 260, 620)
    plain = read_radiograph(image_file(FILM, "JPEG", quality=30, progressive=True), "a.jpg")
    page = read_radiograph(
        image_file(bordered(FILM, grey, around), "JPEG", quality=30, progressive=True), "a.jpg"
    )
    assert page.lossy_bits < plain.lossy_bits / 5
    alone = page.without_border()
    # What its border took is counted, too: never fewer than the film's own.
    assert plain.lossy_bits * 0.95 < alone.lossy_bits < plain.lossy_bits * 4
    assert alone.without_border() is alone
    told = [finding.code for finding in frame_gate.of_frame(page, Frame.whole(page))]
    assert told == [f.code for f in frame_gate.of_frame(plain, Frame.whole(plain))]


def test_a_frame_beside_the_film_is_refused_by_where_the_film_lies():
    page = opened(bordered(FILM, 0, (300, 176, 276, 1000)), (300, 176, 276, 1000))
    place = "on the film, in rows 300 to 524 and columns 1000 to 1224"
    with pytest.raises(RadiographError, match=place):
        network_input(page, Frame(0, 0, 800, 1400))


@pytest.fixture(scope="module")
def localiser():
    return Localiser()


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_a_knee_is_found_where_it_is_without_a_border(localiser, grey):
    knee = draw_knee(2, seed=4)
    plain = localiser.find(opened(knee))
    page = localiser.find(opened(bordered(knee, grey), AROUND))
    assert page == plain.moved(AROUND[0], AROUND[3])


@pytest.mark.parametrize(("grey", "quality"), [(0, 90), (0, 60), (255, 75)])
def test_what_a_jpeg_leaves_uneven_of_a_border_is_none_of_the_film(grey, quality):
    page = read_radiograph(
        image_file(bordered(FILM, grey, (22, 21, 20, 19)), "JPEG", quality=quality), "a.jpg"
    )
    for measured, there in zip(page.border, (22, 21, 20, 19), strict=True):
        assert abs(measured - there) <= 1
