"""A receiver of pushed films for tests, and a sender that keeps to the protocol."""

import contextlib
import io
import time
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
    # Longer than any test waits for the receiver: it is not this side that lets go.
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 60
    entity.add_requested_context(Verification)
    for kind in (*FILMS, "1.2.840.10008.5.1.4.1.1.2"):
        entity.add_requested_context(kind)
    association = entity.associate("127.0.0.1", port, ae_title=called)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def is_served(port, seconds=60):
    """Return whether a sender is served within this time.

    It may be let go and come again: where films have a second, a busy machine may take longer.
    """
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        with associated(port) as association, contextlib.suppress(RuntimeError):
            if association.is_established and association.send_c_echo().get("Status") == 0:
                return True
        time.sleep(0.1)
    return False


def pushed(association, data):
    """Return the status of a film that is pushed, None where the connection ended."""
    return association.send_c_store(pydicom.dcmread(io.BytesIO(data))).get("Status")
