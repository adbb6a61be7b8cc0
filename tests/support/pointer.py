"""Where panes of the film viewer are in a browser, what they show, and dragging there."""

import io

import numpy as np
from PIL import Image


def middle(page, pane=0):
    box = page.locator(".pane").nth(pane).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, start, by, *, button="left"):
    page.mouse.move(*start)
    page.mouse.down(button=button)
    for step in range(1, 6):
        page.mouse.move(start[0] + by[0] * step / 5, start[1] + by[1] * step / 5)
    page.mouse.up(button=button)


def grey(element):
    """What is seen of it, ``(H, W) float``."""
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("L"), float)
