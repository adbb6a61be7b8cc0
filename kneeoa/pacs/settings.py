"""Which archives there are, and how films may be pushed: said by the server's owner alone.

Nothing that a page or an address says leads to another host. Passwords and tokens stay where the
owner keeps them, an environment variable or a file; they are read when a connection is made.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from kneeoa.errors import ConfigError
from kneeoa.files import read_regular
from kneeoa.films.apart.settings import MEGABYTE

FILE, URL = "KNEEOA_PACS", "KNEEOA_PACS_URL"
_LONGEST_SECRET = 20_000


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a password or token is kept: in an environment variable, or in a file."""

    variable: str = ""
    file: str = ""

    def read(self, environment: Mapping[str, str] | None = None) -> str:
        """Return the secret; raise `ConfigError`, which quotes nothing, where it is not there."""
        if self.variable:
            secret = (os.environ if environment is None else environment).get(self.variable, "")
            where = f"the environment variable {self.variable}"
        else:
            where = f"the file {self.file}"
            try:
                secret = read_regular(Path(self.file), _LONGEST_SECRET).decode().strip("\r\n")
            except (OSError, ValueError):
                secret = ""
        if not secret or not secret.isprintable():
            raise ConfigError(
                f"Expected the archive's password or token in {where}. There is none, or it cannot "
                "be read as one line of text."
            )
        return secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A DICOMweb archive.

    Attributes
    ----------
    name : what pages and commands call it
    url : the address of its DICOMweb service, without a slash at the end
    user : with `password`, for HTTP's basic log-in; empty without
    password, token : where they are kept; `token` is sent as ``Bearer``
    authority : a file of certificates (PEM) that it is checked against; empty: the usual ones
    verify : whether its certificate is checked at all
    sends : whether reports may be sent there
    connect_seconds : to reach it
    answer_seconds : for the whole answer to a query
    transfer_seconds : for a film, or a report
    """

    name: str
    url: str
    user: str = ""
    password: Secret | None = None
    token: Secret | None = None
    authority: str = ""
    verify: bool = True
    sends: bool = True
    connect_seconds: float = 5
    answer_seconds: float = 30
    transfer_seconds: float = 120

    @property
    def host(self) -> str:
        """The host and port in its address."""
        return urlsplit(self.url).netloc

    @property
    def most_seconds(self) -> float:
        """How long sending a report may take, with asking first whether it is there."""
        return self.answer_seconds + self.transfer_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """An archive that takes reports by the classic C-STORE, and nothing else.

    Attributes
    ----------
    name : what pages and commands call it
    host, port : where it listens
    ae_title : what it is called
    own_title : as whom it is called
    connect_seconds, transfer_seconds : as of a `Server`
    """

    name: str
    host: str
    port: int
    ae_title: str
    own_title: str = "KNEEOA"
    connect_seconds: float = 5
    transfer_seconds: float = 120

    @property
    def sends(self) -> bool:
        """Whether reports may be sent there."""
        return True

    @property
    def most_seconds(self) -> float:
        """How long sending a report may take."""
        return self.connect_seconds + self.transfer_seconds


Taker = Server | Station
"""An archive that reports can be sent to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """How films can be pushed (C-STORE).

    Attributes
    ----------
    ae_title : what a modality has to call it by
    address, port : where it listens
    callers : the titles of those that may push; empty: all that reach it
    in_dashboard : whether the dashboard receives, or ``python -m kneeoa pacs receive``
    folder : where films wait until they are read, empty: in memory, and gone with the server
    most_films, most_bytes : what waits at most; more is refused, so that the sender keeps it
    largest : bytes of one film
    film_seconds : for one film to arrive
    idle_seconds : after which a sender that says nothing is let go
    connections : senders at once
    """

    ae_title: str = "KNEEOA"
    address: str = "127.0.0.1"
    port: int = 11112
    callers: tuple[str, ...] = ()
    in_dashboard: bool = True
    folder: str = ""
    most_films: int = 500
    most_bytes: int = 300 * MEGABYTE
    largest: int = 100 * MEGABYTE
    film_seconds: float = 120
    idle_seconds: float = 60
    connections: int = 3


_Archive = TypeVar("_Archive", bound=Taker)


@dataclass(frozen=True, slots=True)
class Pacs:
    """All that the owner configured."""

    servers: tuple[Server, ...] = ()
    stations: tuple[Station, ...] = ()
    receiver: Receiver | None = None

    def server(self, name: str = "") -> Server:
        """Return the server called `name`, by default the first; raise `ConfigError` for none."""
        if name in {station.name for station in self.stations}:
            raise ConfigError(
                f"Expected an archive that can be asked. {name} takes reports alone: it has no url "
                "in the settings."
            )
        return _named(name, self.servers)

    def taker(self, name: str = "") -> Taker:
        """Return the archive called `name`, by default the first of `takers`; raise as `server`."""
        return _named(name, (*self.takers, *self.servers))

    @property
    def takers(self) -> tuple[Taker, ...]:
        """The archives that take reports."""
        return (*(server for server in self.servers if server.sends), *self.stations)

    @property
    def is_there(self) -> bool:
        """Whether anything is configured."""
        return bool(self.servers or self.stations) or self.receiver is not None


def _named(name: str, archives: Sequence[_Archive]) -> _Archive:
    for archive in archives:
        if name in ("", archive.name):
            return archive
    if not archives:
        raise ConfigError(
            f"Expected an archive. None is configured: name one in {URL}, or in the file that "
            f"{FILE} names."
        )
    known = ", ".join(dict.fromkeys(archive.name for archive in archives))
    raise ConfigError(f"Expected one of the archives {known}. Received another name.")
