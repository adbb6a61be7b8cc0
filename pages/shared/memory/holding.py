"""Which films are held in memory, of which session; the pixels of the oldest go first.

A film's file is kept as long as the session keeps the film; its pixels are many times as large, can
be had again from the file, and are let go where room is needed.
"""

import gc
import itertools
import threading
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from kneeoa.films.apart.settings import MEGABYTE
from pages.shared.memory.limits import FullError, Limits, limits_from


class LetsGo(Protocol):
    """What can do without its pixels."""

    def let_go(self) -> None:
        """Drop the pixels; they come back when they are asked for."""


@dataclass(slots=True)
class _Entry:
    film: weakref.ref
    session: str
    kept: int
    pixels: int = 0


class Holding:
    """What is held. Safe to use from many threads; a film that nobody has any more is forgotten."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self._lock = threading.Lock()
        self._entries: dict[int, _Entry] = {}
        """By number, the film that was used last at the end."""
        self._numbers = itertools.count()
        self._number_of: weakref.WeakKeyDictionary[LetsGo, int] = weakref.WeakKeyDictionary()
        self._gone: deque[int] = deque()
        """Filled when a film is forgotten, which may be in the middle of anything."""

    def expect_room(self, session: str, kept: int) -> None:
        """Raise `FullError` where a file of `kept` bytes has no place, whatever pixels go."""
        with self._lock:
            self._forget_gone()
            if self._kept(session) + kept > self.limits.films:
                raise FullError(
                    f"Your films take {self.limits.films / MEGABYTE:.0f} MB, as much as one "
                    "session may hold. They all stay: remove some that you have read, then add "
                    "this one."
                )
            if self._kept() + kept <= self.limits.all_films:
                return
        # What a session has left behind in a circle is found by this alone.
        gc.collect()
        with self._lock:
            self._forget_gone()
            if self._kept() + kept > self.limits.all_films:
                raise FullError(
                    "The server holds as many films of its readers as it can. Yours all stay: add "
                    "this one later, or remove some that you have read."
                )

    def has_room_beside(self, film: LetsGo | None, session: str, more: int) -> bool:
        """Return whether `more` bytes have a place though all that is kept stays, and `film` whole.

        Pixels of the session's other films may go for it, those of other sessions may not.
        """
        with self._lock:
            self._forget_gone()
            shown = self._entries.get(self._number_of.get(film, -1)) if film else None
            stays = shown.pixels if shown else 0
            others = sum(e.pixels for e in self._entries.values() if e.session != session)
            return (
                self._kept(session) + stays + more <= self.limits.films
                and self._kept() + others + stays + more <= self.limits.all_films
            )

    def keep(self, film: LetsGo, session: str, kept: int) -> None:
        """Note that `session` keeps a film whose file has `kept` bytes."""
        with self._lock:
            number = next(self._numbers)
            self._number_of[film] = number
            self._entries[number] = _Entry(weakref.ref(film), session, kept)
        weakref.finalize(film, self._gone.append, number)

    def hold(self, film: LetsGo, pixels: int) -> None:
        """Note that a film's pixels take `pixels` bytes, and let go others' for which no room is.

        Its own are never let go here: somebody is looking at them.
        """
        with self._lock:
            self._forget_gone()
            entry = self._moved_to_end(film)
            if entry is None:
                return
            entry.pixels = pixels
            others = [
                other for other in self._entries.values() if other is not entry and other.pixels
            ]
            for other in others:
                too_much = self._taken(entry.session) > self.limits.films
                if (too_much and other.session == entry.session) or (
                    self._taken() > self.limits.all_films
                ):
                    other.pixels = 0
                    if (known := other.film()) is not None:
                        known.let_go()

    def used(self, film: LetsGo) -> None:
        """Note that a film's pixels were looked at, so that others go before."""
        with self._lock:
            self._moved_to_end(film)

    def kept(self, session: str) -> int:
        """Return the bytes of the files that a session keeps."""
        with self._lock:
            self._forget_gone()
            return self._kept(session)

    def taken(self, session: str | None = None) -> int:
        """Return the bytes that are held, of one session or of all."""
        with self._lock:
            self._forget_gone()
            return self._taken(session)

    def _moved_to_end(self, film):
        number = self._number_of.get(film)
        if number is None or number not in self._entries:
            return None
        entry = self._entries[number] = self._entries.pop(number)
        return entry

    def _taken(self, session=None):
        return self._kept(session) + sum(
            entry.pixels for entry in self._entries.values() if session in (None, entry.session)
        )

    def _kept(self, session=None):
        return sum(
            entry.kept for entry in self._entries.values() if session in (None, entry.session)
        )

    def _forget_gone(self):
        while self._gone:
            self._entries.pop(self._gone.popleft(), None)


_lock = threading.Lock()
_holding: Holding | None = None


def holding() -> Holding:
    """Return what this server holds, with the limits of the environment."""
    global _holding
    with _lock:
        if _holding is None:
            _holding = Holding(limits_from())
        return _holding
