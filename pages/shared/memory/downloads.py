"""Downloads are what was asked for, and stay until the browser has fetched them.

What a download button makes when it is pressed belongs to no session of Streamlit 1.67, and what it
was given belongs to none while its page runs anew. The end of any session's run marks such a file,
and the next end deletes it: beside a class whose pages look every second it was gone before the
browser asked for it. And of a file over 1 MiB its address covers parts alone: who corrects a grade
between them was given the file of before, as long as that is there.
"""

import hashlib
import time
from typing import cast

from streamlit.runtime import media_file_manager, memory_media_file_storage, runtime
from streamlit.runtime.media_file_manager import MediaFileManager, MediaFileMetadata
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryFile, MemoryMediaFileStorage

from kneeoa.films.apart.settings import MEGABYTE

SECONDS = 60
"""For which a download stays once no session has it any more."""
MOST = 100 * MEGABYTE
"""Bytes of downloads that no session has; beyond, the oldest go first, the last one never."""


class Lingering(MediaFileMetadata):
    """What Streamlit knows of a file: one that is marked is deleted a minute later."""

    _marked_at: float | None = None

    def mark_for_delete(self) -> float:  # type: ignore[override]
        """Note and return since when no session has it; whoever gets it again has a new mark."""
        if self._marked_at is None:
            self._marked_at = time.monotonic()
        return self._marked_at

    @property
    def is_marked_for_delete(self) -> bool:
        """Whether it may be deleted."""
        return self._marked_at is not None and time.monotonic() - self._marked_at >= SECONDS


class Downloads(MediaFileManager):
    """Streamlit's keeper of files, with no more than `MOST` that lingers."""

    def remove_orphaned_files(self) -> None:
        """Delete what no session has: pictures at once, downloads when their time is over."""
        self._bound()
        super().remove_orphaned_files()

    def execute_deferred(self, file_id: str) -> str:
        """Return the address of what a pressed button makes."""
        address = super().execute_deferred(file_id)
        self._bound()  # buttons can be pressed while no run ends
        return address

    def _bound(self):
        with self._lock:
            nobodys = self._get_inactive_file_ids()
            since = {}
            for file_id, file in self._file_metadata.items():
                is_download = file.kind == MediaFileKind.DOWNLOADABLE
                if is_download and file_id in nobodys and isinstance(file, Lingering):
                    since[file_id] = file.mark_for_delete()
            oldest_first = sorted(since, key=since.__getitem__)
            sizes = {file_id: self._size(file_id) for file_id in oldest_first}
            taken = sum(sizes.values())
            for file_id in oldest_first[:-1]:
                if taken <= MOST:
                    break
                taken -= sizes[file_id]
                self._delete_file(file_id)

    def _size(self, file_id):
        return cast("MemoryMediaFileStorage", self._storage).get_file(file_id).content_size


class ByContent(MemoryMediaFileStorage):
    """Streamlit's files by their addresses; a download's covers its whole content.

    Pictures keep Streamlit's: what is large of them, films, have their digest in the name
    (`pages.shared.viewer.served`).
    """

    def load_and_get_id(
        self,
        path_or_data: str | bytes,
        mimetype: str,
        kind: MediaFileKind,
        filename: str | None = None,
    ) -> str:
        """Keep a file; return what tells it from others."""
        if kind != MediaFileKind.DOWNLOADABLE:
            return super().load_and_get_id(path_or_data, mimetype, kind, filename)
        data = path_or_data
        if isinstance(data, str):
            data = self._read_file(data)
        digest = hashlib.sha256(repr((mimetype, filename)).encode())
        digest.update(data)
        file_id = digest.hexdigest()
        self._files_by_id[file_id] = MemoryFile(data, mimetype, kind, filename)
        return file_id


def settle() -> None:
    """Have it so from now on."""
    media_file_manager.MediaFileMetadata = Lingering  # type: ignore[misc]
    memory_media_file_storage.MemoryMediaFileStorage = ByContent  # type: ignore[misc]
    runtime.MediaFileManager = Downloads  # type: ignore[misc]
