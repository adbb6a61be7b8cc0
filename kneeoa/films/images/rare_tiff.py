"""Which kind of TIFF it is that Pillow cannot open, in words: its header is sound."""

import struct

_BITS, _COMPRESSION, _SAMPLES, _FORMAT = 258, 259, 277, 339
_SIZES = {3: ("H", 2), 4: ("I", 4), 16: ("Q", 8)}
"""Kinds of numbers that are read: of 16, 32 and 64 bits."""
_UNSIGNED, _FLOATS = 1, 3
_READ_BITS, _FLOAT_BITS = (1, 2, 4, 8, 16, 32), (32, 64)
_RARE_COMPRESSIONS = {
    **dict.fromkeys((33003, 33005, 34712), "JPEG 2000"),
    **dict.fromkeys((50002, 52546), "JPEG XL"),
    **{22610: "JPEG XR", 34934: "JPEG XR", 34887: "LERC", 34933: "PNG", 50001: "WebP"},
}
_MOST_TAGS = 200


def rare_kind(data: bytes) -> str | None:
    """Return what a reader of TIFF must know to open it, or None where nothing of it is rare."""
    try:
        tags = _tags(data)
    except (struct.error, IndexError, KeyError, OverflowError):
        return None
    bits, samples = tags.get(_BITS, 1), tags.get(_SAMPLES, 1)
    name = _RARE_COMPRESSIONS.get(tags.get(_COMPRESSION, 1))
    kind = tags.get(_FORMAT, _UNSIGNED)
    rare = ["places of 64 bits, the highest byte first"] if data[:4] == b"MM\0+" else []
    if kind == _FLOATS:
        named = f"samples of {bits} bits with a point"
    else:
        named = f"{'samples' if kind == _UNSIGNED else 'signed samples'} of {bits} bits"
    # In grey nearly all are read, and in colours those of 8 and of 16 bits.
    in_colours = samples == 2 or bits > 16 or kind != _UNSIGNED
    if bits not in (_FLOAT_BITS if kind == _FLOATS else _READ_BITS):
        rare.append(named)
    elif samples > 1 and bits > 8 and in_colours:
        rare.append(f"{samples} {named} a pixel")
    if name:
        rare.append(f"pixels compressed as {name}")
    return " and ".join(rare) or None


def _tags(data: bytes) -> dict[int, int]:
    """Return the first number of each tag of the first page."""
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    (version,) = struct.unpack_from(f"{order}H", data, 2)
    is_big = version == 43
    (place,) = struct.unpack_from(f"{order}{'Q' if is_big else 'I'}", data, 8 if is_big else 4)
    (count,) = struct.unpack_from(f"{order}{'Q' if is_big else 'H'}", data, place)
    place += 8 if is_big else 2
    entry, room = (20, 8) if is_big else (12, 4)
    tags = {}
    for number in range(min(count, _MOST_TAGS)):
        at = place + number * entry
        tag, kind = struct.unpack_from(f"{order}HH", data, at)
        if kind not in _SIZES:
            continue
        letter, size = _SIZES[kind]
        (values,) = struct.unpack_from(f"{order}{'Q' if is_big else 'I'}", data, at + 4)
        where = at + entry - room
        if values * size > room:
            (where,) = struct.unpack_from(f"{order}{'Q' if is_big else 'I'}", data, where)
        (tags[tag],) = struct.unpack_from(f"{order}{letter}", data, where)
    return tags
