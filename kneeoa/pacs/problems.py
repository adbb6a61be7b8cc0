"""Sentences for what an archive can do wrong; none quotes a patient's address, or a secret."""

import contextlib
import logging
import warnings
from collections.abc import Callable, Iterator

from kneeoa.errors import KneeOAError

_TALKATIVE = ("dicomweb_client", "pynetdicom", "retrying", "requests", "urllib3")
"""Libraries that write to the log what they ask for: a patient's number stands in it."""


class PacsError(KneeOAError):
    """An archive cannot be used, or does not give what was asked for."""


class LostError(PacsError):
    """No answer, or none that can be true: later it may work. What was sent may be there."""


class NotThereError(LostError):
    """As `LostError`, but of what was sent nothing can be there."""


class RefusedError(PacsError):
    """The archive will not have this, now or later: a person has to see to it."""


class ThereError(RefusedError):
    """The archive has an object under this identifier: this one, where it may be from before."""


def hush() -> None:
    """Keep the libraries' own words out of every log: patients' numbers and names stand in them."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
    # Those on the terminal, too: they quote whatever stands in a message.
    warnings.filterwarnings("ignore", module=r"pydicom|pynetdicom")


STATUS = {
    401: "It refuses the log-in. Check user and password, or the token, in the settings.",
    403: "It does not allow this to the user in the settings. Ask who runs it.",
    404: "It has nothing under this address. Check url in the settings.",
    405: "It does not offer this. Check url in the settings, or ask who runs it.",
    406: "It cannot give it in a form that is understood here (DICOM).",
    413: "It takes nothing as large as this. Ask who runs it.",
    415: "It does not take this form (DICOM in a multipart message).",
    429: "It has too much to do. Try again in a moment.",
}
"""What an archive's answers mean, by HTTP status."""
DUPLICATE = 0x0111
"""A store's status: it has the object already."""
_REASONS = {
    0x0122: "it keeps no objects of this kind. Ask who runs it",
    0x0124: "the user in the settings may not do that",
    0x0272: "it does not know the form in which it is written",
    0xA710: "it has another object under the same identifier",
    0xA900: "what is in it is not of the kind that it says",
    0xC000: "it does not understand it",
}
_FULL = range(0xA700, 0xA710)
_MAY_PASS = (0x0110, *_FULL)
"""Reasons of a store's failure that may pass: processing failure, out of resources (PS3.7, C.5)."""
_FOR_GOOD = (406, 413, 415)
"""What no repetition changes; a log-in, an address or a proxy is mended without telling us."""
_LATER = (408, 425, 429)
_UNTAKEN = (301, 302, 307, 308, 401, 403, 404, 405, 425, 429)
"""What a server says before it takes anything."""
_UNREADABLE = (
    "What came cannot be read: it is damaged, or no archive is there. Check url in the settings."
)


def for_status(name: str, status: int) -> PacsError:
    """Return what to say of an HTTP status that is no success."""
    expected = f"Expected an answer of the archive {name}."
    lost = NotThereError if status in _UNTAKEN else LostError
    if 300 <= status < 400:
        return lost(
            f"{expected} It points to another address, which is not followed: nothing may leave "
            "for a place that is not in the settings. Put the final address there."
        )
    if status in STATUS:
        sentence = f"{expected} {STATUS[status]}"
        return RefusedError(sentence) if status in _FOR_GOOD else lost(sentence)
    if status >= 500 or status in _LATER:
        return lost(f"{expected} It fails ({status}). Try again in a moment.")
    return RefusedError(f"{expected} It refuses this ({status}). Ask who runs it.")


def for_status_of_store(name: str, code: int | None, *, is_heard: bool = False) -> PacsError:
    """Return what to say where an archive does not say that it has a report.

    `code` is its reason, None without one; `is_heard` where it took the message all the same.
    """
    if code == DUPLICATE:
        return ThereError(
            f"Expected the archive {name} to take the report. It has an object under the same "
            "identifier already: discard this one if it is the same. One with other content needs "
            "an identifier of its own (SOP Instance UID)."
        )
    if code in _MAY_PASS or (code is None and is_heard):
        return (NotThereError if code in _FULL else LostError)(
            f"Expected the archive {name} to say that it has the report. It does not say so. "
            "It is tried again."
        )
    reason, why = "", "Ask who runs it"
    if code is not None:
        reason, why = f" ({code:04X})", _REASONS.get(code, why)
    return RefusedError(
        f"Expected the archive {name} to take the report. It refuses{reason}: {why}."
    )


@contextlib.contextmanager
def translated(name: str, *, seconds: float, is_over: Callable[[], bool]) -> Iterator[None]:
    """Turn what the libraries raise into a `LostError`; `is_over` says whether the time was up."""
    import requests
    import urllib3

    expected = f"Expected an answer of the archive {name}."
    slow = LostError(
        f"{expected} It did not finish within {seconds:g} seconds. Try again, or give it more time "
        "in the settings."
    )
    try:
        yield
    except KneeOAError:
        # What was read when the time was up is cut off; why it looks wrong is no news.
        if is_over():
            raise slow from None
        raise
    except requests.exceptions.SSLError:
        if is_over():
            raise slow from None
        raise LostError(
            f"{expected} Its certificate does not stand for it, or is not known here. Name the "
            "hospital's certificates as authority in the settings."
        ) from None
    except requests.exceptions.Timeout:
        raise slow from None
    except requests.exceptions.InvalidJSONError:
        raise (slow if is_over() else LostError(f"{expected} {_UNREADABLE}")) from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
        if is_over():
            raise slow from None
        raise LostError(f"{expected} {_why(problem)}") from None
    except (ValueError, RecursionError):
        # Of reading what came: a library's own words may quote it.
        raise (slow if is_over() else LostError(f"{expected} {_UNREADABLE}")) from None
    if is_over():
        raise slow


def _why(problem: Exception) -> str:
    import requests

    if isinstance(problem, requests.exceptions.ChunkedEncodingError):
        return "It broke off in the middle. Try again in a moment."
    text = repr(problem)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "Its name is not known in this network. Check url in the settings."
    if "refused" in text:
        return "Nobody answers there. Check that it runs, and url in the settings."
    if isinstance(problem, requests.exceptions.ConnectionError):
        return "It cannot be reached, or hung up. Check that it runs, and url in the settings."
    return "The connection broke off. Try again in a moment."
