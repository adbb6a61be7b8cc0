"""How often text in the pixels is warned of: python -m tests.benchmarks.text_in_films FOLDER...

Of the films below each folder: how many are warned of as they are, with a name printed into a
corner in black or white, and with a side marker. What docs/reports.md says comes from here.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import reportlab
from PIL import Image, ImageDraw, ImageFont

from kneeoa.errors import KneeOAError
from kneeoa.films.formats import might_be_film
from kneeoa.films.radiograph import open_radiograph
from kneeoa.reports.burned_in import text_regions

FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
NAME, MARKERS = "DOE, JOHN 1956-08-23", ("L", "R")
SIZES = (9, 11, 14)
"""Of the letters, in pixels of the font."""
MOST = 300
"""Films of a folder that are looked at, spread over it."""


def main(folders: list[str]) -> None:
    """Print a line for each folder."""
    print("folder, films, warned of as they are, with a name, with a marker")
    for folder in map(Path, folders):
        films = list(films_below(folder))
        plain = sum(bool(text_regions(film)) for film in films)
        named = [_is_seen(film, NAME, number) for number, film in enumerate(films)]
        marked = [_is_seen(film, MARKERS[number % 2], number) for number, film in enumerate(films)]
        print(f"{folder.name}, {len(films)}, {plain}, {sum(named)}, {sum(marked)}", flush=True)


def films_below(folder: Path) -> Iterator[np.ndarray]:
    """Yield the pixels of films below `folder`, at most `MOST`."""
    files = sorted(file for file in folder.rglob("*") if might_be_film(file))
    for file in files[:: max(1, -(-len(files) // MOST))]:
        try:
            yield open_radiograph(file).pixels
        except KneeOAError:
            continue


def _is_seen(film, text, number):
    """Return whether text is warned of; size, shade and corner change from film to film."""
    size = SIZES[number % len(SIZES)]
    image = Image.fromarray(film.round().astype(np.uint8))
    font = ImageFont.truetype(str(FONT), size)
    y = 4 if number % 4 < 2 else image.height - size - 6
    ImageDraw.Draw(image).text((4, y), text, 255 * (number % 2), font)
    return bool(text_regions(np.asarray(image, np.float32)))


if __name__ == "__main__":
    main(sys.argv[1:])
