"""How a training crop lies in an imagined film, and where its box comes out.

The world is measured in half sides of the crop: the crop is ``[-1, 1] x [-1, 1]``. The film is a
window on that world, its pixels possibly not square; it is letterboxed into a square that is
measured as ``[-1, 1] x [-1, 1]``, too, x to the right and y downwards.
"""

from dataclasses import dataclass, fields

import numpy as np

_SEEN_ENOUGH = 0.6
"""Share of a knee's box that must lie on the film for it to be a knee of that film."""
_SEEN_TOO_LITTLE = 0.15
"""Up to this share of a second knee's box, the film is of one knee; between both it is neither."""


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """N films around N crops; every field is ``(N,) float``.

    Attributes
    ----------
    half_width, half_height : of the film, in half crop sides
    centre_x, centre_y : where the crop's centre lies, from the film's centre, in half crop sides
    angle : rotation of the knee in the film, radians
    stretch : width of the film's pixels over their height, as the knee appears
    fold : from the crop's centre to the middle between two knees; infinite for one knee
    side : +1 or -1, on which side of the first knee the second one is
    shift : how much lower the second knee lies
    """

    half_width: np.ndarray
    half_height: np.ndarray
    centre_x: np.ndarray
    centre_y: np.ndarray
    angle: np.ndarray
    stretch: np.ndarray
    fold: np.ndarray
    side: np.ndarray
    shift: np.ndarray

    def __len__(self) -> int:
        return len(self.half_width)

    @property
    def scale(self) -> tuple[np.ndarray, np.ndarray]:
        """What turns world lengths along x and y into letterbox lengths, each ``(N,)``."""
        along_x = np.sqrt(self.stretch)
        longer = np.maximum(self.half_width * along_x, self.half_height / along_x)
        return along_x / longer, 1 / (along_x * longer)

    def some(self, which: np.ndarray) -> "Geometry":
        """Return the films that an index or mask picks."""
        return Geometry(*(getattr(self, field.name)[which] for field in fields(self)))


def draw(rng: np.random.Generator, count: int) -> Geometry:
    """Return films of any shape around one knee or two, all of the joint on the film.

    Window 0.42 to 5 crop sides, sides 0.4 to 2.6 of each other, pixels stretched up to 2.1.
    """
    aspect = np.exp(rng.uniform(np.log(0.4), np.log(2.6), count))
    wide = rng.random(count) < 0.35
    aspect = np.where(wide, np.exp(rng.uniform(np.log(1.3), np.log(3.2), count)), aspect)
    size = np.exp(rng.uniform(np.log(0.6), np.log(3.6), count))
    half_width = np.clip(size * np.sqrt(aspect), 0.62, 5)
    half_height = np.clip(size / np.sqrt(aspect), 0.42, 5)
    # Other hospitals centre the joint more often than not.
    reach = np.where(rng.random(count) < 0.5, 0.35, 1.0)
    centre_x = rng.uniform(-1, 1, count) * reach * np.maximum(half_width - 0.4, 0.1)
    centre_y = rng.uniform(-1, 1, count) * reach * np.maximum(half_height - 0.3, 0.06)
    degrees = rng.normal(0, 5, count)
    degrees = np.where(rng.random(count) < 0.3, rng.uniform(-15, 15, count), degrees)
    stretch = np.exp(rng.uniform(-0.25, 0.25, count))
    far = np.exp(rng.uniform(np.log(0.55), np.log(2.1), count))
    fold = np.where(rng.random(count) < 0.4, rng.uniform(1.02, 2.2, count), np.inf)
    return Geometry(
        half_width,
        half_height,
        centre_x,
        centre_y,
        np.radians(degrees),
        np.where(rng.random(count) < 0.55, far, stretch),
        fold,
        np.where(rng.random(count) < 0.5, -1.0, 1.0),
        np.clip(rng.normal(0, 0.12, count), -0.4, 0.4),
    )


def world(geometry: Geometry, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x and y in the first knee's world of a letterbox's pixel centres, and what is film.

    Each is ``(N, side, side)``; x and y are float32, the last is bool.
    """
    line = ((np.arange(side) + 0.5) / side * 2 - 1).astype(np.float32)
    scale_x, scale_y = (per_image(value) for value in geometry.scale)
    x = line[None, None, :] / scale_x
    y = line[None, :, None] / scale_y
    film = (np.abs(x) <= per_image(geometry.half_width)) & (
        np.abs(y) <= per_image(geometry.half_height)
    )
    x, y = x - per_image(geometry.centre_x), y - per_image(geometry.centre_y)
    cosine, sine = per_image(np.cos(geometry.angle)), per_image(np.sin(geometry.angle))
    return cosine * x + sine * y, cosine * y - sine * x, film


def boxes(geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Return both knees' boxes in the letterbox, each ``(N, 4)``: centre x, y, half width, height.

    The second is infinitely far where there is one knee.
    """
    scale_x, scale_y = geometry.scale
    apart = 2 * geometry.fold * geometry.side
    cosine, sine = np.cos(geometry.angle), np.sin(geometry.angle)
    with np.errstate(invalid="ignore"):
        # 0 times infinity, for an upright single knee.
        across = np.where(np.isinf(apart), apart, cosine * apart - sine * geometry.shift)
        down = np.where(np.isinf(apart), 0, sine * apart + cosine * geometry.shift)
    first, second = (
        np.stack([x * scale_x, y * scale_y, scale_x, scale_y], axis=1)
        for x, y in (
            (geometry.centre_x, geometry.centre_y),
            (geometry.centre_x + across, geometry.centre_y + down),
        )
    )
    return first, second


def target(geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Return the box to be found ``(N, 4)`` and how many knees there are ``(N,)``: 1, 2, or 0.

    Of two knees it is the left one of the image, so that a film and its mirror image together give
    both. The number is 0 where a second knee is cut off, which is neither one nor two.
    """
    first, second = boxes(geometry)
    seen = np.stack([_share_on_film(geometry, box) for box in (first, second)])
    both = (seen >= _SEEN_ENOUGH).all(axis=0)
    left_is_second = second[:, 0] < first[:, 0]
    take_second = np.where(both, left_is_second, seen[1] > seen[0])
    number = np.where(both, 2, np.where(seen.min(axis=0) <= _SEEN_TOO_LITTLE, 1, 0))
    return np.where(take_second[:, None], second, first), number


def turned_box(box: np.ndarray, quarters: int) -> np.ndarray:
    """Return a box ``(4,)`` of an image after ``np.rot90(image, quarters)``."""
    x, y, half_width, half_height = box
    for _ in range(quarters % 4):
        x, y, half_width, half_height = y, -x, half_height, half_width
    return np.array([x, y, half_width, half_height])


def _share_on_film(geometry: Geometry, box: np.ndarray) -> np.ndarray:
    share = np.ones(len(geometry))
    for axis, half in enumerate((geometry.half_width, geometry.half_height)):
        centre, reach = box[:, axis] / box[:, axis + 2], half
        inside = np.minimum(centre + 1, reach) - np.maximum(centre - 1, -reach)
        share *= np.clip(np.nan_to_num(inside, nan=0), 0, 2) / 2
    return share


def between(rng: np.random.Generator, low: float, high: float, count: int) -> np.ndarray:
    """Draw a number for each of `count` images, ``(count, 1, 1) float32``."""
    return rng.uniform(low, high, (count, 1, 1)).astype(np.float32)


def per_image(values: np.ndarray) -> np.ndarray:
    """Return a number for each image, ``(N,)``, as ``(N, 1, 1) float32``: beside its pixels."""
    return np.asarray(values, np.float32)[:, None, None]
