"""New numbers in place of a patient's: always the same ones under one key, and no way back."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from kneeoa.errors import ConfigError

SETTING = "KNEEOA_PSEUDONYM_KEY"
SHORTEST = 16
"""Letters of a key: a shorter one can be found by trying."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """What replaces UIDs and patients' ids; `key` is what ties them together, and is secret."""

    key: bytes = field(repr=False)

    def uid(self, uid: str) -> str:
        """Return the UID that replaces `uid`, made of a UUID (DICOM PS3.5, B.2)."""
        digits = bytearray(self._digest("uid", uid)[:16])
        digits[6] = 0x80 | (digits[6] & 0x0F)
        digits[8] = 0x80 | (digits[8] & 0x3F)
        return f"2.25.{int.from_bytes(digits, 'big')}"

    def patient(self, patient_id: str, issuer: str = "", *, study: str) -> str:
        """Return the id that replaces a patient's.

        Of a patient without one, nobody knows which other studies are hers: it is that of the films
        of one `study`, or whatever stands for it.
        """
        kind, text = ("patient", f"{issuer}|{patient_id}") if patient_id else ("nobody in", study)
        return f"KNEE-{self._digest(kind, text).hex()[:12].upper()}"

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.new(self.key, f"{kind}|{text}".encode(), hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class AsKept(Pseudonyms):
    """Leaves numbers as they are: of a film that has new ones already."""

    key: bytes = field(default=b"", repr=False)

    def uid(self, uid: str) -> str:
        """Return `uid`."""
        return uid

    def patient(self, patient_id: str, issuer: str = "", *, study: str) -> str:
        """Return `patient_id`."""
        return patient_id


def pseudonyms_from(
    environment: Mapping[str, str] = os.environ, *, otherwise: bytes | None = None
) -> Pseudonyms:
    """Return pseudonyms under the key that the owner set.

    Where none is set, under the key `otherwise`, or one that is new each time. Raises `ConfigError`
    for a key that is too short, and for one that is set but empty, as by ``$(cat FILE)`` in another
    folder: numbers would belong to nothing that was exported before.
    """
    if SETTING not in environment:
        return Pseudonyms(otherwise or secrets.token_bytes(32))
    key = environment[SETTING].strip()
    if not key:
        raise ConfigError(
            f"Expected a key of at least {SHORTEST} letters in {SETTING}. It is set, but empty: "
            "look whether the file is there that it is read from, or leave it unset, and new "
            "numbers are drawn each time."
        )
    if len(key) < SHORTEST:
        raise ConfigError(
            f"Expected a key of at least {SHORTEST} letters in {SETTING}. Received {len(key)}: "
            "choose a longer one."
        )
    return Pseudonyms(key.encode())
