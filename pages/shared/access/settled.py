"""What the server's owner settled about who may do what; anything else than that is refused."""

from collections.abc import Mapping

from kneeoa.errors import ConfigError

PLACES, NOTES, EVERYONE = "KNEEOA_PLACES_PER_ADDRESS", "KNEEOA_NOTES", "everyone"
_MOST_PLACES = 99_999


def places_in(environment: Mapping[str, str], usual: int) -> int:
    """Return how many places of a class one client can have: the owner's setting, or as usual."""
    text = environment.get(PLACES, "").strip()
    if not text:
        return usual
    number = int(text) if text.isdecimal() and text.isascii() and len(text) < 6 else 0
    if not 1 <= number <= _MOST_PLACES:
        raise ConfigError(
            f"Expected a whole number from 1 to {_MOST_PLACES} in {PLACES}. Received {text!r}."
        )
    return number


def everyone_writes_notes(environment: Mapping[str, str]) -> bool:
    """Return whether every browser may keep notes; raise `ConfigError` for another word."""
    word = environment.get(NOTES, "").strip()
    if word not in ("", EVERYONE):
        raise ConfigError(
            f"Expected {EVERYONE} in {NOTES}. Received {word!r}: leave it unset where notes are "
            "kept from this machine alone."
        )
    return word == EVERYONE
