"""A film as it should have been sent: turned upright, or the positive of a negative."""

from dataclasses import replace

import numpy as np

from kneeoa.films.radiograph import Radiograph


def turned_right(radiograph: Radiograph, quarters: int) -> Radiograph:
    """Return a film upright that stands `quarters` quarter turns counter-clockwise wrong."""
    pixels = np.ascontiguousarray(np.rot90(radiograph.pixels, -quarters))
    pixels.setflags(write=False)
    spacing = radiograph.spacing
    return replace(
        radiograph, pixels=pixels, spacing=spacing and (spacing[::-1] if quarters % 2 else spacing)
    )


def inverted(radiograph: Radiograph) -> Radiograph:
    """Return the positive of a negative."""
    pixels = np.ascontiguousarray(255 - radiograph.pixels)
    pixels.setflags(write=False)
    return replace(radiograph, pixels=pixels)
