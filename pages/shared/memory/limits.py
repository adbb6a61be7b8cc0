"""How much of the server's memory films may take; by default for a server of 4 GB."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from kneeoa.errors import KneeOAError
from kneeoa.films.apart.settings import MEGABYTE, number_in


class FullError(KneeOAError):
    """There is no room for a file; what is there already stays."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of one browser session, and of all of them together.

    Attributes
    ----------
    films : files, and their pixels while they are held
    uploads : what comes in and was not read yet
    """

    films: int = 300 * MEGABYTE
    all_films: int = 450 * MEGABYTE
    uploads: int = 150 * MEGABYTE
    all_uploads: int = 300 * MEGABYTE


SETTINGS = {
    "films": "KNEEOA_SESSION_MB",
    "all_films": "KNEEOA_SERVER_MB",
    "uploads": "KNEEOA_SESSION_UPLOADS_MB",
    "all_uploads": "KNEEOA_SERVER_UPLOADS_MB",
}


def limits_from(environment: Mapping[str, str] = os.environ) -> Limits:
    """Return the limits in the environment; raise `ConfigError` for what is no number."""
    default = Limits()
    return Limits(
        **{
            what: round(number_in(environment, name, getattr(default, what) / MEGABYTE) * MEGABYTE)
            for what, name in SETTINGS.items()
        }
    )
