"""Who may speak with the server, and what a browser may do with what it answers.

Middleware around all that Streamlit serves: pages, films, static files and the web socket.
"""

import base64
import hashlib
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config, file_util, net_util
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from pages.shared import keyboard
from pages.shared.access.messages import only_ours
from pages.shared.memory import allocator, downloads
from pages.shared.memory.uploads import UploadRoom

_LOG = logging.getLogger(__name__)
# Before the first page runs in a thread of its own.
allocator.settle()
downloads.settle()
# Streamlit would ask an address service what this machine is called outside, to print it at the
# start of a server that listens on all addresses.
net_util.get_external_ip = lambda: None
_SCRIPT = re.compile(r"<script[^>]*>(.+?)</script>", re.DOTALL)


def allowed_scripts(pages: Iterable[str]) -> str:
    """Return the scripts that stand inside pieces of HTML, each by its SHA-256, for a policy."""
    scripts = (script for page in pages for script in _SCRIPT.findall(page))
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()) for script in scripts)
    return " ".join(f"'sha256-{digest.decode()}'" for digest in hashes)


_START_PAGE = Path(file_util.get_static_dir(), "index.html").read_text("utf-8")
POLICY = "; ".join(
    (
        "default-src 'none'",
        # The film viewer's program comes as a blob. Of what stands inside a page, only Streamlit's
        # own script and ours of the keys run, and no text becomes code.
        f"script-src 'self' blob: {allowed_scripts([_START_PAGE, keyboard.SCRIPT])}",
        "worker-src 'self' blob:",
        # Streamlit's components write their styles into the page.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # For browsers that do not know frame-ancestors.
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Personal codes stand in addresses.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=()",
}
CLOSED = re.compile(r".*/_stcore/(?:metrics|agent/.*)", re.DOTALL)
"""Nothing for visitors: how many sessions there are and what they hold of the memory, and pages
without a browser."""
HEALTH = "/_stcore/health"
_MEDIA = "/media/"
_PORTS = {"http": ":80", "https": ":443"}


class Doorway:
    """Refuses requests of foreign pages and names; adds `HEADERS` to every answer."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        path = scope.get("path", "")
        refusal = why_refused(Headers(scope=scope), path)
        if refusal:
            _LOG.warning("Refused a request: %s", refusal)
            await _refuse(scope, receive, send, PlainTextResponse(refusal, 403, HEADERS))
        elif CLOSED.fullmatch(path):
            await _refuse(scope, receive, send, PlainTextResponse("Not found", 404, HEADERS))
        else:
            heard = only_ours(receive, send) if scope["type"] == "websocket" else receive
            await self.app(scope, heard, _with_headers(send, path))


def why_refused(headers: Headers, path: str) -> str:
    """Return why a request is refused, or an empty text where it is not.

    Right are a Host that is ours (``server.allowedHosts``), and a page that came from that same
    host or from one that the owner listed (``server.corsAllowedOrigins``). Programs that are no
    browsers name no origin.
    """
    host = headers.get("host")
    # What watches over a server may know it by its bare address.
    if not path.endswith(HEALTH) and not is_host_allowed(host):
        return "This server does not go by that name."
    origin = headers.get("origin")
    if origin is not None and not is_own(origin, host or ""):
        return "Pages of other addresses may not ask this server."
    # A browser says so even where it names no origin, as for pictures. Links to here are fine.
    foreign = headers.get("sec-fetch-site", "") in ("cross-site", "same-site")
    if origin is None and foreign and headers.get("sec-fetch-dest") != "document":
        return "Pages of other addresses may not ask this server."
    return ""


def is_own(origin: str, host: str) -> bool:
    """Return whether a page from `origin` is one of the server that was asked as `host`."""
    if origin in {listed.strip() for listed in config.get_option("server.corsAllowedOrigins")}:
        return True
    try:
        parts = urlsplit(origin)
        usual = _PORTS.get(parts.scheme)
    except ValueError:
        return False
    if usual is None or not parts.netloc or f"{parts.scheme}://{parts.netloc}" != origin:
        return False
    return _without(usual, parts.netloc.lower()) == _without(usual, host.lower())


def _without(port, place):
    return place.removesuffix(port)


async def _refuse(scope, receive, send, response):
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await response(scope, receive, send)


def _with_headers(send, path):
    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            # Streamlit lets any page fetch static files.
            if headers.get("access-control-allow-origin") == "*":
                del headers["access-control-allow-origin"]
            if _MEDIA in path and "cache-control" not in headers:
                headers["Cache-Control"] = "no-store"  # films: not on the browser's disk
        await send(message)

    return add


MIDDLEWARE = (Middleware(Doorway), Middleware(UploadRoom))
