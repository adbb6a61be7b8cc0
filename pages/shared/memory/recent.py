"""Films of the server's own folders that were shown lately: decoded once, while there is room.

Many readers look at the same film, and a page asks for it at every key press. How many are kept
follows from their size: those of a data set may be small squares, or whole films of a hospital.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from kneeoa.films.apart.settings import MEGABYTE
from kneeoa.films.radiograph import Radiograph, read_radiograph

MOST = 100 * MEGABYTE


class RecentFilms:
    """Decoded films of at most `most` bytes, and always the last one. Safe to share."""

    def __init__(
        self,
        most: int = MOST,
        decode: Callable[[bytes, str], Radiograph] = read_radiograph,
    ):
        self._most, self._decode = most, decode
        self._films: OrderedDict[str, Radiograph] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, name: str, data: bytes) -> Radiograph:
        """Return the film in the bytes of a file; raise as `read_radiograph` does."""
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            film = self._films.get(digest)
        film = film or self._decode(data, name)
        with self._lock:
            self._films[digest] = film
            self._films.move_to_end(digest)
            while len(self._films) > 1 and self.taken() > self._most:
                self._films.popitem(last=False)
        return film if film.name == name else replace(film, name=name)

    def taken(self) -> int:
        """Return the bytes of the pixels that are kept."""
        return sum(
            film.pixels.nbytes + (film.stored.values.nbytes if film.stored else 0)
            for film in self._films.values()
        )
