"""What stands before a DICOM file's data set: which object it is. Read without any decoder."""

import re
import struct
from dataclasses import dataclass

from kneeoa.pacs.problems import PacsError

_UID = re.compile(r"[0-9][0-9.]{0,63}")
_LONG = (b"OB", b"OW", b"OF", b"SQ", b"UT", b"UN", b"OD", b"OL", b"UC", b"UR", b"OV", b"SV", b"UV")
_MOST = 20_000
"""Bytes of the group that is looked at."""
_CLASS, _INSTANCE, _SYNTAX = 0x0002, 0x0003, 0x0010

FILMS = {
    "1.2.840.10008.5.1.4.1.1.1": "Computed radiography",
    "1.2.840.10008.5.1.4.1.1.1.1": "Digital X-ray",
    "1.2.840.10008.5.1.4.1.1.1.1.1": "Digital X-ray, unprocessed",
}
SECONDARY = {"1.2.840.10008.5.1.4.1.1.7": "Secondary capture"}
REPORTS = {
    "1.2.840.10008.5.1.4.1.1.88.11": "Structured report",
    "1.2.840.10008.5.1.4.1.1.88.22": "Structured report",
    "1.2.840.10008.5.1.4.1.1.88.33": "Structured report",
    "1.2.840.10008.5.1.4.1.1.88.34": "Structured report",
    "1.2.840.10008.5.1.4.1.1.104.1": "PDF",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Which object a DICOM file says it is: its class, its identifier, how it is written."""

    sop_class: str
    sop_instance: str
    syntax: str

    @property
    def kind(self) -> str:
        """The class in words, for a list: nothing of a patient."""
        return (FILMS | SECONDARY | REPORTS).get(self.sop_class, "DICOM object")


def is_uid(text: object) -> bool:
    """Return whether `text` is an identifier that may stand in an address."""
    return isinstance(text, str) and _UID.fullmatch(text) is not None


def identity(data: bytes) -> Identity:
    """Return which object a DICOM file is; raise `PacsError` where it does not say so."""
    if data[128:132] != b"DICM":
        raise PacsError(f"Expected a DICOM file with its preamble. Received {_what(data)}.")
    texts, _ = _group_2(data[132 : 132 + _MOST])
    uids = [texts.get(number, "") for number in (_CLASS, _INSTANCE, _SYNTAX)]
    if not all(map(is_uid, uids)):
        raise PacsError(
            "Expected a DICOM file that says which object it is. Its file meta information is "
            "damaged or missing: write the file anew."
        )
    return Identity(*uids)


def data_set(data: bytes) -> bytes:
    """Return what stands in a DICOM file behind what `identity` reads, as it is written there."""
    _, length = _group_2(data[132 : 132 + _MOST])
    return data[132 + length :]


def _group_2(data: bytes) -> tuple[dict[int, str], int]:
    """Return the texts of the group (explicit, little endian, whatever the rest is), its length."""
    texts: dict[int, str] = {}
    at = 0
    while at + 8 <= len(data):
        group, element, kind = struct.unpack_from("<HH2s", data, at)
        if group != 2:
            break
        if kind in _LONG:
            if at + 12 > len(data):
                break
            (length,) = struct.unpack_from("<I", data, at + 8)
            at += 12
        else:
            (length,) = struct.unpack_from("<H", data, at + 6)
            at += 8
        texts[element] = data[at : at + min(length, 64)].rstrip(b"\0 ").decode("ascii", "replace")
        at += length
    return texts, at


def _what(data: bytes) -> str:
    start = data[:1024].lstrip().lower()
    if not data:
        return "nothing"
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body")):
        return "a web page"
    return "something else"
