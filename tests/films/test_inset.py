"""A film that lies in a picture among other things."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from kneeoa.films.phantom import draw_knee
from kneeoa.films.shape.inset import film_within

KNEE = draw_knee(1, seed=3, side=400, marked=False)


def page(ground=255, ink=0, *, height=900, width=1200, top=300, left=100, film=KNEE):
    """Return a page with a title, lines of text, and a film, as grey values."""
    image = Image.new("L", (width, height), ground)
    pen = ImageDraw.Draw(image)
    pen.text((60, 40), "Osteoarthritis of the knee", fill=ink, font=ImageFont.load_default(60))
    for row in range(250, height - 60, 40):
        text = "Pain for two years, worse on stairs."
        pen.text((left + len(film) + 60, row), text, fill=ink, font=ImageFont.load_default(28))
    if film is not None:
        image.paste(Image.fromarray(film), (left, top))
    return np.asarray(image, np.float32)


@pytest.mark.parametrize(("ground", "ink"), [(255, 0), (20, 230), (128, 255)])
def test_a_film_on_a_page_is_found_within_a_block(ground, ink):
    rows, columns = film_within(page(ground, ink))
    for side, start in ((rows, 300), (columns, 100)):
        assert abs(side.start - start) <= 14
        assert abs(side.stop - start - 400) <= 14


@pytest.mark.parametrize("side", [224, 400])
def test_a_film_that_is_all_of_a_picture_lies_in_none(side):
    for grade in range(5):
        alone = draw_knee(grade, seed=grade, side=side, marked=False)
        assert film_within(alone.astype(np.float32)) is None


def test_text_alone_is_no_film():
    words = page()
    words[300:700, 100:500] = 255
    assert film_within(words) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (64, 64), (900, 3)])
def test_small_and_empty_pictures_hold_no_film(shape):
    for grey in (0, 255):
        assert film_within(np.full(shape, grey, np.float32)) is None
    assert film_within(np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)) is None


def test_a_film_of_few_pixels_is_none():
    small = np.full((300, 300), 255, np.float32)
    small[100:150, 100:150] = 90
    assert film_within(small) is None
