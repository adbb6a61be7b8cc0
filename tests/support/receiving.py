"""A receiver of pushed films for tests, and a sender that keeps to the protocol."""

import contextlib
import io
from dataclasses import replace

import pydicom
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from kneeoa.pacs.inbox import MemoryInbox
from kneeoa.pacs.part10 import FILMS
from kneeoa.pacs.receiver import FilmReceiver
from kneeoa.pacs.settings import Receiver

SETTINGS = Receiver(port=0)


@contextlib.contextmanager
def receiving(inbox=None, **changes):
    settings = replace(SETTINGS, **changes)
    inbox = inbox or MemoryInbox(settings)
    receiver = FilmReceiver(settings, lambda one: inbox.take_in(one.data, one.described))
    receiver.start()
    try:
        yield receiver.port, inbox
    finally:
        receiver.stop()


@contextlib.contextmanager
def associated(port, *, called="KNEEOA", calling="XRAY"):
    """Give an association with the receiver."""
    entity = AE(ae_title=calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 10
    entity.add_requested_context(Verification)
    for kind in (*FILMS, "1.2.840.10008.5.1.4.1.1.2"):
        entity.add_requested_context(kind)
    association = entity.associate("127.0.0.1", port, ae_title=called)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def pushed(association, data):
    """Return the status of a film that is pushed, None where the connection ended."""
    return association.send_c_store(pydicom.dcmread(io.BytesIO(data))).get("Status")
