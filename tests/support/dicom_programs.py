"""Other people's programs that read our DICOM objects: dciodvfy (dicom3tools), dsrdump (DCMTK).

As a script it prints where they are, after installing what was not there, by apt.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.installing import apt_commands, succeeds

PACKAGES = {"dciodvfy": "dicom3tools", "dsrdump": "dcmtk"}
HELP = (
    "The tests of DICOM objects need {program}, and it could not be found. On Debian or Ubuntu: "
    "apt-get install {package}. `make test` does so by itself where it can."
)


class NoProgramError(Exception):
    """A program is not there; the message says what to do."""


def find(program: str) -> str:
    """Return the path of a program; raise `NoProgramError` where there is none."""
    path = shutil.which(program)
    if path is None:
        raise NoProgramError(HELP.format(program=program, package=PACKAGES[program]))
    return path


def dciodvfy(data: bytes) -> list[str]:
    """Return the lines in which dciodvfy says that an object is not what the standard wants.

    It warns of private coding schemes, which the standard allows (PS3.16, 8.2), and that a file
    without dates cannot stand in a DICOMDIR: those are no errors, and are left out by it itself.
    """
    return [line for line in _said("dciodvfy", data) if line.startswith("Error")]


def dsrdump(data: bytes) -> str:
    """Return a structured report as DCMTK reads it: every item in a line, texts in full."""
    return "\n".join(_said("dsrdump", data, "--print-all-codes", "--print-long-values"))


def _said(program, data, *options):
    try:
        path = find(program)
    except NoProgramError as error:
        pytest.skip(str(error))  # said at the end of the run; no package server may be in reach
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "object.dcm")
        file.write_bytes(data)
        done = subprocess.run(
            [path, *options, str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if not lines or (program == "dsrdump" and done.returncode):
        raise AssertionError(f"{program} could not read the object: {lines}")
    return lines


def main() -> None:
    """Print where the programs are, after installing those that were not there."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if missing:
        all(map(succeeds, apt_commands(*missing)))
    try:
        places = [find(program) for program in PACKAGES]
    except NoProgramError as error:
        sys.exit(str(error))
    print("Programs that check DICOM objects:", *places)


if __name__ == "__main__":
    main()
