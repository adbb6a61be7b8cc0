"""Tasks for workers that do what hostile files make decoders do; see `kneeoa.films.apart`."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from kneeoa.errors import RadiographError
from kneeoa.films.apart import once


def echo(data, *, times=1):
    return {"length": len(data)}, [np.frombuffer(data * times, np.uint8)]


def who(data):
    return {"process": os.getpid(), "settings": dict(os.environ)}, []


def loop(data):
    while True:
        pass


def wait(data):
    time.sleep(30)


def hold(data):
    """Make the file that `data` names, and be done once it is removed."""
    os.close(os.open(data, os.O_CREAT))
    while Path(os.fsdecode(data)).exists():
        time.sleep(0.01)
    return {}, []


def swell(data):
    held = [np.empty(50_000_000, np.uint8) for _ in range(100)]
    return {"length": len(held)}, []


def fill(data, *, size, seconds):
    """Hold so many bytes for a while; tell from when to when."""
    held = np.ones(size, np.uint8)
    began = time.monotonic()
    time.sleep(seconds)
    return {"began": began, "ended": time.monotonic(), "held": int(held[-1])}, []


def crash(data):
    os.kill(os.getpid(), signal.SIGSEGV)


def be_ended(data):
    """Be ended from outside, the first time: `data` names a file that is there from then on."""
    try:
        os.close(os.open(data, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return {"process": os.getpid()}, []
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(data):
    raise RadiographError("Expected another film.")


def fail(data):
    raise ValueError(data.decode())


def spend(data):
    once.spend()
    return {"process": os.getpid()}, []


def loaded(data, *, names):
    import sys

    return {"loaded": [name for name in names if name in sys.modules]}, []
