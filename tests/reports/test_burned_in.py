"""Text in the pixels is warned of; a side marker, and a film without text, are not."""

from pathlib import Path

import numpy as np
import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont

from kneeoa.films.phantom import draw_knee
from kneeoa.reports.burned_in import text_regions, warning

FONTS = Path(reportlab.__file__).parent / "fonts"
NAME = "DOE, JOHN 1956-08-23"


@pytest.fixture(scope="module")
def films():
    """Drawn knees without the word that marks them as drawn."""
    return [draw_knee(grade, seed=grade, side=480, marked=False) for grade in (0, 2, 4)]


def printed(film, text, *, size=14, at=(6, 6), ink=255, paper=None, font="Vera.ttf", turn=0):
    """Return a film with text on it; `paper` is the shade of a field below it."""
    image = Image.fromarray(np.rot90(film, -turn))
    draw = ImageDraw.Draw(image)
    letters = ImageFont.truetype(str(FONTS / font), size)
    if paper is not None:
        draw.rectangle(draw.textbbox(at, text, letters), paper)
    draw.text(at, text, ink, letters)
    return np.rot90(np.asarray(image, np.float32), turn)


def test_films_without_text_are_not_warned_of(films):
    for film in films:
        assert text_regions(film.astype(np.float32)) == ()
        assert warning(film.astype(np.float32)) == ""


@pytest.mark.parametrize("size", [9, 14, 26])
@pytest.mark.parametrize("ink", [255, 0])
@pytest.mark.parametrize("font", ["Vera.ttf", "VeraBd.ttf", "VeraIt.ttf"])
def test_a_name_is_seen_in_every_size_in_black_and_white(films, size, ink, font):
    found = [text_regions(printed(film, NAME, size=size, ink=ink, font=font)) for film in films]
    assert all(found)
    for regions in found:
        assert "upper" in regions[0].where or "top" in regions[0].where


def test_text_on_a_field_of_its_own_and_along_the_border_is_seen(films):
    film = films[1]
    assert text_regions(printed(film, NAME, ink=0, paper=255))
    assert text_regions(printed(film, NAME, ink=255, paper=0, at=(270, 450)))
    assert text_regions(printed(film, NAME, turn=1))
    assert text_regions(printed(film, "4711", size=16))


def test_side_markers_are_no_text(films):
    for film in films[:2]:
        for marker in ("L", "R", "AP", "R 2"):
            for size in (14, 40):
                marked = film
                # At once: where one alone were text, it would be so beside others.
                for at in ((8, 8), (400, 8), (8, 420)):
                    marked = printed(marked, marker, size=size, at=at)
                assert text_regions(marked) == ()


def test_a_drawn_film_says_so_in_its_pixels():
    assert text_regions(draw_knee(2, side=512).astype(np.float32))


def test_the_warning_says_where_it_stands(films):
    assert "(upper left)" in warning(printed(films[0], "DOE, JOHN"))
    assert "lower right" in warning(printed(films[0], "DOE, JOHN", at=(380, 455)))


def test_what_the_file_says_counts(films):
    film = films[0].astype(np.float32)
    assert "The file says" in warning(film, "YES")
    assert warning(film, "NO") == ""
    # A file that says NO is not believed where text is seen.
    assert warning(printed(films[0], NAME), "NO")


def test_a_thousand_strokes_that_stand_apart_are_no_text():
    film = np.full((1500, 1250), 30, np.float32)
    for top in range(10, 1480, 32):
        for left in range(10, 1230, 46):
            film[top : top + 12, left : left + 3] = film[top : top + 3, left : left + 9] = 200
    assert text_regions(film) == text_regions(film.T) == ()
    # Until some of them make a row.
    for left in range(20, 120, 14):
        film[10:22, left : left + 3] = film[10:13, left : left + 9] = 200
    (found,) = text_regions(film)
    assert found.where == "upper left"
    (turned,) = text_regions(film.T)
    assert (turned.left, turned.top) == (found.top, found.left)


def test_odd_films_do_no_harm():
    rng = np.random.default_rng(3)
    noise = rng.uniform(0, 255, (300, 400)).astype(np.float32)
    for film in (np.zeros((64, 64)), np.full((64, 900), 255.0), noise):
        assert isinstance(text_regions(film), tuple)
    assert text_regions(np.zeros((64, 64))) == ()
