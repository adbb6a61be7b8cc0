"""One film of a session: its file, what was found and read, and its pixels while there is room."""

import contextlib
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import numpy as np

from kneeoa.errors import KneeOAError
from kneeoa.films import display, phantom
from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph, read_radiograph
from kneeoa.graders.grading import Reading
from kneeoa.graders.locating.found import Found, inverted, turned_right
from kneeoa.graders.locating.gate import Finding
from kneeoa.graders.together import TogetherReading
from kneeoa.jointspace.width import JointSpace
from kneeoa.reports.dicom.named import Named
from pages.shared.memory.holding import holding
from pages.shared.memory.working import at_work
from pages.shared.viewer.feed import FilmFeed, film_feed

THUMBNAIL, SMALL = 180, 96
"""Pixels of the longer sides of its pictures."""


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    radiograph: Radiograph
    fed: FilmFeed | None = None

    @property
    def size(self):
        stored = self.radiograph.stored
        return (
            self.radiograph.pixels.nbytes
            + (stored.values.nbytes if stored else 0)
            + (len(self.fed.pixels) if self.fed else 0)
        )


Readings = tuple[tuple[Reading, ...], TogetherReading | None]


@dataclass(eq=False)
class Film:
    """One film, what was found in it, and the readings made of frames so far.

    Attributes
    ----------
    data : its file, from which its pixels can be had again
    name, digest, source, bits, notes : as of its `Radiograph`
    shape : (H, W) of the film as it is shown
    localised : what the localiser found in the film as it is shown
    known : what stands against it that its file does not say, because its patient was taken out
    quarters : by how many quarter turns it is shown turned, clockwise
    positive : whether it is shown inverted, because it came as a negative
    changes : in words, what the reader had done to it
    anyway : whether the reader wants a grade although the film was refused
    drawn : whether it is one of the synthetic films, as its file says, or a case of it
    looked_at : whether the reader turned to it
    readings : of each network, and of both together, by frame and by the digest of the profile,
        empty as published
    framings : what was found as it is framed under a profile, by the profile's digest
    against : what stands against frames that the reader moved
    joint_spaces : by frame, side and box of the knee
    thumbnail : a small picture of it as an address, once it has been shown
    text : what must be known of text in its pixels, once that was looked for
    text_looked_for : has it looked for, where that was asked for
    other_names : of files with the same bytes, which are this film
    named : whose it is by its file, once that was asked for; in no log
    is_unnamed : whether its patient is not to be named, since who brought the film has signed out
    """

    data: bytes = field(repr=False)
    name: str
    digest: str
    source: str
    bits: int
    notes: tuple[str, ...]
    shape: tuple[int, int]
    localised: Found
    quarters: int = 0
    positive: bool = False
    changes: tuple[str, ...] = ()
    anyway: bool = False
    drawn: bool = False
    looked_at: bool = False
    readings: dict[tuple[Frame, str], Readings] = field(default_factory=dict)
    known: tuple[Finding, ...] = ()
    framings: dict[str, Found] = field(default_factory=dict)
    against: dict[Frame, tuple[Finding, ...]] = field(default_factory=dict)
    joint_spaces: dict[tuple[Frame, str, Frame], JointSpace] = field(default_factory=dict)
    thumbnail: str = ""
    text: str | None = None
    text_looked_for: Future[str] | None = field(default=None, repr=False)
    other_names: tuple[str, ...] = ()
    named: Named | None = field(default=None, repr=False)
    is_unnamed: bool = False
    _held: _Held | None = field(default=None, repr=False)

    @classmethod
    def received(
        cls, data: bytes, radiograph: Radiograph, localised: Found, session: str
    ) -> "Film":
        """Return a film that has just come into `session`: `radiograph` is what `data` holds."""
        film = cls(
            data,
            radiograph.name,
            radiograph.digest,
            radiograph.source,
            radiograph.bits,
            radiograph.notes,
            radiograph.pixels.shape,
            localised,
            drawn=phantom.is_drawn(data),
        )
        holding().keep(film, session, len(data))
        film.show(radiograph, localised)
        return film

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames proposed for its knees."""
        return self.localised.frames

    @property
    def radiograph(self) -> Radiograph:
        """The film as it is shown; decoded again where its pixels had to be let go.

        Asked for only where pixels are needed: name, shape and the like are known without.
        """
        return self._hold().radiograph

    @property
    def feed(self) -> FilmFeed:
        """What the viewer shows of it."""
        held = self._held
        if held is not None and held.fed is not None:
            holding().used(self)
            return held.fed
        # Waited for before the pixels are had: they would be held meanwhile.
        with at_work():
            held = self._hold()
            fed = held.fed or film_feed(held.radiograph)
            with_feed = replace(held, fed=fed)
            if self._held is held:  # else it is shown otherwise by now
                self._take(with_feed)
            return fed

    def original(self) -> Radiograph:
        """Return the film as it came, decoded again."""
        return read_radiograph(self.data, self.name)

    def as_it_came(self) -> np.ndarray | None:
        """Return the pixels of its file, where they are at hand: it is not shown otherwise."""
        held = self._held
        is_same = held is not None and not self.quarters and not self.positive
        return held.radiograph.pixels if held is not None and is_same else None

    def show(self, radiograph: Radiograph, localised: Found) -> None:
        """Show `radiograph`, the film as it came or turned, with what was `localised` in it.

        It is shown as it is graded: a negative as its positive, which a warning says.
        """
        self.localised = localised
        self.know(self.known)
        self.positive ^= localised.negative
        shown = localised.to_grade(radiograph)
        self.shape = shown.pixels.shape
        self.anyway, self.thumbnail = False, ""
        self.text = self.text_looked_for = None  # a warning says where it stands
        self._take(_Held(shown))
        # New ones, and last: what is still being made of the film as it was goes into the old ones,
        # and whoever gets these has the new pixels.
        self.readings, self.framings, self.against, self.joint_spaces = {}, {}, {}, {}

    def know(self, known: Iterable[Finding]) -> None:
        """Have what is `known` stand against the film, however it is shown."""
        self.known = tuple(dict.fromkeys(known))
        against = tuple(dict.fromkeys((*self.localised.of_film, *self.known)))
        self.localised = replace(self.localised, of_film=against)

    def rename(self, name: str) -> None:
        """Call the film otherwise; what it was called goes to its other names."""
        before, self.name = self.name, name
        self.is_unnamed = False  # whoever brings it may read it
        self.came_as(before)
        if held := self._held:
            self._held = replace(held, radiograph=replace(held.radiograph, name=name))

    def came_as(self, name: str) -> None:
        """Note that it came once more, as a file of that name."""
        names = dict.fromkeys((*self.other_names, name))
        self.other_names = tuple(other for other in names if other != self.name)

    def let_go(self) -> None:
        """Drop the pixels; they come back when they are asked for."""
        self._held = None

    def picture(self) -> str:
        """Return a small picture of the film as an address, made once."""
        if not self.thumbnail:
            with at_work():
                small = display.fit_within(self.radiograph.pixels, THUMBNAIL)
            self.thumbnail = display.png_uri(display.to_uint8(small))
        return self.thumbnail

    def small_picture(self) -> bytes:
        """Return a smaller one, as a PNG, to be kept for a list."""
        small = display.fit_within(self.radiograph.pixels, SMALL)
        return display.png(display.to_uint8(small))

    def text_warning(self) -> str:
        """Return what must be known of text in its pixels, looked for once; mostly nothing."""
        if self.text is None:
            from kneeoa.reports.burned_in import warning  # late, as all that few films need
            from kneeoa.reports.dicom.source import source_of

            burned_in = ""
            with contextlib.suppress(KneeOAError):  # it was read: then its header says nothing
                burned_in = source_of(self.data).burned_in if self.source == "DICOM" else ""
            self.text = warning(self.radiograph.pixels, burned_in)
        return self.text

    def _hold(self):
        held = self._held
        if held is None:
            with at_work():
                as_asked = quarters, positive = self.quarters, self.positive
                shown = self.original()
                if quarters:
                    shown = turned_right(shown, quarters)
                held = _Held(inverted(shown) if positive else shown)
                if as_asked == (self.quarters, self.positive):  # else shown otherwise meanwhile
                    self._take(held)
        else:
            holding().used(self)
        return held

    def _take(self, held):
        self._held = held
        holding().hold(self, held.size)
