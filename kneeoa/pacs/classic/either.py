"""An archive as it is spoken with: over DICOMweb, or by C-STORE where it takes reports alone."""

from typing import TYPE_CHECKING, Union

from kneeoa.pacs.settings import Station, Taker
from kneeoa.pacs.web import Web

if TYPE_CHECKING:
    from kneeoa.pacs.classic.station import Classic

Archive = Union[Web, "Classic"]


def archive_of(taker: Taker) -> Archive:
    """Return what speaks with an archive."""
    if isinstance(taker, Station):
        from kneeoa.pacs.classic.station import Classic  # late: most servers need no pynetdicom

        return Classic(taker)
    return Web(taker)
