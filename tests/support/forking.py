"""A process that has loaded the program, and that others are forked off (not on Windows).

What it loads, and what the forked ones do, is another module's, which is run as this process: it
answers each line of its standard input, JSON, by one of its output.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tests.support.places import ROOT


class Loaded:
    """The process that runs `module`; until it has loaded, who asks it waits."""

    def __init__(self, module: str) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, text=True, **pipes
        )

    def ask(self, asked: Mapping[str, Any]) -> Any:
        """Return its answer."""
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        """Have it end, and wait for it."""
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def stand_alone(written: str, env: Mapping[str, str]) -> None:
    """Have this forked process read nothing, write to the end of a file, and have `env`."""
    out = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for there, here in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(there, here)
    os.environ.clear()
    os.environ.update(env)
