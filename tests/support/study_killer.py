"""Runs a command of `train` again and again and kills it: ``python -m tests.support.study_killer``.

Reads one number a line: after how many seconds to send SIGKILL, or ``inf``. Answers each with
``killed`` or ``exit N``. Keras is imported once, as is what writes the tables at the end, and every
attempt is a fork of that process, so that an attempt does not go by in importing.
"""

import gc
import math
import os
import signal
import sys
import time
import traceback

import keras  # noqa: F401
import statsmodels.formula.api  # noqa: F401

from tests.support import tiny
from train.__main__ import main
from train.commands import parser, training  # noqa: F401
from train.study import cycles, tables  # noqa: F401


def attempt(command: list[str], seconds: float) -> str:
    """Fork, let the child run `command`, and kill it after `seconds`."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = main(command)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return f"exit {os.waitstatus_to_exitcode(status)}"
        time.sleep(min(0.02, max(0.0, end - time.monotonic())) if math.isfinite(end) else 0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "killed"


if __name__ == "__main__":
    tiny.use()
    gc.freeze()  # or every attempt goes through what all of them have in common
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what training prints must not mix with the answers
    print("ready", file=answers)
    for line in sys.stdin:
        seconds, *rest = line.split("\t")
        print(attempt(rest[0].strip().split("\x1f"), float(seconds)), file=answers)
