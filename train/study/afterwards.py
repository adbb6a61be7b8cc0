"""What is to be done once this process has ended, however it does."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping

_WAITS = "trap : TERM HUP; cat > /dev/null; "


class Afterwards:
    """A command of the shell that waits for this process to end, or for `close`.

    It hears of it by its standard input, whose other end nobody else holds, so that SIGKILL cannot
    keep it from its work; Ctrl-C, which is for those that train, does not reach it.
    """

    def __init__(
        self, command: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        """Have `command` wait, with `arguments` as its ``$1`` and so on."""
        self._process = subprocess.Popen(
            ["sh", "-c", _WAITS + command, "sh", *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self, *, seconds: float) -> None:
        """Do it now; after so many `seconds` it is given up."""
        try:
            self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
