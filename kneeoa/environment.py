"""The names of all settings from outside: one that is mistyped is named, not passed over."""

import difflib
from collections.abc import Mapping

from kneeoa.errors import ConfigError

_START = "KNEEOA_"
KNOWN = frozenset(
    f"{_START}{name}"
    for name in (
        *("CACHE", "DATABASE_URL", "DATASET", "MODELS", "NOTES", "OWN_FILMS", "RESULTS"),
        *("CASES_FILMS", "CASES_IDENTITY", "CASES_KEY", "CASES_OLD_SECRET", "CASES_SECRET"),
        *("DECODERS", "DECODE_MB", "DECODE_SECONDS", "SERVER_MB", "SERVER_UPLOADS_MB"),
        *("SESSION_MB", "SESSION_UPLOADS_MB", "PLACES_PER_ADDRESS", "TEACHER_KEY"),
        *("PACS", "PSEUDONYM_KEY", "TRUSTED_KEYS", "CHROMIUM", "ORTHANC"),
    )
)
"""But for those of an archive and of a receiver, which `kneeoa.pacs.configured` knows."""
_KNOWN_ELSEWHERE = ("KNEEOA_PACS_", "KNEEOA_RECEIVER_", "KNEEOA_TEST_")


def unknown(environment: Mapping[str, str], start: str = _START) -> list[str]:
    """Return a sentence for each variable that begins with `start` and that nothing here reads.

    None quotes a value: it may be a secret.
    """
    names = sorted(name for name in environment if name.startswith(start) and environment[name])
    return [
        f"Expected a setting that there is. {name} is none{_near(name)}: it counts for nothing."
        for name in names
        if name not in KNOWN and not name.startswith(_KNOWN_ELSEWHERE)
    ]


def expect_known(environment: Mapping[str, str], start: str) -> None:
    """Raise `ConfigError` where a variable that begins with `start` is none that there is."""
    if sentences := unknown(environment, start):
        raise ConfigError(f"{sentences[0]} Check the spelling.")


def _near(name: str) -> str:
    close = difflib.get_close_matches(name, KNOWN, 1)
    return f" (there is {close[0]})" if close else ""
