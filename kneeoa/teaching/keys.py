"""Keys that open a page: the teacher's, the case list's; and how fast one can be guessed."""

import hmac
import threading
from collections.abc import Mapping

from kneeoa.errors import ConfigError

SETTING = "KNEEOA_TEACHER_KEY"
PLACES, _MOST_PLACES = "KNEEOA_PLACES_PER_ADDRESS", 99_999
SHORTEST = 8
AT_ONCE, SECONDS_A_TRY = 5, 10.0
"""A client's tries in a row, and how long each of them takes to come back."""
MOST_CLIENTS = 10_000


def check_setting(
    setting: str | None,
    name: str = SETTING,
    what: str = "the teacher's key",
    purpose: str = "to hold group sessions",
) -> str:
    """Return the key; raise `ConfigError` where `name` holds none, or one too easily guessed."""
    if not setting:
        raise ConfigError(
            f"Expected {what} in {name}. None is set: start the dashboard with {name}=... (at "
            f"least {SHORTEST} letters) {purpose}."
        )
    # As it is compared: blanks around it do not count.
    length = len(setting.strip())
    if length < SHORTEST:
        raise ConfigError(
            f"Expected at least {SHORTEST} letters in {name}. Received {length}: choose a "
            "longer key and start the dashboard again."
        )
    return setting


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


def is_right(typed: str, setting: str) -> bool:
    """Whether `typed` is the key. Ask `Tries` before: right and wrong keys cost one alike."""
    return hmac.compare_digest(_bytes(typed), _bytes(setting))


def _bytes(key: str) -> bytes:
    # What is no UTF-8 in the environment comes as halves of pairs.
    return key.strip().encode("utf-8", "surrogatepass")


class Tries:
    """How often each client may try a key: `AT_ONCE` times, then once in `SECONDS_A_TRY`.

    Clients do not wait for each other, and nobody waits inside the server. Times are of any clock
    that does not go back, in seconds.
    """

    def __init__(self) -> None:
        self._whole_again: dict[str, float] = {}
        """By client: when all of its tries have come back (generic cell rate algorithm)."""
        self._one_at_a_time = threading.Lock()

    def take(self, client: str, now: float) -> float:
        """Take a try and return 0; or take none, and return the seconds until there is one."""
        with self._one_at_a_time:
            whole = max(self._whole_again.get(client, now), now)
            wait = whole + SECONDS_A_TRY - now - AT_ONCE * SECONDS_A_TRY
            if wait > 0:
                return wait
            self._whole_again.pop(client, None)
            self._forget(now)
            self._whole_again[client] = whole + SECONDS_A_TRY
            return 0.0

    def _forget(self, now: float) -> None:
        """Make room: forget who has all tries back, then who tried longest ago."""
        if len(self._whole_again) < MOST_CLIENTS:
            return
        kept = {client: at for client, at in self._whole_again.items() if at > now}
        while len(kept) >= MOST_CLIENTS:
            del kept[next(iter(kept))]
        self._whole_again = kept
