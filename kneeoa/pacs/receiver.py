"""Films that a modality or a workstation pushes: a C-STORE receiver (SCP) by pynetdicom.

It answers C-ECHO, and takes in the storage classes of X-ray films. It says that it has a film when
whoever takes it has it; where that fails the sender is told so, and keeps it.
"""

import errno
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from pynetdicom import AE, _config, evt
from pynetdicom.dimse_messages import C_ECHO_RQ, C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE

from kneeoa.errors import KneeOAError, RadiographError
from kneeoa.films.apart.pool import workers
from kneeoa.films.apart.settings import MEGABYTE
from kneeoa.pacs.bounded.guarded import Guarded, GuardedServer
from kneeoa.pacs.inbox import FullInboxError
from kneeoa.pacs.part10 import FILMS, SECONDARY, is_uid
from kneeoa.pacs.problems import PacsError, hush
from kneeoa.pacs.settings import Receiver

_LOG = logging.getLogger(__name__)
_VERIFICATION = "1.2.840.10008.1.1"
"""What C-ECHO is asked under (PS3.4, A.4)."""
SYNTAXES = (
    "1.2.840.10008.1.2.1",  # explicit, little endian
    "1.2.840.10008.1.2",  # implicit
    "1.2.840.10008.1.2.1.99",  # deflated
    "1.2.840.10008.1.2.2",  # explicit, big endian
    "1.2.840.10008.1.2.4.50",  # JPEG
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",  # JPEG-LS
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90",  # JPEG 2000
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.201",  # HTJ2K
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.5",  # run lengths
)
"""How films may be written: what `kneeoa.films.dicom` reads."""
TAKEN, FULL, MISMATCH, CANNOT, NOT_NOW = 0x0000, 0xA700, 0xA900, 0xC000, 0xA701
"""Answers to a C-STORE (PS3.4, B.2.3); `NOT_NOW` is of the class of `FULL`."""
_DESCRIBED = "kneeoa.films.dicom.described.described"

# The library's handlers write messages to its log, which is hushed; one that they cannot take apart
# keeps it from ours.
_config.LOG_HANDLER_LEVEL = "none"


@dataclass(frozen=True, slots=True)
class Pushed:
    """A film that came.

    Attributes
    ----------
    data : its DICOM file
    sender : the title (AE) that it came from
    described : what its header says, see `kneeoa.films.dicom.described`
    """

    data: bytes = field(repr=False)
    sender: str
    described: dict[str, str] = field(repr=False)


class FilmReceiver:
    """Receives films and hands each to `sink`, which returns once it has it or raises.

    `sink` raises `FullInboxError` where there is no room. It is called from several threads.
    """

    def __init__(self, settings: Receiver, sink: Callable[[Pushed], object]):
        self.settings = settings
        self._sink = sink
        self._server: GuardedServer | None = None

    @property
    def port(self) -> int:
        """Where it listens, once it does: the port that was free, where 0 was asked for."""
        return self._server.server_address[1] if self._server else self.settings.port

    def start(self) -> None:
        """Begin to listen; raise `PacsError` where that cannot be."""
        hush()
        settings = self.settings
        entity = AE(ae_title=settings.ae_title)
        entity.require_called_aet = True
        entity.require_calling_aet = list(settings.callers)
        entity.maximum_associations = settings.connections
        entity.maximum_pdu_size = 65_536
        entity.network_timeout = entity.acse_timeout = settings.idle_seconds
        entity.dimse_timeout = settings.film_seconds
        entity.add_supported_context(_VERIFICATION)
        for kind in (*FILMS, *SECONDARY):
            entity.add_supported_context(kind, list(SYNTAXES))
        handlers: list[evt.EventHandlerType] = [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, _echo),
            (evt.EVT_ACCEPTED, _renew),
            (evt.EVT_DIMSE_RECV, _expect_patience),
        ]
        place = (settings.address, settings.port)
        try:
            server = cast(
                GuardedServer,
                entity.make_server(place, evt_handlers=handlers, server_class=GuardedServer),
            )
        except OSError as problem:
            raise PacsError(
                f"Expected to receive films on {settings.address}, port {settings.port}. "
                f"{_why(problem)}"
            ) from None
        server.guard(settings)
        # The first sender does not wait for decoders to be loaded.
        workers().warm()
        self._server = server
        serve = threading.Thread(target=server.serve_forever, args=(0.2,), daemon=True)
        serve.name = "receiver"
        serve.start()

    def stop(self) -> None:
        """Listen no more; what was not complete stays with its sender."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()

    def _store(self, event: evt.Event) -> int:
        _renew(event)
        try:
            return self._taken_in(event)
        finally:
            if (connection := _guarded(event)) is not None:
                connection.done()

    def _taken_in(self, event: evt.Event) -> int:
        request = cast(C_STORE, event.request)
        kind, instance = str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID)
        if kind != event.context.abstract_syntax or not is_uid(instance):
            return _refused(MISMATCH, "It is of another kind than was agreed on, or has no name.")
        data = event.encoded_dataset()
        if len(data) > self.settings.largest:
            most, size = self.settings.largest / MEGABYTE, len(data) / MEGABYTE
            return _refused(FULL, f"Expected at most {most:g} MB (largest_mb). It has {size:.0f}.")
        try:
            described = workers().run(_DESCRIBED, data).facts
        except RadiographError:
            # Busy decoders, or a header that ended one: the sender keeps it, and may try again.
            return _refused(NOT_NOW, "Its header could not be read now. It may be sent again.")
        if described["instance"] != instance or described["sop_class"] not in ("", kind):
            return _refused(MISMATCH, "What is in it is not what its sender says.")
        try:
            self._sink(Pushed(data, str(event.assoc.requestor.ae_title).strip(), described))
        except FullInboxError as problem:
            return _refused(FULL, str(problem))
        except KneeOAError as problem:
            return _refused(CANNOT, str(problem))
        except Exception as fault:
            # Its words may quote the film, and the library's own are kept out of the log.
            _LOG.error("A fault of the program: a film was not taken: %s", type(fault).__name__)
            return CANNOT
        return TAKEN


def _refused(status: int, why: str) -> int:
    """Return `status`, and have the log say why: only the sender would know, and may not tell."""
    _LOG.warning("A film that was pushed was not taken: %s", why)
    return status


def _echo(event: evt.Event) -> int:
    _renew(event)
    return TAKEN


def _renew(event: evt.Event) -> None:
    """Have the connection's bounds begin anew."""
    if (connection := _guarded(event)) is not None:
        connection.renew()


def _expect_patience(event: evt.Event) -> None:
    """End a connection whose sender does not wait for answers, as all have to (PS3.7, D.3.3.3).

    The library would keep whatever comes meanwhile, for as long as it comes. It would also keep, or
    begin a thread for, what is asked of others than receivers.
    """
    is_alone = event.assoc.dimse.msg_queue.empty()
    is_for_us = is_alone and isinstance(event.message, C_STORE_RQ | C_ECHO_RQ)
    if not is_for_us and (connection := _guarded(event)) is not None:
        connection.end()


def _guarded(event: evt.Event) -> Guarded | None:
    owner = event.assoc.dul.socket
    connection = None if owner is None else owner.socket
    return connection if isinstance(connection, Guarded) else None


def _why(problem: OSError) -> str:
    if problem.errno == errno.EADDRINUSE:
        return "Another program listens there: end it, or choose another port."
    if problem.errno == errno.EADDRNOTAVAIL:
        return "This machine has no such address."
    if problem.errno == errno.EACCES:
        return "A port below 1024 needs rights that this program does not have: choose another."
    return f"{problem.strerror or type(problem).__name__}."
