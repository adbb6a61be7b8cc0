"""TensorFlow without its greetings: what it prints while it starts, and nobody can act on."""

import contextlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

GREETINGS = (
    "All log messages before absl::InitializeLog",
    "oneDNN custom operations are on",
)
NO_GPU = ("Could not find cuda drivers", "failed call to cuInit")
"""What it says where there is none, which counts only where one is to be there."""
RETRACING = "triggered tf.function retracing"
"""Of its own logger: films that come in batches of two sizes, as at an epoch's end."""


@contextlib.contextmanager
def without_greetings(*, expects_gpu: bool = False) -> Iterator[None]:
    """Import TensorFlow, and have it look for GPUs, inside: other lines on stderr are let through.

    Where a GPU is expected, or the machine has one, so is what is said of its lack.

    They are printed by C++ before any setting counts, so that what is written to the file itself
    has to be looked through. A process of its own does that: it says what is left even where
    TensorFlow ends this one, as on a CPU that lacks its instructions.
    """
    logging.getLogger("tensorflow").addFilter(_is_no_retracing)
    shows_gpu = expects_gpu or any(Path("/dev").glob("nvidia[0-9]*"))
    lines = GREETINGS if shows_gpu else (*GREETINGS, *NO_GPU)
    unwanted = [word for line in lines for word in ("-e", line)]
    with contextlib.ExitStack() as ends:
        try:
            sys.stderr.flush()
            before = os.dup(2)
            ends.callback(os.close, before)
            through = subprocess.Popen(
                ["grep", "-a", "--line-buffered", "-v", "-F", *unwanted],
                stdin=subprocess.PIPE,
                stdout=before,
                stderr=subprocess.DEVNULL,
                # A signal to the terminal's processes is not for this one: it ends with the pipe.
                start_new_session=True,
            )
        except (AttributeError, OSError, ValueError):  # no stderr, or no such program
            yield
            return
        assert through.stdin is not None
        os.dup2(through.stdin.fileno(), 2)
        through.stdin.close()
        try:
            yield
        finally:
            os.dup2(before, 2)
            # What was started inside, and goes on, would keep it open.
            with contextlib.suppress(subprocess.TimeoutExpired):
                through.wait(timeout=5)


def _is_no_retracing(record: logging.LogRecord) -> bool:
    return RETRACING not in record.getMessage()
