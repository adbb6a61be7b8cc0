"""Ray on this machine alone: it talks over loopback, asks nobody, and leaves nothing at home.

By itself Ray listens on this machine's address in the network, asks the cloud's metadata service
where it runs, though no statistics are sent, and keeps a secret in the home folder.
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_STORE = 100 * 2**20
"""Bytes of what tasks hand to each other: a few sentences."""

_LONGEST = 40
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # What Ray does on desktops, against questions of their firewalls: 127.0.0.1, whatever is asked.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # Others on this machine can reach loopback, too.
    "RAY_AUTH_MODE": "token",
}
_CLUSTER_FILE = "ray_bootstrap_config.yaml"
"""What a cloud's launcher leaves at home; only without one is the metadata service asked."""


@contextlib.contextmanager
def home(visible: str | None) -> Iterator[tempfile.TemporaryDirectory]:
    """Give a folder that is home to Ray's own processes, which are to be begun meanwhile.

    It is to be removed once they have ended. They see the GPUs that were `visible` before this
    process hid them from its own Keras.
    """
    folder = tempfile.TemporaryDirectory(prefix="kneeoa-ray-", ignore_cleanup_errors=True)
    Path(folder.name, _CLUSTER_FILE).write_text("{}\n", "utf-8")
    os.environ.update(_SETTINGS)
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    _forget_the_secret_before()
    with _set("CUDA_VISIBLE_DEVICES", visible), _set("HOME", folder.name), _on_loopback():
        yield folder


def room(folder: str) -> dict[str, Any]:
    """Return Ray's options of where it keeps things: in `folder`, that nothing is left, and little.

    By itself it takes gigabytes of shared memory, of which a container may have none, and leaves
    every session in the temporary folder. A socket's path may have 107 characters: where `folder`
    is long, it stays there.
    """
    here = {"_temp_dir": folder} if len(folder) <= _LONGEST else {}
    return {"object_store_memory": _STORE, "_plasma_directory": folder, **here}


def _forget_the_secret_before() -> None:
    """Have Ray look at its settings anew: a process that was of a cluster keeps that one's."""
    with contextlib.suppress(ImportError):  # said by who needs it
        from ray._raylet import AuthenticationTokenLoader, Config

        Config.initialize("")
        AuthenticationTokenLoader.instance().reset_cache()


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
def _set(name: str, value: str | None) -> Iterator[None]:
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
