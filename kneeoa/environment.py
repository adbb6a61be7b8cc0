"""The names of all settings from outside: one that is mistyped is named, not passed over."""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path

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
_PLACES = tuple(
    f"{_START}{name}"
    for name in (
        *("CACHE", "CASES_FILMS", "DATASET", "MODELS"),
        *("OWN_FILMS", "RESULTS", "TRUSTED_KEYS"),
    )
)
"""Those of files and folders."""
_SERVICE = re.compile(rf"({_START[:-1]}(?:_[A-Z0-9_]+?)?)_SERVICE_HOST")
_KNOWN_ELSEWHERE = ("KNEEOA_PACS_", "KNEEOA_RECEIVER_", "KNEEOA_TEST_")


def injected(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the variables that a platform of containers set for a service called kneeoa-anything.

    It does so for each service, in groups that have ``*_SERVICE_HOST`` in them (Kubernetes).
    """
    names: set[str] = set()
    for host in environment:
        if (base := _SERVICE.fullmatch(host)) and environment[host]:
            own = re.compile(f"{base[1]}_(SERVICE_(HOST|PORT(_.+)?)|PORT_[0-9]+_(TCP|UDP|SCTP).*)")
            names |= {name for name in environment if own.fullmatch(name)}
            # As `KNEEOA_RECEIVER_PORT` it would be one of ours: theirs is an address.
            names |= {name for name in (f"{base[1]}_PORT",) if "://" in environment.get(name, "")}
    return frozenset(names)


def unknown(environment: Mapping[str, str], start: str = _START) -> list[str]:
    """Return a sentence for each variable that begins with `start` and that nothing here reads.

    None quotes a value: it may be a secret.
    """
    passed_over = KNOWN | injected(environment)
    names = sorted(name for name in environment if name.startswith(start) and environment[name])
    return [
        f"{name} is no setting{_near(name)}. It counts for nothing."
        for name in names
        if name not in passed_over and not name.startswith(_KNOWN_ELSEWHERE)
    ]


def expect_known(environment: Mapping[str, str], start: str) -> None:
    """Raise `ConfigError` where a variable that begins with `start` is none that there is."""
    if sentences := unknown(environment, start):
        raise ConfigError(f"{sentences[0]} Check the spelling.")


def expect_bare(environment: Mapping[str, str]) -> None:
    """Raise `ConfigError` for a setting with the quotes that stood around it where it was copied.

    A shell takes them away, a file of a container's variables does not: a key would be another one,
    a folder would not be there. Passwords of an archive are taken as they are.
    """
    for name in sorted(name for name in environment if name.startswith(_START)):
        text = environment[name].strip()
        if name in KNOWN and len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`":
            raise ConfigError(
                f"Expected {name} without quotes around it. It begins and ends with {text[0]}: "
                "leave both out."
            )


def expect_homes(environment: Mapping[str, str]) -> None:
    """Raise `ConfigError` for a place below the home folder of nobody.

    So it is with ``~`` where a container runs under a number that has no name.
    """
    for name in _PLACES:
        for place in environment.get(name, "").split(os.pathsep):
            try:
                Path(place.strip()).expanduser()
            except RuntimeError:
                raise ConfigError(
                    f"Expected a place in {name}. There is no home folder for the ~ that "
                    f"{place.strip()} begins with: write it out."
                ) from None


def _near(name: str) -> str:
    # Without what all begin with, which would make any two of them alike.
    names = [known.removeprefix(_START) for known in KNOWN]
    close = difflib.get_close_matches(name.removeprefix(_START), names, 1)
    return f" (did you mean {_START}{close[0]}?)" if close else ""
