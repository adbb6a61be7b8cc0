"""Ports of this machine: one that is free until somebody listens there, and one nobody does."""

import contextlib
import random
import socket
from collections.abc import Iterator

OURS = range(20_000, 30_000)
"""Below those that systems give to connections: none of another test takes one meanwhile."""


def free_port() -> int:
    """Return a port on which nothing listens."""
    for port in random.Random().sample(OURS, 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("Expected a free port below 30000. All that were tried are taken.")


@contextlib.contextmanager
def nobodys_port() -> Iterator[int]:
    """Give a port that is taken, and where nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
