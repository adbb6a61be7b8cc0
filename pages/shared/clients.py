"""Who asks: a name for the machine behind a browser, to share out tries and places by."""

import hashlib
import hmac
import ipaddress
import os
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import streamlit as st

from kneeoa.teaching import keys
from pages.shared import cached

if TYPE_CHECKING:
    from kneeoa.store import audit


Content = TypeVar("Content")
TRUSTED = "FORWARDED_ALLOW_IPS"
"""Uvicorn's setting: the addresses of reverse proxies that are believed whom they ask for."""
HERE, BEHIND_A_PROXY, UNKNOWN = "this machine", "behind a proxy", "unknown"
_TRIES = keys.Tries()
_KEY = secrets.token_bytes(16)


def client() -> str:
    """Return the network address that this session's browser asks from.

    Where a proxy asks for others and the owner has not named it in `TRUSTED`, all that comes
    through it is one client: what is forwarded then may be invented.
    """
    forwarded = st.context.headers.get("x-forwarded-for") is not None
    trusted = os.environ.get(TRUSTED, "").strip()
    if forwarded and trusted in ("", "*"):
        return BEHIND_A_PROXY
    # Streamlit names no address for the machine itself, nor where no browser asks, as in tests.
    if address := st.context.ip_address:
        return network_of(address)
    # A proxy on this machine need not say that it asks for others; a browser names what it asked.
    return HERE if all(map(_is_here, _asked_as(st.context.headers))) else BEHIND_A_PROXY


def _asked_as(headers):
    """Return what a browser tells of what it asked: a host name, and the address of its page.

    It always tells both where it opens the page's web socket; where nobody asks, there is neither.
    """
    host, origin = headers.get("host"), headers.get("origin")
    return [f"//{host or ''}", origin or ""] if host or origin else []


def _is_here(place):
    try:
        name = urlsplit(place).hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def network_of(address: str) -> str:
    """Return an address; of IPv6 the network of 64 bits, in which one machine has many."""
    if address == HERE:
        return HERE
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN
    if ip.version == 6 and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if ip.version == 6:
        return str(ipaddress.ip_network((int(ip), 64), strict=False))
    return str(ip)


def mark() -> str:
    """Return what tells this client from others and says nothing of it once the server ended."""
    return hmac.new(_KEY, client().encode(), hashlib.sha256).hexdigest()[:32]


def seconds_to_wait() -> float:
    """Take one of this client's tries at a key; return the seconds to wait, 0 where it has one."""
    return _TRIES.take(client(), time.monotonic())


def places(usual: int) -> int:
    """Return how many places of a class one client can have: the owner's setting, or as usual."""
    return keys.places_in(os.environ, usual)


def now_here() -> dict[str, Any]:
    """Return who does something, and when, as the store takes it."""
    return {"client": client(), "now": datetime.now(UTC)}


def note(event: "audit.Event", about: str = "") -> None:
    """Keep in the audit log that this client did something."""
    from kneeoa.store import audit  # late, as the store itself

    audit.record(cached.store(), event, about=about, **now_here())


def noted(
    event: "audit.Event", content: Callable[[], Content], about: str | Callable[[], str] = ""
) -> Callable[[], Content]:
    """Return what a download button calls for its content, so that each export is in the log.

    What the export is about can be asked for when it is made.
    """
    here = client()

    def make() -> Content:
        from kneeoa.store import audit

        subject = about() if callable(about) else about
        audit.record(cached.store(), event, about=subject, client=here, now=datetime.now(UTC))
        return content()

    return make
