"""What a server does from its start to its end, whether a page is open or not."""

import contextlib
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

from kneeoa.environment import unknown
from kneeoa.errors import KneeOAError
from kneeoa.films.apart.settings import settings_from
from pages import callbacks
from pages.shared.memory.limits import limits_from
from pages.shared.pacs import running

_LOG = logging.getLogger(__name__)


def expect_settings() -> None:
    """Name settings that are mistyped; end the program where how much there is room for is none.

    Said here, because it would be met by the first upload, and answered by the number of an error.
    """
    for sentence in unknown(os.environ):
        _LOG.warning("%s", sentence)
    try:
        limits_from()
        settings_from()
    except KneeOAError as problem:
        sys.exit(f"The dashboard is not started. {problem}")


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Load the networks, behind the first page; receive and send what an archive is to have."""
    callbacks.keep_whole()
    threading.Thread(target=load_networks, name="networks", daemon=True).start()
    async with running.lifespan(app):
        yield


def load_networks() -> None:
    """Load the networks. What is wrong with them is said by the page that needs them."""
    with contextlib.suppress(KneeOAError):
        # Late: this imports more than a server must have to answer.
        from pages.shared import cached

        cached.graders()
