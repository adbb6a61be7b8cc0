"""What is to be done as this process ends, and once it has, however it does."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from kneeoa.terminal import ENDINGS

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


@contextlib.contextmanager
def in_order() -> Iterator[None]:
    """Have what is to end this process do so after what is inside, unless it comes twice."""
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, *ENDINGS)}

    def hold(number: int, frame: FrameType | None) -> None:
        again = bool(came)
        came.append(number)
        if again and callable(handler := handlers[signal.Signals(number)]):
            handler(number, frame)

    for number, handler in handlers.items():
        if callable(handler):
            put_handler(number, hold)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            put_handler(number, handler)
        if len(came) == 1:
            signal.raise_signal(came[0])


def put_handler(number: signal.Signals, handler: Any) -> None:
    """Handle a signal so, where this is the thread that can, and Python knows how it was."""
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(number, handler)
