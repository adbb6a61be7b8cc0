"""Run a Python module in a network of its own, which has a loopback and nothing else.

``python -m tests.support.own_network MODULE ARGUMENT...``. Programs that listen on every address
are then reached by nobody but what runs beside them. Linux alone; without root's rights the kernel
has to allow networks of one's own to everyone.
"""

import ctypes
import fcntl
import os
import runpy
import socket
import struct
import sys
from pathlib import Path

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1


class NoOwnNetworkError(Exception):
    """The kernel gives no network of one's own; the message says what to do."""


def enter() -> None:
    """Have this process, and what it starts, be in a network of its own from now on."""
    user, group = os.geteuid(), os.getegid()
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_NEW_NETWORK if user == 0 else _NEW_USER | _NEW_NETWORK):
        raise NoOwnNetworkError(
            "Expected a network of its own for the tests of archives, because Orthanc listens on "
            f"every address. The kernel refuses: {os.strerror(ctypes.get_errno())}. Run the tests "
            "as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)."
        )
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sH14x", b"lo", 0)
        (flags,) = struct.unpack_from("16xH", fcntl.ioctl(any_socket, _GET_FLAGS, asked))
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))


if __name__ == "__main__":
    enter()
    module, *sys.argv[1:] = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
