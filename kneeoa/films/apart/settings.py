"""How long a film may take, how much memory, and how many films are decoded at once."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

from kneeoa.errors import ConfigError

SECONDS, MEGABYTES, WORKERS = "KNEEOA_DECODE_SECONDS", "KNEEOA_DECODE_MB", "KNEEOA_DECODERS"
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every film.

    Attributes
    ----------
    seconds : of computing that a film may take; of waiting, `CLOCK` times as many
    memory : bytes that a film may take besides what a worker takes before
    workers : films that are decoded at once
    patience : seconds that a film waits for a worker
    """

    seconds: float = 5.0
    memory: int = 1200 * MEGABYTE
    workers: int = 2
    patience: float = 60.0

    @property
    def clock(self) -> float:
        """Seconds by the clock after which a film is given up, however little was computed."""
        return CLOCK * self.seconds

    @property
    def ordinary(self) -> int:
        """Bytes of memory beyond which one film is decoded at a time: the others wait for it."""
        return self.memory // 3

    def too_long(self, allowance: float) -> str:
        """Return what is said of a film that takes longer, with what more than decoding it may."""
        seconds = allowance * self.seconds
        if allowance > 1:
            return (
                f"Expected a film that is written anew within {seconds:g} seconds of computing. "
                "This one takes longer: export it at a lower resolution, or ask who runs the "
                f"server for more ({SECONDS})."
            )
        return (
            f"Expected a film that is decoded within {seconds:g} seconds. This one takes longer: "
            "it is damaged, very large, or was made to take long. Export it again, at a lower "
            "resolution where it is large."
        )


CLOCK = 3.0
"""So many times longer a film may take by the clock: on a busy machine it waits without guilt."""


def settings_from(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings in the environment; raise `ConfigError` for what is no number."""
    default = Settings(workers=min(Settings().workers, os.cpu_count() or 1))
    return Settings(
        seconds=number_in(environment, SECONDS, default.seconds),
        memory=round(number_in(environment, MEGABYTES, default.memory / MEGABYTE) * MEGABYTE),
        workers=math.ceil(number_in(environment, WORKERS, default.workers)),
    )


def number_in(environment: Mapping[str, str], name: str, default: float) -> float:
    """Return a setting above 0, `default` where it is not set; raise `ConfigError` for others."""
    text = environment.get(name, "").strip()
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ConfigError(f"Expected a number above 0 in {name}. Received {text!r}.")
    return number
