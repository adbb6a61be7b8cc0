"""What a server does from its start to its end, whether a page is open or not."""

import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any

from kneeoa.errors import KneeOAError
from pages import callbacks
from pages.shared.pacs import running


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
