"""Downloads stay until the browser has fetched them, whatever other sessions do meanwhile.

What a download button makes when it is pressed belongs to no session of Streamlit 1.67, and what it
was given belongs to none while its page runs anew. The end of any session's run marks such a file,
and the next end deletes it: beside a class whose pages look every second it was gone before the
browser asked for it.
"""

import time

from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileMetadata

SECONDS = 60
"""For which a download stays once no session has it any more."""


class Lingering(MediaFileMetadata):
    """What Streamlit knows of a file: one that is marked is deleted a minute later."""

    _marked_at: float | None = None

    def mark_for_delete(self) -> None:
        """Note since when no session has it; whoever gets it again has a new mark."""
        if self._marked_at is None:
            self._marked_at = time.monotonic()

    @property
    def is_marked_for_delete(self) -> bool:
        """Whether it may be deleted."""
        return self._marked_at is not None and time.monotonic() - self._marked_at >= SECONDS


def settle() -> None:
    """Have it so from now on."""
    media_file_manager.MediaFileMetadata = Lingering  # type: ignore[misc]
