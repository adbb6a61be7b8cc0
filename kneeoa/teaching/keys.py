"""The teacher's key: what opens the teacher's page, and how fast it can be guessed."""

import hmac
import threading
import time

from kneeoa.errors import ConfigError

SETTING = "KNEEOA_TEACHER_KEY"
SHORTEST = 8
SECONDS_A_WRONG_TRY = 1.0

_one_at_a_time = threading.Lock()


def check_setting(setting: str | None) -> None:
    """Raise `ConfigError` where no key is set, or one that is guessed too easily."""
    if not setting:
        raise ConfigError(
            f"Expected the teacher's key in {SETTING}. None is set: start the dashboard with "
            f"{SETTING}=... (at least {SHORTEST} letters) to hold group sessions."
        )
    # As it is compared: blanks around it do not count.
    length = len(setting.strip())
    if length < SHORTEST:
        raise ConfigError(
            f"Expected at least {SHORTEST} letters in {SETTING}. Received {length}: choose a "
            "longer key and start the dashboard again."
        )


def is_right(given: str, setting: str) -> bool:
    """Whether `given` is the key. Wrong tries wait for each other, one a second on the server."""
    if hmac.compare_digest(given.strip().encode(), setting.strip().encode()):
        return True
    with _one_at_a_time:
        time.sleep(SECONDS_A_WRONG_TRY)
    return False
