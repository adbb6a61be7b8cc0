"""Processes that need not load the program first: each is forked off one that has.

One that is killed, or opens a database beside others, is as much a process as any other. Loading
the program takes longer than all that these do, and they do not depend on who did it.
"""

import importlib
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import forking

LOADED = (
    *("kneeoa.__main__", "kneeoa.store.cases.resealing", "kneeoa.store.migrate"),
    *("kneeoa.pacs.outbox", "kneeoa.pacs.resealing", "pg8000.dbapi", "sqlite3"),
    *("tests.support.archive", "tests.support.cases"),
)
"""What programs in these processes import; whatever else they want they import themselves."""


@dataclass(frozen=True)
class Ended:
    """How a process ended, minus the number of a signal, and all that it wrote."""

    returncode: int
    said: str


class Forks:
    """The process that others are forked off."""

    def __init__(self) -> None:
        self._loaded = forking.Loaded("tests.support.forked")
        self.end = self._loaded.end

    def run(
        self, code: str, *calls: list[str], env: Mapping[str, str] | None = None
    ) -> list[Ended]:
        """Run a program in a process for each list of words, all at once; wait for them all."""
        with tempfile.TemporaryDirectory() as folder:
            files = [str(Path(folder, str(place))) for place in range(len(calls))]
            asked = {"code": code, "calls": list(zip(calls, files, strict=True))}
            asked["env"] = dict(os.environ if env is None else env)
            codes = self._loaded.ask(asked)
            texts = [Path(file).read_text() for file in files]
        return [Ended(*one) for one in zip(codes, texts, strict=True)]


@contextmanager
def ready() -> Iterator[Forks]:
    """Give what forks processes off; end it."""
    forks = Forks()
    try:
        yield forks
    finally:
        forks.end()


def _serve() -> None:
    for name in LOADED:
        importlib.import_module(name)
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        started = []
        for words, file in asked["calls"]:
            started.append(os.fork())
            if started[-1] == 0:
                _become(asked["code"], words, asked["env"], file)
                return
        ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in started]
        print(json.dumps(ended), flush=True)


def _become(code: str, words: list[str], env: dict[str, str], file: str) -> None:
    """Be a process that was asked to run a program, and end as one would."""
    forking.stand_alone(file, env)
    sys.argv = ["-c", *words]
    try:
        exec(compile(code, "<asked>", "exec"), {"__name__": "__main__"})
    except Exception:
        traceback.print_exc()
        sys.exit(1)


if __name__ == "__main__":
    _serve()
