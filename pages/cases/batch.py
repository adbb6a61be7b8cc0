"""Many films at once, read behind the pages: one thread a session, one film at a time for all.

What was read becomes a film of the session; what was refused keeps its sentence.
"""

import logging
import os
import re
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from kneeoa.errors import DataError, KneeOAError
from kneeoa.films import unpacked
from kneeoa.films.apart.pool import workers
from kneeoa.films.formats import detect
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.grading import Graders
from kneeoa.store.cases import settings
from kneeoa.zipped import ZippedFile
from pages.cases import called
from pages.shared import session_films
from pages.shared.cases import arrivals, knees, text_in_pixels
from pages.shared.memory.film import Film
from pages.shared.memory.holding import holding
from pages.shared.memory.working import at_work

_DESCRIBED = "kneeoa.films.dicom.described.described"
_OF_CD = re.compile(r"([A-Z]{0,3}[0-9]+|[0-9A-F]{8})(\.dcm)?", re.IGNORECASE)
"""Names that machines give to the files of a CD."""
MOST_FILMS = 500
"""Films that wait in one session; more are for the command line."""
_KEY = "batch"
_LOG = logging.getLogger(__name__)
_ONE_AT_A_TIME = threading.Semaphore(1)


@dataclass(eq=False)
class Held:
    """An upload whose films wait: it counts as this session's until the last of them is read."""

    data: bytes = field(repr=False)

    def let_go(self) -> None:
        """It has no pixels."""


@dataclass(eq=False, slots=True)
class Item:
    """One file of a batch; `source` is where its bytes are, until it is read."""

    name: str
    source: Held | tuple[Held, ZippedFile] | None = field(repr=False)
    state: Literal["waiting", "being read", "read", "refused"] = "waiting"
    why: str = ""
    is_behind_key: bool = False
    """Whether it came from where only the key of the list leads. Read says why one was not read."""
    is_left: bool = False
    """Whether nobody waits for it any more."""

    def data(self) -> bytes:
        """Return the bytes of the film; raise `KneeOAError` where they cannot be had."""
        if isinstance(self.source, Held):
            return self.source.data
        if self.source is None:
            raise DataError("Expected a film that waits. It was read: choose it again.")
        _, file = self.source
        DEFAULT_LIMITS.check_bytes(file.size)
        return file.read_bytes()


class Batch:
    """What one session has had read behind its pages. Pages look, a thread of its own works.

    Films go to `arriving`, which the session takes in. Work rests where `wanted` says that nobody
    is there, until `go_on`.
    """

    def __init__(
        self,
        holder: str,
        arriving: deque[Film | tuple[str, KneeOAError]],
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self.items: list[Item] = []
        self._holder, self._arriving, self._wanted = holder, arriving, wanted
        self._waiting: deque[tuple[Item, Graders]] = deque()
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None

    def add(self, name: str, data: bytes, graders: Graders, *, is_behind_key: bool = False) -> str:
        """Have a film, or the films of a ZIP, read by `graders`; return what there is to say.

        A film that `is_behind_key` is left where its reader signs out before it is read.

        Raises `KneeOAError` where the ZIP is none, there is no room, or too many films wait.
        """
        holding().expect_room(self._holder, len(data))
        held, sentence = Held(data), ""
        if unpacked.is_zip(data):
            unzipped = unpacked.films_of(data)
            items = [Item(file.shown, (held, file)) for file in unzipped.films]
            sentence = f"{name}: {unzipped.sentence}" if unzipped.sentence else ""
        else:
            items = [Item(name, held, is_behind_key=is_behind_key)]
        if len(self._waiting) + len(items) > MOST_FILMS:
            raise DataError(
                f"Expected at most {MOST_FILMS} films to wait. Received more: add fewer at a "
                "time, or use the command line (python -m kneeoa grade)."
            )
        holding().keep(held, self._holder, len(data))
        self.items += items
        self._begin((item, graders) for item in items)
        return sentence

    @property
    def left(self) -> int:
        """How many films are still to be read."""
        return sum(item.state in ("waiting", "being read") for item in list(self.items))

    def stop(self) -> None:
        """Leave what waits unread; the film that is being read is read to its end."""
        self._waiting.clear()
        self.items = [item for item in self.items if item.state != "waiting"]

    def leave(self) -> None:
        """Leave unread, or hand over no more, what came from behind the key of the list."""
        with self._lock:
            stay = [waiting for waiting in self._waiting if not waiting[0].is_behind_key]
            self._waiting.clear()
            self._waiting.extend(stay)
            for item in self.items:
                item.is_left |= item.is_behind_key
            self.items = [item for item in self.items if not item.is_left]

    def tidy(self) -> None:
        """Forget what was read or refused; the films themselves stay in the session."""
        self.items = [item for item in self.items if item.state in ("waiting", "being read")]

    def go_on(self) -> None:
        """Go on with what waits, where work rests."""
        self._begin(())

    def _begin(self, work: Iterable[tuple[Item, Graders]]) -> None:
        with self._lock:
            self._waiting.extend(work)
            if self._waiting and self._worker is None:
                self._worker = threading.Thread(target=self._work, name="batch", daemon=True)
                self._worker.start()

    def _work(self):
        while True:
            with self._lock:
                if not self._waiting or not self._wanted():
                    self._worker = None
                    return
            with _ONE_AT_A_TIME:
                try:
                    item, graders = self._waiting.popleft()
                except IndexError:  # stopped meanwhile
                    continue
                self._read(item, graders)

    def _read(self, item, graders):
        item.state = "being read"
        try:
            is_of_zip = isinstance(item.source, tuple)
            data, item.source = item.data(), None
            name = named_on_cd(data, item.name) if is_of_zip else item.name
            self._hand_over(item, read_film(name, data, graders, self._holder))
            item.state = "read"
        except KneeOAError as error:
            item.state, item.why = "refused", str(error)
            if item.is_behind_key:
                self._hand_over(item, (item.name, error))
        except Exception as fault:
            # A bug, which goes to the log; the next film is read all the same. Not its own words,
            # which may quote the film.
            where = "".join(traceback.format_tb(fault.__traceback__))
            _LOG.error("A film was not read: %s\n%s", type(fault).__name__, where)
            item.state, item.why = "refused", "It could not be read: a fault of this program."
        finally:
            item.source = None

    def _hand_over(self, item, film):
        with self._lock:
            if not item.is_left:
                self._arriving.append(film)


def named_on_cd(data: bytes, path: str) -> str:
    """Return what a film of a ZIP is called: on a CD, whose files are all called IM000000, by day.

    A name that somebody gave it stays.
    """
    file = PurePosixPath(path)
    if detect(data) != "DICOM" or not _OF_CD.fullmatch(file.name):
        return path
    described = workers().run(_DESCRIBED, data).facts
    day, about = called.day_of(described), called.about_of(described)
    return called.called(day, about) if day or about else path


def read_film(name: str, data: bytes, graders: Graders, holder: str) -> Film:
    """Return a film of which every knee that may be graded was read, and its small picture."""
    with at_work():
        radiograph = read_radiograph(data, name)
        holding().expect_room(holder, len(data))
        film = Film.received(data, radiograph, graders.localiser.find(radiograph), holder)
    framed = knees.framed_as(film, graders.profile)
    for knee in framed.knees:
        if knees.may_be_graded(film, film.localised.against(knee)):
            session_films.read(film, knee.frame, graders)
    film.picture()
    if os.environ.get(settings.KEY):
        # Asked for where many are saved at once; while its pixels are at hand.
        text_in_pixels.look(film).result()
    return film


def current() -> Batch:
    """Return the batch of this session."""
    batch = st.session_state.get(_KEY)
    if batch is None:
        context = get_script_run_ctx()
        wanted = _is_there(context.session_id if context else "")
        batch = Batch(session_films.holder(), arrivals.arriving(), wanted)
        st.session_state[_KEY] = batch
        arrivals.note_behind(batch)
    batch.go_on()
    return batch


def _is_there(session_id):
    """Return what says whether a browser still has this session."""

    def is_there() -> bool:
        return not runtime.exists() or runtime.get_instance().is_active_session(session_id)

    return is_there
