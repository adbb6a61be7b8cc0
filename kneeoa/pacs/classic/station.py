"""A report to an archive by C-STORE: for the many that have no DICOMweb.

Messages are written and read by pynetdicom; the exchange itself is made here, in one thread and
with an end. An object passes as the bytes it is.
"""

import contextlib
import io
import socket
from collections.abc import Iterator
from typing import Any

from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu import (
    A_ABORT_RQ,
    A_ASSOCIATE_AC,
    A_ASSOCIATE_RJ,
    A_ASSOCIATE_RQ,
    A_RELEASE_RQ,
    P_DATA_TF,
)
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    A_RELEASE,
    ImplementationClassUIDNotification,
    MaximumLengthNotification,
)
from pynetdicom.presentation import build_context
from pynetdicom.transport import AddressInformation

from kneeoa.pacs.bounded.exchange import Deadline
from kneeoa.pacs.part10 import Identity, data_set, identity
from kneeoa.pacs.problems import (
    LostError,
    NotThereError,
    RefusedError,
    for_status_of_store,
    hush,
)
from kneeoa.pacs.settings import Station

_APPLICATION = "1.2.840.10008.3.1.1.1"
"""The one application context of DICOM (PS3.7, A.2.1)."""
_OURS = "1.2.826.0.1.3680043.9.3811.3.0.4"
"""Of pynetdicom, which writes the messages."""
_CONTEXT, _MESSAGE = 1, 1
_PART = 16_382
"""Bytes of one part of a message that we take, and send where the other side names no number."""
_MOST = 1_000_000
"""Bytes of one part of an answer, which has a few hundred."""
_MOST_PARTS = 20
_WARNINGS = range(0xB000, 0xC000)
"""The object is kept, with something changed or not liked in it (PS3.4, B.2.3)."""
_WHO_CALLS, _WHO_IS_CALLED = 3, 7
"""Why a connection is rejected for good, by the service user (PS3.8, 9.3.4)."""
_BY_USER = 1


class Classic:
    """Such an archive; sending is one exchange, which ends within the owner's limits."""

    def __init__(self, station: Station):
        self.station = station
        self._expected = f"Expected an answer of the archive {station.name}."
        hush()

    def holds(self, instance: str) -> bool | None:
        """Return that it does not say what it has: C-STORE asks nothing."""
        return None

    def store(self, data: bytes) -> None:
        """Send an object as it is; returns when the archive says that it has it.

        Raises as `kneeoa.pacs.web.Web.store` does.
        """
        file_meta, content = identity(data), data_set(data)
        seconds = self.station.transfer_seconds
        lost: type[LostError] = NotThereError
        with Deadline(seconds) as deadline:
            try:
                with self._connected(deadline) as connection:
                    most = self._associated(connection, file_meta)
                    lost = LostError
                    status = self._stored(connection, file_meta, content, most)
            except (LostError, RefusedError):
                raise
            except Exception as problem:
                # Of the network, or of reading what came: a library's own words may quote it.
                if deadline.is_over() or isinstance(problem, TimeoutError):
                    raise lost(
                        f"{self._expected} It did not finish within {seconds:g} seconds. It is "
                        "tried again; give it more time in the settings where that is often."
                    ) from None
                raise lost(f"{self._expected} {self._why(problem)}") from None
        if status and status not in _WARNINGS:
            raise for_status_of_store(self.station.name, status)

    @contextlib.contextmanager
    def _connected(self, deadline: Deadline) -> Iterator["_Connection"]:
        here = self.station
        seconds = min(here.connect_seconds, deadline.left)
        with socket.create_connection((here.host, here.port), seconds) as connection:
            deadline.watch(connection)
            connection.settimeout(deadline.left)
            yield _Connection(connection)

    def _stored(
        self, connection: "_Connection", file_meta: Identity, content: bytes, most: int
    ) -> int:
        """Return the status that the archive answers an object with; `most` as `_associated`."""
        request = C_STORE()
        request.MessageID, request.Priority = _MESSAGE, 0
        request.AffectedSOPClassUID = file_meta.sop_class
        request.AffectedSOPInstanceUID = file_meta.sop_instance
        request.DataSet = io.BytesIO(content)
        message = C_STORE_RQ()
        message.primitive_to_message(request)
        for part in message.encode_msg(_CONTEXT, most):
            connection.send(P_DATA_TF(), part)
        status = self._status(connection, file_meta)
        with contextlib.suppress(Exception):  # it has said what it had to
            connection.send(A_RELEASE_RQ(), A_RELEASE())
            connection.receive()
        return status

    def _associated(self, connection: "_Connection", file_meta: Identity) -> int:
        """Agree on what will be sent; return how many bytes a part of it may have, 0 for any."""
        here, asked = self.station, A_ASSOCIATE()
        asked.application_context_name = _APPLICATION
        asked.calling_ae_title, asked.called_ae_title = here.own_title, here.ae_title
        nowhere = AddressInformation("127.0.0.1", 0)  # which stands in no message
        asked.calling_presentation_address = asked.called_presentation_address = nowhere
        proposed = build_context(file_meta.sop_class, file_meta.syntax)
        proposed.context_id = _CONTEXT
        asked.presentation_context_definition_list = [proposed]
        most, ours = MaximumLengthNotification(), ImplementationClassUIDNotification()
        most.maximum_length_received, ours.implementation_class_uid = _PART, _OURS
        asked.user_information = [most, ours]
        connection.send(A_ASSOCIATE_RQ(), asked)
        answer = connection.receive()
        if isinstance(answer, A_ASSOCIATE_RJ):
            raise NotThereError(f"{self._expected} {self._why_rejected(answer)}")
        if not isinstance(answer, A_ASSOCIATE_AC):
            raise NotThereError(f"{self._expected} It hung up before anything was sent. Try again.")
        if not (agreed := [context.result for context in answer.presentation_context]):
            raise ValueError("nothing is agreed on")
        if agreed != [0]:
            raise RefusedError(
                f"Expected the archive {here.name} to take the report. It keeps no objects of "
                "this kind, or not in the form in which it is written. Ask who runs it."
            )
        theirs = answer.user_information.maximum_length if answer.user_information else None
        return _PART if theirs is None else min(theirs or _PART, _MOST)

    def _why_rejected(self, answer: A_ASSOCIATE_RJ) -> str:
        here = self.station
        if answer.source == _BY_USER and answer.reason_diagnostic == _WHO_CALLS:
            return f"It does not know the title {here.own_title}: ask who runs it to enter that."
        if answer.source == _BY_USER and answer.reason_diagnostic == _WHO_IS_CALLED:
            return f"It is not called {here.ae_title}. Check ae_title in the settings."
        return "It takes no connection now. Try again in a moment, or ask who runs it."

    def _status(self, connection: "_Connection", file_meta: Identity) -> int:
        message = DIMSEMessage()
        for _ in range(_MOST_PARTS):
            answer = connection.receive()
            if not isinstance(answer, P_DATA_TF):
                raise LostError(f"{self._expected} It broke off in the middle. It is tried again.")
            if message.decode_msg(answer.to_primitive()):
                break
        told = message.message_to_primitive()
        if isinstance(told, C_STORE) and told.MessageIDBeingRespondedTo == _MESSAGE:
            is_named = told.AffectedSOPInstanceUID in (None, file_meta.sop_instance)
            if is_named and told.Status is not None:
                return int(told.Status)
        raise LostError(
            f"{self._expected} What it says is of something else than the report. It is tried "
            "again; tell who runs it where that stays so."
        )

    @staticmethod
    def _why(problem: Exception) -> str:
        if isinstance(problem, socket.gaierror):
            return "Its name is not known in this network. Check host in the settings."
        if isinstance(problem, ConnectionRefusedError):
            return "Nobody answers there. Check that it runs, and host and port in the settings."
        if isinstance(problem, OSError | EOFError):
            return "It cannot be reached, or hung up. Check that it runs, and host and port."
        return "What came cannot be read: no DICOM archive is there. Check host and port."


_PDUS: dict[int, type[Any]] = {
    0x02: A_ASSOCIATE_AC,
    0x03: A_ASSOCIATE_RJ,
    0x04: P_DATA_TF,
    0x07: A_ABORT_RQ,
}


class _Connection:
    """Whole protocol units over a connection that others have an eye on."""

    def __init__(self, connection: socket.socket):
        self._connection = connection

    def send(self, unit: Any, primitive: Any) -> None:
        unit.from_primitive(primitive)
        self._connection.sendall(unit.encode())

    def receive(self) -> Any:
        """Return the next unit; None of a kind that is no answer. Raises `EOFError`."""
        head = self._exactly(6)
        length = int.from_bytes(head[2:], "big")
        if length > _MOST:
            raise ValueError("too long")
        kind, content = _PDUS.get(head[0]), self._exactly(length)
        if kind is None:
            return None
        unit = kind()
        unit.decode(head + content)
        return unit

    def _exactly(self, size: int) -> bytes:
        content = bytearray()
        while len(content) < size:
            some = self._connection.recv(size - len(content))
            if not some:
                raise EOFError
            content += some
        return bytes(content)
