"""Messages of several parts (RFC 2387), as DICOMweb sends objects. Bytes in, bytes out."""

import secrets

DICOM = "application/dicom"
MOST_PARTS = 1000
_LONGEST_HEAD = 10_000


def written(content: bytes) -> tuple[bytes, str]:
    """Return a message that holds one DICOM object as it is, and its Content-Type."""
    boundary = f"kneeoa-{secrets.token_hex(16)}"
    head = f"--{boundary}\r\nContent-Type: {DICOM}\r\n\r\n".encode()
    end = f"\r\n--{boundary}--\r\n".encode()
    kind = f'multipart/related; type="{DICOM}"; boundary="{boundary}"'
    return head + content + end, kind


def parts(body: bytes, content_type: str) -> list[bytes]:
    """Return the contents of a message's parts.

    Raises `ValueError` where it is none, is cut off, or has more than `MOST_PARTS`.
    """
    boundary = _boundary(content_type)
    mark = b"--" + boundary
    start = 0 if body.startswith(mark) else body.find(b"\r\n" + mark) + 2
    if start < 2 and not body.startswith(mark):
        raise ValueError("no boundary")
    contents, at = [], start + len(mark)
    while not body.startswith(b"--", at):
        head_end = body.find(b"\r\n\r\n", at, at + _LONGEST_HEAD)
        end = body.find(b"\r\n" + mark, at) if head_end >= 0 else -1
        if end < 0:
            raise ValueError("a part is cut off")
        contents.append(body[head_end + 4 : max(end, head_end + 4)])
        if len(contents) > MOST_PARTS:
            raise ValueError("too many parts")
        at = end + 2 + len(mark)
    return contents


def _boundary(content_type: str) -> bytes:
    for item in content_type.split(";")[1:]:
        name, _, value = item.strip().partition("=")
        if name.strip().lower() == "boundary":
            boundary = value.strip().strip('"')
            if 0 < len(boundary) <= 200 and boundary.isascii():
                return boundary.encode()
    raise ValueError("no boundary")
