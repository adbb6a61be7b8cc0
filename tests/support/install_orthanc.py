"""Find an Orthanc with its DICOMweb plugin, or get one of Debian's packages, without its service.

In this order: KNEEOA_ORTHANC (a folder that holds what the packages do), one that is installed, one
that was unpacked here before, the packages through apt. They are unpacked into ``build/orthanc``
and not installed: their service would listen on every address of the machine from then on. Only
the libraries that they need are installed. As a script it prints where it is.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.install_chromium import apt_commands, succeeds
from tests.support.places import ROOT

OWN = ROOT / "build" / "orthanc"
PACKAGES = ("orthanc", "orthanc-dicomweb")
PROGRAM, PLUGIN = "usr/sbin/Orthanc", "usr/share/orthanc/plugins/libOrthancDicomWeb.so"
HELP = (
    "The tests of archives need Orthanc with its DICOMweb plugin, and none could be found or "
    "installed. On Debian or Ubuntu: apt-get install orthanc orthanc-dicomweb (its service then "
    "listens on every address: systemctl disable --now orthanc); or set KNEEOA_ORTHANC to a folder "
    f"that holds {PROGRAM} and {PLUGIN}."
)


class NoOrthancError(Exception):
    """No Orthanc that starts; the message says what to do."""


@dataclass(frozen=True)
class Orthanc:
    """Where its program and its plugin are."""

    program: Path
    plugin: Path


def find_orthanc() -> Orthanc:
    """Return an Orthanc that starts."""
    chosen = os.environ.get("KNEEOA_ORTHANC")
    for folder in [Path(chosen)] if chosen else [Path("/"), OWN]:
        found = Orthanc(folder / PROGRAM, folder / PLUGIN)
        if found.plugin.exists() and starts(found.program):
            return found
    if chosen:
        raise NoOrthancError(f"Expected {PROGRAM} and {PLUGIN} in KNEEOA_ORTHANC, {chosen}.")
    raise NoOrthancError(HELP)


def starts(program: Path) -> bool:
    """Return whether it is a program that runs here."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def install_orthanc() -> Orthanc:
    """Unpack Debian's packages and install the libraries that they need."""
    commands = apt_commands()
    if not commands:
        raise NoOrthancError(HELP)
    update, install = commands
    apt = install[: install.index("install")]
    with tempfile.TemporaryDirectory(prefix="kneeoa-orthanc-") as name:
        if not succeeds(update):
            raise NoOrthancError(HELP)
        done = subprocess.run(
            ["apt-get", "download", *PACKAGES], cwd=name, stdout=sys.stderr, check=False
        )
        files = sorted(Path(name).glob("*.deb"))
        if done.returncode != 0 or len(files) != len(PACKAGES):
            raise NoOrthancError(HELP)
        needed = ", ".join(filter(None, map(needs, files)))
        satisfy = [*apt, "satisfy", "--yes", "--no-install-recommends", needed]
        unpack = [["dpkg-deb", "--extract", str(file), str(OWN)] for file in files]
        OWN.mkdir(parents=True, exist_ok=True)
        if not all(map(succeeds, [satisfy, *unpack])):
            raise NoOrthancError(HELP)
    return find_orthanc()


def needs(package: Path) -> str:
    """Return what a package depends on, but for the other one."""
    done = subprocess.run(
        ["dpkg-deb", "--field", str(package), "Depends"], capture_output=True, text=True, check=True
    )
    all_of_them = done.stdout.strip().split(", ")
    return ", ".join(one for one in all_of_them if one.split()[0] not in PACKAGES)


def main() -> None:
    """Print where an Orthanc is, after getting one where none was there."""
    if sys.platform != "linux":
        print("Orthanc is tested with on Linux alone: nothing to get here.")
        return
    try:
        found = find_orthanc()
    except NoOrthancError as error:
        if os.environ.get("KNEEOA_ORTHANC"):
            sys.exit(str(error))
        try:
            found = install_orthanc()
        except NoOrthancError as error:
            sys.exit(str(error))
    print("Orthanc for the tests of archives:", found.program)


if __name__ == "__main__":
    main()
