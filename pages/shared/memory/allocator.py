"""That memory which is free is given back to the system, where the C library is glibc.

By itself it keeps a heap for almost every thread, and each page runs in a thread of its own: what
eight large films took for a moment stayed with the server, 700 MB of it.
"""

import contextlib
import ctypes

_MMAP_THRESHOLD, _TRIM_THRESHOLD, _ARENA_MAX = -3, -1, -8
"""As of ``mallopt`` (malloc.h)."""
SETTINGS = {
    # As for the decoders: an ordinary film's memory is kept for the next one, a large one's is not.
    _MMAP_THRESHOLD: 16_000_000,
    _TRIM_THRESHOLD: 64_000_000,
    _ARENA_MAX: 2,
}


def settle() -> bool:
    """Have it done from now on; return whether it is."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        if hasattr(library, "gnu_get_libc_version"):
            return all(library.mallopt(what, value) == 1 for what, value in SETTINGS.items())
    return False
