"""Commands with nobody to call and an empty home: what they leave there, and whether they call.

The kernel ends the process when it opens a socket of the internet, be that only to look up a name
(seccomp; Linux on x86-64 and arm64). A missing network would not do: a failed call goes unseen.
One kind is let through, a stream over IPv6: urllib3 opens one, which it connects to nobody, when it
is loaded; a name is looked up by datagrams.
"""

import ctypes
import os
import platform
import runpy
import signal
import struct
import subprocess
import sys
from pathlib import Path

from tests.support.places import ROOT

_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""The kernel's name of each machine, and its number of ``socket``."""
_LOAD, _EQUAL, _AND, _RETURN = 0x20, 0x15, 0x54, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NUMBER_AT, _MACHINE_AT, _FAMILY_AT, _KIND_AT = 0, 4, 16, 24
_IPV4, _IPV6, _DATAGRAMS, _KINDS = 2, 10, 2, 0xF
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
CALLED = -signal.SIGSYS
"""The exit code of what tried to call somebody."""


def can_be_cut_off() -> bool:
    """Return whether this machine's kernel can do it."""
    return sys.platform == "linux" and platform.machine() in _MACHINES


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess:
    """Run ``python -m`` with `command` in `folder`, where its home and temporary files are, too.

    After the word ``and`` comes another command for the same process, as long as all can be done.
    Where the kernel cannot cut it off, it may call whom it wants.
    """
    places = {name: folder / name for name in ("home", "temporary", "work")}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    given = {"HOME": str(places["home"]), "TMPDIR": str(places["temporary"])}
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "tests.support.cut_off", *command],
        cwd=places["work"],
        env=kept | given | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def left_behind(folder: Path) -> list[str]:
    """Return every file and folder in what `run` gave to a command as its own."""
    return sorted(
        file.relative_to(folder).as_posix()
        for name in ("home", "temporary", "work")
        for file in (folder / name).rglob("*")
    )


def _cut_off() -> None:
    machine, socket = _MACHINES[platform.machine()]
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 0, 8, machine),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_EQUAL, 0, 6, socket),
        (_LOAD, 0, 0, _FAMILY_AT),
        (_EQUAL, 5, 0, _IPV4),
        (_EQUAL, 0, 3, _IPV6),
        (_LOAD, 0, 0, _KIND_AT),
        (_AND, 0, 0, _KINDS),
        (_EQUAL, 1, 0, _DATAGRAMS),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _KILL),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    described = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
    library = ctypes.CDLL(None, use_errno=True)
    for option, first, second in (
        (_NO_NEW_PRIVILEGES, 1, None),
        (_SET_SECCOMP, _FILTER, ctypes.c_char_p(described)),
    ):
        if library.prctl(option, ctypes.c_ulong(first), second, 0, 0):
            raise OSError(ctypes.get_errno(), "The kernel takes no filter of system calls")


def _run(words: list[str]) -> int | str | None:
    """Run commands, one after the other; return the code of the last one that was run."""
    code = None
    while words and not code:
        end = words.index("and") if "and" in words else len(words)
        module, *sys.argv[1:] = words[:end]
        words = words[end + 1 :]
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            code = ended.code
    return code


if __name__ == "__main__":
    if can_be_cut_off():
        _cut_off()
    sys.exit(_run(sys.argv[1:]))
