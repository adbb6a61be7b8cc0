"""Programs that tests need besides Python packages, through the system's own package manager."""

import os
import shutil
import subprocess
import sys

LONGEST_SECONDS = 600


def apt_commands(*packages: str) -> list[list[str]]:
    """Return the commands that install `packages`; none where apt cannot be used."""
    if shutil.which("apt-get") is None:
        return []
    if os.geteuid() == 0:
        asking = []
    elif shutil.which("sudo") and succeeds(["sudo", "--non-interactive", "true"]):
        asking = ["sudo", "--non-interactive"]
    else:
        return []
    apt = [*asking, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    return [
        [*apt, "update"],
        [*apt, "install", "--yes", "--no-install-recommends", *packages],
    ]


def succeeds(command: list[str]) -> bool:
    """Run `command`, its output on stderr, and return whether it succeeded in time."""
    print("$", *command, file=sys.stderr, flush=True)
    try:
        done = subprocess.run(command, stdout=sys.stderr, timeout=LONGEST_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return False
    return done.returncode == 0
