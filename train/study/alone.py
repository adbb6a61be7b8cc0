"""Ray on this machine alone: it talks over loopback, asks nobody, and leaves nothing at home.

By itself Ray listens on this machine's address in the network, asks the cloud's metadata service
where it runs, though no statistics are sent, and keeps a secret in the home folder.
"""

import contextlib
import logging
import os
import secrets
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from train.study.afterwards import Afterwards, put_handler

_STORE = 100 * 2**20
"""Bytes of what tasks hand to each other: a few sentences."""

_LONGEST = 20
"""Characters of a temporary folder in which Ray's sockets may lie."""

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # What Ray does on desktops, against questions of their firewalls: 127.0.0.1, whatever is asked.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # Others on this machine can reach loopback, too.
    "RAY_AUTH_MODE": "token",
}
_CLUSTER_FILE = "ray_bootstrap_config.yaml"
"""What a cloud's launcher leaves at home; only without one is the metadata service asked."""


_REMOVES = 'for attempt in 1 2 3 4 5; do rm -rf "$1" && break; sleep 1; done'
"""Ray's processes, which may still write, end a little later than the one that began them."""


@contextlib.contextmanager
def home(visible: str | None) -> Iterator[tuple[str, Afterwards]]:
    """Give a folder that is home to Ray's own processes, which are to be begun meanwhile.

    It is removed by what comes with it: once that is closed, or this process has ended. Ray's
    processes see the GPUs that were `visible` before this process hid them from its own Keras, and
    each chooses its device itself.
    """
    # The path of a socket in it may have 107 characters, of which Ray's own names take 66.
    place = tempfile.gettempdir() if len(tempfile.gettempdir()) <= _LONGEST else "/tmp"
    folder = tempfile.mkdtemp(prefix="kneeoa-ray-", dir=place)
    removes = Afterwards(_REMOVES, folder)
    Path(folder, _CLUSTER_FILE).write_text("{}\n", "utf-8")
    os.environ.update(_SETTINGS)
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    _forget_the_secret_before()
    _print_nothing()
    with (
        setting("CUDA_VISIBLE_DEVICES", visible),
        setting("KERAS_TORCH_DEVICE", None),
        setting("HOME", folder),
        _on_loopback(),
    ):
        yield folder, removes


def room(folder: str) -> dict[str, Any]:
    """Return Ray's options of where it keeps things: all in `folder`, and little.

    By itself it takes gigabytes of shared memory, of which a container may have none, and leaves
    every session in the temporary folder.
    """
    return {
        "_temp_dir": folder,
        "_plasma_directory": folder,
        "object_store_memory": _STORE,
        # Else it says at every start that it does not check the two together.
        "logging_level": logging.WARNING,
    }


def _forget_the_secret_before() -> None:
    """Have Ray look at its settings anew: a process that was of a cluster keeps that one's."""
    with contextlib.suppress(ImportError):  # said by who needs it
        from ray._raylet import AuthenticationTokenLoader, Config

        Config.initialize("")
        AuthenticationTokenLoader.instance().reset_cache()


def _print_nothing() -> None:
    """Keep tracebacks of Ray's own processes, ended with this one, from the terminal.

    What a user can act on comes back as the outcome of a task.
    """
    with contextlib.suppress(ImportError):  # said by who needs it
        from ray._private import worker

        worker.print_to_stdstream = lambda data, ignore_prefix: None


@contextlib.contextmanager
def _on_loopback() -> Iterator[None]:
    try:
        from ray._private import ray_constants
    except ImportError:  # said by who needs it
        yield
        return
    # Read from the environment when Ray is imported, which may have been before.
    before, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


@contextlib.contextmanager
def own_signals() -> Iterator[None]:
    """Keep what SIGTERM does: Ray has it end the process without a word, as it begins and ends.

    The part of it that is not Python does so behind Python's back as it leaves, a second and more
    before Ray's processes have ended; `state.disconnect` is the first that Ray calls after that.
    """
    from ray._private import state, utils

    before, takes = signal.getsignal(signal.SIGTERM), utils.set_sigterm_handler
    leaves = state.state.disconnect

    def left() -> None:
        put_handler(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
        leaves()

    utils.set_sigterm_handler, state.state.disconnect = lambda handler: None, left
    try:
        yield
    finally:
        utils.set_sigterm_handler, state.state.disconnect = takes, leaves
        put_handler(signal.SIGTERM, before)


@contextlib.contextmanager
def setting(name: str, value: str | None) -> Iterator[None]:
    """Have an environment variable be `value` inside, or not be there."""
    before = os.environ.get(name)
    _put(name, value)
    try:
        yield
    finally:
        _put(name, before)


def _put(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
