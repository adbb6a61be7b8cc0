"""Cases as readers save them, for tests of the store and of pages."""

from datetime import UTC, datetime

from kneeoa.films.frames import Frame
from kneeoa.graders.locating.gate import NOT_A_KNEE
from kneeoa.store.cases.case import FilmState, KneeState, NewCase

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def knee(said=2, low=None, high=None, *, side="R", networks=None, **more):
    """A knee of which both networks say the same, unless told otherwise."""
    low, high = said if low is None else low, said if high is None else high
    networks = {"mobilenet": said, "resnet50": said} if networks is None else networks
    return KneeState(side, Frame(0, 0, 224, 224), said, low, high, networks, **more)


def refused(side="unknown"):
    """A knee that is not graded."""
    return KneeState(side, Frame(0, 0, 224, 224), findings=(NOT_A_KNEE,))


def new_case(digest="a" * 64, name="one.png", knees=None, **more):
    """A case of a film with one knee."""
    state = FilmState(knees=(knee(),) if knees is None else tuple(knees))
    return NewCase(digest, name, more.pop("source", "PNG"), state, **more)
