"""Bytes as they lie on the disk: sealed by AES-256-GCM where there is a key, else as they are.

A file begins with `_START`, and a letter that says which. A sealed one goes on with eight bytes
that tell its key from others (and nothing about it), the nonce, and what is sealed; the file's name
is sealed in, so that none can stand for another.
"""

import hashlib
import hmac
import secrets

from kneeoa.errors import KneeOAError

KEY_BYTES = 32
_START = b"kneeoa film 1\n"
_PLAIN, _SEALED = b"P", b"S"
_MARK, _NONCE = 8, 12


class SealedError(KneeOAError):
    """What lies on the disk cannot be opened; the message says why, without its name."""


def seal(content: bytes, name: str, key: bytes | None) -> bytes:
    """Return `content` as it is written to the file called `name`."""
    if key is None:
        return _START + _PLAIN + content
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head = _START + _SEALED + _mark_of(key)
    nonce = secrets.token_bytes(_NONCE)
    return head + nonce + AESGCM(key).encrypt(nonce, content, head + name.encode())


def opened(data: bytes, name: str, key: bytes | None) -> bytes:
    """Return what was sealed as `name`; raise `SealedError` with the reason where it cannot be."""
    start, kind = data[: len(_START)], data[len(_START) : len(_START) + 1]
    rest = data[len(_START) + 1 :]
    if start != _START or kind not in (_PLAIN, _SEALED):
        raise SealedError("Its file is damaged: put a backup of it in its place.")
    if kind == _PLAIN:
        return rest
    mark, nonce, content = rest[:_MARK], rest[_MARK : _MARK + _NONCE], rest[_MARK + _NONCE :]
    if key is None:
        raise SealedError("Its file is encrypted, and this server has no key to open it.")
    if mark != _mark_of(key):
        raise SealedError(
            "Its file is encrypted with another key than this server's. Start the server with the "
            "key that it was saved with."
        )
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        head = data[: len(_START) + 1 + _MARK]
        return AESGCM(key).decrypt(nonce, content, head + name.encode())
    except (InvalidTag, ValueError):
        raise SealedError("Its file is damaged: put a backup of it in its place.") from None


def is_sealed(data: bytes) -> bool:
    """Return whether what lies on the disk is encrypted."""
    return data[len(_START) : len(_START) + 1] == _SEALED


def is_sealed_with(data: bytes, key: bytes) -> bool:
    """Return whether what lies on the disk, or begins with `data`, is encrypted with `key`."""
    return data.startswith(_START + _SEALED + _mark_of(key))


def _mark_of(key: bytes) -> bytes:
    return hmac.new(key, b"which key", hashlib.sha256).digest()[:_MARK]
