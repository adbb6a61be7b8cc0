"""Training batches: knees in imagined films, knees turned and with metal, and everything else."""

from dataclasses import dataclass

import numpy as np

from kneeoa.films.phantom import draw_knee
from kneeoa.graders.locating.looks import standardised
from train.locate import detectors, drawn, metal
from train.locate.geometry import Geometry, draw, target, turned_box
from train.locate.pictures import Pictures, digest_of
from train.locate.reframe import film_around, pyramid

FRONTAL, LATERAL, OTHER = range(3)
UNKNOWN = -1
_SHARES = {
    "knee": 0.50,
    "phantom": 0.04,
    "turned": 0.08,
    "implant": 0.03,
    "off joint": 0.03,
    "shuffled": 0.02,
    "other": 0.18,
    "lateral": 0.09,
    "no film": 0.03,
}
DRAWN = 120
"""How many pictures are drawn of each kind that is drawn."""
_LEAST_METAL, _BRIGHTER = 40, 0.12
_CLOSER = 0.3
"""Share of knees shown as a closer look shows them, see `kneeoa.graders.locating.localiser`."""
_METAL_IN_KNEES, _METAL_ELSEWHERE = 0.2, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N looks as the network takes them, and what is true of them.

    Attributes
    ----------
    looks : (N, 2, S, S) float32
    box : (N, 4) centre x, y, half width, half height, the look being [-1, 1] x [-1, 1]
    number : (N,) 1 or 2 knees; 0 where there is no box to learn
    second : (N,) 1 where there are two knees, 0 for one, -1 unknown
    kind : (N,) 0 frontal knee, 1 knee from another side, 2 anything else
    turn : (N,) quarter turns counter-clockwise, -1 unknown
    negative, implant : (N,) 1, 0, or -1 unknown
    """

    looks: np.ndarray
    box: np.ndarray
    number: np.ndarray
    second: np.ndarray
    kind: np.ndarray
    turn: np.ndarray
    negative: np.ndarray
    implant: np.ndarray


class Bank:
    """All images that batches are made of, as one pyramid; `material` is their SHA-256."""

    def __init__(
        self,
        knees: np.ndarray,
        pictures: Pictures,
        implants: Pictures,
        *,
        drawn_each: int | None = None,
        seed: int = 0,
    ) -> None:
        """Draw `drawn_each` of what is drawn and keep all; `knees` is ``(N, 224, 224) uint8``."""
        drawn_each = drawn_each or DRAWN
        rng = np.random.default_rng(seed)
        drawn_knees = [
            draw_knee(
                int(rng.integers(5)), seed=int(rng.integers(10**6)), marked=False,
                laterality="LR"[int(rng.integers(2))],
            )
            for _ in range(drawn_each)
        ]  # fmt: skip
        real = pictures.images[pictures.lateral]
        sides = [
            *real,
            *map(metal.without_metal, real),
            *[drawn.lateral(rng) for _ in range(drawn_each)],
            *[drawn.skyline(rng) for _ in range(drawn_each // 4)],
        ]
        aspects = pictures.aspects[pictures.lateral]
        square = np.ones(drawn_each + drawn_each // 4)
        parts = {
            "knee": (knees, np.ones(len(knees))),
            "phantom": (np.stack(drawn_knees), np.ones(drawn_each)),
            "shuffled": (
                np.stack([drawn.shuffled(knees[n % len(knees)], rng) for n in range(drawn_each)]),
                np.ones(drawn_each),
            ),
            "other": (pictures.images[~pictures.lateral], pictures.aspects[~pictures.lateral]),
            "lateral": (np.stack(sides), np.concatenate([aspects, aspects, square])),
            "no film": (
                np.stack([drawn.no_film(rng) for _ in range(2 * drawn_each)]),
                np.ones(2 * drawn_each),
            ),
            "implant": (implants.images, implants.aspects),
        }
        self.aspects = np.concatenate([aspects for _, aspects in parts.values()])
        self.levels = pyramid(np.concatenate([images for images, _ in parts.values()]))
        self._ranges, first = {}, 0
        for name, (images, _) in parts.items():
            self._ranges[name] = (first, first + len(images))
            first += len(images)
        for name in ("turned", "off joint"):
            self._ranges[name] = self._ranges["knee"]
        self.material = digest_of(self.levels[0], self.aspects, repr(self._ranges))

    def draw(self, rng: np.random.Generator, names: np.ndarray) -> np.ndarray:
        """Return the index of a random image of each kind in `names`."""
        low, high = np.array([self._ranges[name] for name in names]).T
        return low + (rng.random(len(names)) * (high - low)).astype(int)

    def has(self, name: str) -> bool:
        """Return whether there is any image of a kind."""
        low, high = self._ranges[name]
        return high > low


def draw_batch(bank: Bank, rng: np.random.Generator, count: int, side: int) -> Batch:
    """Return a random batch of `count` looks of `side` pixels."""
    shares = {name: share for name, share in _SHARES.items() if bank.has(name)}
    total = sum(shares.values())
    names = rng.choice(list(shares), count, p=[share / total for share in shares.values()])
    return make_batch(bank, rng, names, side)


def make_batch(bank: Bank, rng: np.random.Generator, names: np.ndarray, side: int) -> Batch:
    """Return a batch with one look of each kind in `names`."""
    index = bank.draw(rng, names)
    other = np.where(np.isin(names, ("knee", "turned")), bank.draw(rng, names), index)
    geometry = _geometry(rng, names, bank.aspects[index])
    images, film, (x, y) = film_around(bank.levels, index, other, geometry, side, rng)
    box, number = target(geometry)
    knee = np.isin(names, ("knee", "phantom", "turned"))
    implant = np.where(knee, 0, UNKNOWN)
    implant[names == "implant"] = 1
    chance = np.where(knee, _METAL_IN_KNEES, _METAL_ELSEWHERE)
    for at in np.flatnonzero((rng.random(len(names)) < chance) & (names != "implant")):
        where = metal.replaced if rng.random() < 0.75 else metal.plated
        shape = where(x[at], y[at], rng) & film[at]
        before = images[at].copy()
        images[at] = metal.pasted(before, shape, rng)
        if knee[at]:
            # Metal of a few pixels, or no brighter than what is behind it, cannot be told.
            seen = shape.sum() > _LEAST_METAL and (images[at] - before)[shape].mean() > _BRIGHTER
            implant[at] = 1 if seen else UNKNOWN
    images, negative = detectors.handled(images, film, box, rng)
    turn = np.where(knee | (names == "implant"), 0, UNKNOWN)
    for row in range(len(names)):
        quarters = 0
        if names[row] == "turned":
            quarters = turn[row] = int(rng.integers(1, 4))
        elif not (knee[row] or names[row] == "implant"):
            quarters = int(rng.integers(4))
        if quarters:
            images[row], film[row] = np.rot90(images[row], quarters), np.rot90(film[row], quarters)
            box[row] = turned_box(box[row], quarters)
    kind = np.full(len(names), OTHER)
    kind[knee | (names == "implant")] = FRONTAL
    kind[names == "lateral"] = LATERAL
    boxed = np.isin(names, ("knee", "phantom"))
    return Batch(
        standardised(images, film),
        box.astype(np.float32),
        np.where(boxed, np.maximum(number, 1), 0),
        np.where(boxed & (number > 0), number - 1, UNKNOWN),
        kind,
        turn,
        np.where(kind == FRONTAL, negative, UNKNOWN),
        implant,
    )


def _geometry(rng: np.random.Generator, names: np.ndarray, aspects: np.ndarray) -> Geometry:
    """Around knees whatever `draw` gives; of other pictures often a part, as a second look has."""
    count = len(names)
    geometry = draw(rng, count)
    fields = {name: getattr(geometry, name).copy() for name in Geometry.__slots__}
    closer = np.isin(names, ("knee", "phantom", "turned")) & (rng.random(count) < _CLOSER)
    for half, centre in (("half_width", "centre_x"), ("half_height", "centre_y")):
        fields[half][closer] = rng.uniform(1.0, 1.9, count)[closer]
        fields[centre][closer] = rng.normal(0, 0.15, count)[closer]
    off = names == "off joint"
    fields["half_height"][off] = np.minimum(fields["half_height"][off], 1)
    away = fields["half_height"] + rng.uniform(0.25, 0.9, count)
    fields["centre_y"][off] = (rng.choice([-1, 1], count) * away)[off]
    fields["fold"][off | (names == "phantom") & (rng.random(count) < 0.5)] = np.inf
    picture = np.isin(names, ("other", "lateral", "no film", "implant"))
    fields["stretch"][picture] *= aspects[picture] ** 0.5
    part = picture & (rng.random(count) < 0.65) | (names == "implant")
    least = np.where(names == "implant", 0.75, np.where(names == "lateral", 0.5, 0.3))
    for half, centre in (("half_width", "centre_x"), ("half_height", "centre_y")):
        size = rng.uniform(least, 1.02)
        fields[half][part] = size[part]
        free = np.maximum(1 - size, 0) * rng.uniform(-1, 1, count)
        fields[centre][part] = free[part]
    jitter = np.exp(rng.normal(0, 0.15, count))
    fields["stretch"][part] = (aspects * jitter)[part]
    fields["fold"][part] = np.inf
    return Geometry(**fields)
