"""Who stands for a folder of published models: a detached signature over every file in it.

``signed.json`` lists the files with their SHA-256; ``signed.json.sig`` is the Ed25519 signature
(RFC 8032) of its bytes, in base64. A card fits its model by a hash that anybody can compute; the
signature says that both are what somebody who holds the private key has published. The public key
that is known from the start is ``public-key.pem`` beside this module.
"""

import base64
import binascii
import errno
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kneeoa.errors import ConfigError, DataError, ModelError
from kneeoa.files import parse_versioned, read_regular, record_of, whole_file
from kneeoa.graders.cards.digest import sha256_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

VERSION = 1
LIST, SIGNATURE = "signed.json", "signed.json.sig"
KNOWN_KEY = Path(__file__).with_name("public-key.pem")
MOST_BYTES = 1_000_000
"""A list of files, a signature and a key are far smaller; more is not read."""

State = Literal["signed", "unsigned", "foreign", "changed"]


@dataclass(frozen=True, slots=True)
class Signature:
    """Whether somebody whom we know stands for the models.

    Attributes
    ----------
    state : ``foreign``: signed by a key that is not known, or not at all what the signature is of;
        ``changed``: signed by a known key, and different since
    key : fingerprint of the known key, else empty
    signed_at : UTC, ISO 8601; empty where nothing is known
    file : for ``changed``, the first file that differs
    """

    state: State
    key: str = ""
    signed_at: str = ""
    file: str = ""

    @property
    def warning(self) -> str:
        """What every page and command says of models that nobody known stands for; else empty."""
        return {
            "signed": "",
            "unsigned": "The networks in use are not signed: nobody known stands for them.",
            "foreign": "The networks in use are signed by somebody who is not known here.",
            "changed": f"The networks in use were changed after they were signed ({self.file}).",
        }[self.state]


@dataclass(frozen=True, slots=True)
class Listed:
    """What is signed: every file below the folder, by its path, with its SHA-256."""

    signed_at: str
    files: dict[str, str]


def signature_of(folders: Sequence[Path], *, keys: Sequence[Path] = ()) -> Signature:
    """Return who stands for the models in `folders`: of several, what speaks most against them.

    `keys` are files of public keys (PEM) that are known besides `KNOWN_KEY`. Raises `ConfigError`
    where one of them is none.
    """
    known = [public_key(file) for file in (KNOWN_KEY, *keys)]
    signatures = [_of_folder(folder, known) for folder in folders]
    return min(
        signatures,
        key=lambda signature: ("unsigned", "foreign", "changed", "signed").index(signature.state),
    )


def keys_in(setting: str | None) -> tuple[Path, ...]:
    """Return the files of known public keys in a setting, which are separated as in ``PATH``."""
    names = (setting or "").split(os.pathsep)
    return tuple(Path(name.strip()).expanduser() for name in names if name.strip())


def sign(models: Path, key: Path, *, now: datetime) -> Signature:
    """Sign every file below `models` with the private key in `key`, and return what was signed.

    Raises `ConfigError` where the key cannot be used, `ModelError` where there is nothing to sign.
    """
    private = _private_key(key)
    files = _hashes(models)
    if not files or not all(files.values()):
        raise ModelError(f"Expected published models in {models} that can be read. There are none.")
    signed_at = now.isoformat(timespec="seconds")
    listed = {"schema_version": VERSION, "signed_at": signed_at, "files": files}
    data = (json.dumps(listed, indent=2) + "\n").encode()
    for name, content in (
        (LIST, data),
        (SIGNATURE, base64.b64encode(private.sign(data)) + b"\n"),
    ):
        with whole_file(models / name) as stream:
            stream.write(content)
    return Signature("signed", fingerprint(private.public_key()), signed_at)


def new_key(file: Path) -> str:
    """Write a new private key to `file`, which only its owner can read, and ``.pub`` beside it.

    Returns the fingerprint. Raises `ConfigError` where either is there already, and where `file`
    lies in a checkout: a private key must never be in a repository.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = file.with_name(f"{file.name}.pub")
    if any((above / ".git").exists() for above in file.absolute().parents):
        raise ConfigError(
            f"Expected a place outside any repository for a private key. {file} is inside one: "
            "it would be published with it."
        )
    for place in (file, public):
        if place.exists() or place.is_symlink():
            raise ConfigError(f"Expected a new file for the key. {place} is there already.")
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(secret)
    public.write_bytes(
        private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return fingerprint(private.public_key())


def public_key(file: Path) -> "Ed25519PublicKey":
    """Return the public key in `file`; raise `ConfigError` where it holds none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_bytes_of(file))
    except (OSError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(
            f"Expected a public key (Ed25519, PEM) in {file}, as `python -m train new-key` writes "
            "it with the ending .pub. There is none."
        )
    return key


def fingerprint(key: "Ed25519PublicKey") -> str:
    """Return what a key is called: the first 16 digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _of_folder(folder: Path, known: Sequence["Ed25519PublicKey"]) -> Signature:
    from cryptography.exceptions import InvalidSignature

    try:
        data, signature = (_bytes_of(folder / name) for name in (LIST, SIGNATURE))
    except OSError:
        return Signature("unsigned")
    except ValueError:
        return Signature("foreign")
    for key in known:
        try:
            key.verify(base64.b64decode(signature.strip(), validate=True), data)
        except (InvalidSignature, binascii.Error, ValueError):
            continue
        return _compared(folder, data, fingerprint(key))
    return Signature("foreign")


def _compared(folder: Path, data: bytes, key: str) -> Signature:
    text = data.decode("utf-8", "replace")
    try:
        listed = record_of(
            Listed,
            parse_versioned(text, folder / LIST, VERSION, "a list of signed files"),
            folder / LIST,
        )
    except DataError:  # a known key signed something else
        return Signature("foreign")
    hashes = _hashes(folder)
    differing = [
        name
        for name in sorted({*hashes, *listed.files})
        if hashes.get(name) != listed.files.get(name)
    ]
    if differing:
        return Signature("changed", key, listed.signed_at, differing[0])
    return Signature("signed", key, listed.signed_at)


def _hashes(models: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below `models` by its path, hidden ones left out.

    Of what cannot be read as a file of this folder, what no file has.
    """
    hashes = {}
    for file in sorted(models.rglob("*")):
        name = file.relative_to(models)
        if name.as_posix() in (LIST, SIGNATURE) or any(p.startswith(".") for p in name.parts):
            continue
        if file.is_dir() and not file.is_symlink():
            continue
        try:
            hashes[name.as_posix()] = sha256_of(file)
        except OSError:
            # A folder elsewhere, whose models would be used, or a pipe: nobody stands for these.
            hashes[name.as_posix()] = ""
    return hashes


def _private_key(file: Path) -> "Ed25519PrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_bytes_of(file), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(
            f"Expected a private key (Ed25519, PEM) in {file}, as `python -m train new-key` writes "
            "it. There is none that can be read."
        )
    return key


def _bytes_of(file: Path) -> bytes:
    try:
        return read_regular(file, MOST_BYTES)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise ValueError(f"{file} is too long") from None
        raise
