"""What a file may hold, looked at before it is decoded."""

import math
from dataclasses import dataclass

from kneeoa.errors import RadiographError

ACCEPTED = "Expected PNG, JPEG, TIFF or DICOM."


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before decoding: bytes, pixels, and pixels on the shorter side."""

    max_bytes: int = 100_000_000
    max_pixels: int = 50_000_000
    min_side: int = 64

    def check_bytes(self, count: int) -> None:
        """Refuse a file of no or too many bytes."""
        if count == 0:
            raise RadiographError(f"{ACCEPTED} The file is empty.")
        if count > self.max_bytes:
            raise RadiographError(
                f"Expected at most {self.max_bytes / 1e6:.0f} MB. "
                f"Received: {math.ceil(count / 1e5) / 10:.1f} MB."
            )

    def check_size(self, height: int, width: int) -> None:
        """Refuse a film that is too small to grade or too large to decode safely."""
        if height * width > self.max_pixels:
            raise RadiographError(
                f"Expected at most {self.max_pixels / 1e6:.0f} million pixels. "
                f"Received: {height} x {width}. Export the film at a lower resolution."
            )
        if min(height, width) < self.min_side:
            raise RadiographError(
                f"Expected a radiograph of at least {self.min_side} x {self.min_side} pixels. "
                f"Received: {height} x {width}."
            )


DEFAULT_LIMITS = Limits()
