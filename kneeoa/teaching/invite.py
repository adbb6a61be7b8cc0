"""The way into a group session: an address to type or to scan."""

import io
from urllib.parse import urlencode, urlsplit, urlunsplit

import segno

PAGE = "join"
_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


def join_address(page_address: str, code: str) -> str:
    """Return the address of the join page with the session's code filled in.

    `page_address` is the address of any page of the dashboard as the teacher's browser has it.
    """
    parts = urlsplit(page_address)
    folder = parts.path.rpartition("/")[0]
    return urlunsplit(
        (parts.scheme, parts.netloc, f"{folder}/{PAGE}", urlencode({"code": code}), "")
    )


def is_own_machine(address: str) -> bool:
    """Whether an address can be opened on the teacher's own machine alone."""
    return urlsplit(address).hostname in _OWN_MACHINE


def qr_svg(text: str, *, side: int = 240) -> str:
    """Return a QR code as SVG, `side` pixels wide, black on white with a quiet zone."""
    code = segno.make(text, error="m", micro=False)
    stream = io.BytesIO()
    code.save(
        stream,
        kind="svg",
        xmldecl=False,
        svgns=True,
        border=4,
        dark="black",
        light="white",
        scale=side / code.symbol_size(border=4)[0],
    )
    return stream.getvalue().decode()
