"""Where the database is: an address, read, or refused in a sentence that quotes no password."""

import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from kneeoa.errors import KneeOAError

DEFAULT_FILE = Path(__file__).parents[2] / "var" / "reading-room.sqlite"
_EXPECTED = (
    "Expected sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE in "
    "KNEEOA_DATABASE_URL"
)
_TLS = {"disable": False, "allow": None, "prefer": None, "require": True}


class StoreError(KneeOAError):
    """The database cannot be used, or does not hold what was asked for."""


def read_url(text: str | None) -> URL:
    """Return where a database is, by default a file in ``var/``; raise `StoreError` for none."""
    if not text:
        return URL.create("sqlite", database=str(DEFAULT_FILE))
    backend = "something else" if text.strip() else "blanks"
    with suppress(ArgumentError, ValueError):
        url = make_url(text.strip())
        backend = url.get_backend_name()
        if backend == "sqlite" and url.database and url.database != ":memory:":
            return url.set(drivername="sqlite")
        if backend in {"postgresql", "postgres"}:
            return url.set(drivername="postgresql+pg8000")
    raise StoreError(f"{_EXPECTED}. Received: {backend if backend != 'sqlite' else 'no file'}.")


def tls(url: URL) -> dict[str, Any]:
    """Return what a connection is encrypted with, as ``sslmode`` and ``sslrootcert`` say."""
    query = url.normalized_query
    mode, authority = (query.get(name, (None,))[-1] for name in ("sslmode", "sslrootcert"))
    if mode in {"verify-ca", "verify-full"}:
        try:
            context = ssl.create_default_context(cafile=authority)
        except OSError:
            raise StoreError(f"Expected certificates (PEM) in {authority}. None found.") from None
        context.check_hostname = mode == "verify-full"
        return {"ssl_context": context}
    if mode is not None and mode not in _TLS:
        raise StoreError(
            f"Expected sslmode to be one of {', '.join(_TLS)}, verify-ca, verify-full. "
            f"Received: {mode}."
        )
    return {"ssl_context": _TLS[mode] if mode else None}
