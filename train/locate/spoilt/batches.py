"""Batches for the network that knows spoilt knees: intact ones and spoilt ones, half of each.

All go through the same films, frames and detectors, so that none of these tells one from another.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from kneeoa.films.phantom import draw_knee
from kneeoa.graders.locating.spoilt import shown
from kneeoa.networks import INPUT_SIDE
from train.locate import detectors, metal
from train.locate.geometry import draw
from train.locate.pictures import Pictures, digest_of
from train.locate.reframe import film_around, pyramid
from train.locate.spoilt.places import place, resized
from train.locate.spoilt.ways import WAYS, Way

INTACT, NO_JOINT, NOT_A_KNEE = "intact", "no joint", "not a knee"
TAKEN_FOR_ONE = "taken for a knee"
_NO_JOINT, _NOT_A_KNEE, _TAKEN_FOR_ONE = 0.13, 0.08, 0.2
"""How often these are drawn among what is spoilt; `WAYS` share the rest."""
DRAWN, _DRAWN_SHARE, _IMPLANTS = 200, 0.05, 0.03
"""How many knees are drawn, their share, and that of real knees with an implant."""
_AS_CUT, _HANDLED = 0.4, 0.6
"""How often a crop is taken as it is, without a frame of another place and size, and how often a
detector changes what is seen."""
_SMALL, _SMALLEST = 0.55, 0.4
"""How often a film has fewer pixels than the graders see, and the fewest along each side."""
_METAL = 0.15
_WEIGHTS = {"ct_mr": 3, "lower_leg": 3, "hip_femur": 2, "elbow_forearm": 2, "ankle_foot": 2}
"""How much more often than others are shown what looks most like a knee."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N frames as the network sees them, ``(N, 1, S, S) float32``, and which are spoilt, ``(N,)``.

    `names` says in which way, or `INTACT`.
    """

    looks: np.ndarray
    spoilt: np.ndarray
    names: np.ndarray


class Bank:
    """Training knees, drawn ones, and pictures that are no knees; `material` is their SHA-256."""

    def __init__(
        self,
        knees: np.ndarray,
        pictures: Pictures,
        implants: Pictures,
        *,
        taken_for_knees: np.ndarray | None = None,
        drawn: int | None = None,
        seed: int = 0,
    ) -> None:
        """Draw as many knees as `drawn` says, `DRAWN` by default; `implants` are frontal knees.

        `knees` and `taken_for_knees` are ``(N, 224, 224) uint8``, the latter parts of other
        pictures, see `mined`. Knees from another side are left out: all at hand have metal.
        """
        rng = np.random.default_rng(seed)
        kept = np.flatnonzero(~pictures.lateral)
        kinds = np.array(pictures.kinds)[kept]
        weights = np.array([_WEIGHTS.get(kind, 1) / (kinds == kind).sum() for kind in kinds])
        self._weights = weights / max(weights.sum(), 1e-6)
        phantoms = np.stack([_drawn_knee(rng) for _ in range(drawn or DRAWN)])
        parts = [knees, phantoms, implants.images, pictures.images[kept]]
        if taken_for_knees is not None:
            parts.append(taken_for_knees)
        self._ends = np.cumsum([0, *map(len, parts)])
        self.levels = pyramid(np.concatenate(parts))
        self.material = digest_of(self.levels[0], self._weights, self._ends)

    def knees(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Return the index of `count` random knees, a few of them drawn, or with an implant."""
        sizes = np.diff(self._ends)[:3]
        shares = np.array([1 - _DRAWN_SHARE - _IMPLANTS, _DRAWN_SHARE, _IMPLANTS]) * (sizes > 0)
        part = rng.choice(3, count, p=shares / shares.sum())
        return self._ends[part] + (rng.random(count) * sizes[part]).astype(int)

    def others(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Return the index of `count` random pictures that are no knees."""
        return self._ends[3] + rng.choice(len(self._weights), count, p=self._weights)

    def taken_for_knees(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Return the index of `count` random parts of pictures that were taken for knees."""
        return rng.integers(self._ends[4], self._ends[-1], count)

    @property
    def shares(self) -> dict[str, float]:
        """How often each way to be spoilt is drawn."""
        shares = {NO_JOINT: _NO_JOINT} | ({NOT_A_KNEE: _NOT_A_KNEE} if len(self._weights) else {})
        if self._ends[-1] > self._ends[4]:
            shares |= {TAKEN_FOR_ONE: _TAKEN_FOR_ONE}
        rest = 1 - sum(shares.values())
        total = sum(share for _, share in WAYS.values())
        return shares | {name: rest * share / total for name, (_, share) in WAYS.items()}


def draw_batch(bank: Bank, rng: np.random.Generator, count: int) -> Batch:
    """Return a random batch: `count` frames, every other one spoilt."""
    shares = bank.shares
    return make_batch(bank, rng, rng.choice(list(shares), count // 2, p=list(shares.values())))


def make_batch(bank: Bank, rng: np.random.Generator, names: np.ndarray) -> Batch:
    """Return N intact frames, and N spoilt ones of the kinds in `names`.

    Mostly these are of the same knees, so that nothing but the spoiling is different.
    """
    count = len(names)
    intact = _knees(bank, rng, bank.knees(rng, count))
    images = [filmed(image, image, None, rng) for image in intact]
    bases = intact.copy()
    for name, frames in _NO_KNEES.items():
        rows = np.flatnonzero(names == name)
        if len(rows):
            bases[rows] = frames(bank, rng, len(rows))
    for row, name in enumerate(names):
        way = WAYS[name][0] if name in WAYS else None
        images.append(filmed(bases[row], intact[row - 1], way, rng))
    spoilt = np.repeat([0, 1], count).astype(np.float32)
    return Batch(
        shown(_handled(np.stack(images), rng)),
        spoilt,
        np.concatenate([np.repeat(INTACT, count), names]),
    )


def filmed(
    image: np.ndarray, other: np.ndarray, way: Way | None, rng: np.random.Generator
) -> np.ndarray:
    """Return a knee ``(S, S)`` as a frame on a film shows it, which was spoilt in a way or not.

    Some films have fewer pixels than the frame, which are not square; and end within the frame,
    where their edge is repeated.
    """
    side = len(image)
    if rng.random() < _SMALL:
        height, width = (int(n) for n in side * rng.uniform(_SMALLEST, 1, 2))
        image, other = (resized(part, height, width) for part in (image, other))
    if way is not None:
        image = np.clip(way(image, other, rng), 0, 255).astype(np.float32)
    image = _grainy(image, rng)
    if rng.random() < 0.25:
        image = 255 * detectors.compressed(image / 255, int(rng.integers(20, 90)))
    if rng.random() < 0.4:
        image = _ending(image, rng)
    return resized(image, side, side)


def _grainy(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return what is seen with grain of the film's own pixels, or sharpened, or as it is."""
    if rng.random() < 0.4:
        noise = rng.standard_normal(image.shape, np.float32)
        if rng.random() < 0.4:
            noise = ndimage.gaussian_filter(noise, rng.uniform(0.4, 1.2))
        image = image + noise * (rng.random() ** 1.5 * 18 / noise.std())
    if rng.random() < 0.2:
        soft = ndimage.gaussian_filter(image, rng.uniform(0.7, 3))
        image = image + (image - soft) * rng.uniform(0.3, 1.5)
    return np.clip(image, 0, 255)


def _ending(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return what is seen where the film ends within the frame, by up to a third of it."""
    lines = []
    for length in image.shape:
        cut = length * rng.uniform(0, 0.33, 2) * (rng.random(2) < 0.4)
        lines.append(np.clip(np.arange(length), round(cut[0]), length - 1 - round(cut[1])))
    return image[np.ix_(*lines)]


def _handled(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images ``(N, S, S)`` in [0, 255] as detectors and exports change some of them."""
    count, side, _ = images.shape
    for row in np.flatnonzero(rng.random(count) < 0.3):
        images[row] = _toned(images[row], rng)
    rows = np.flatnonzero(rng.random(count) < _HANDLED)
    if not len(rows):
        return images
    middle = np.tile([0.0, 0.0, 1.0, 1.0], (len(rows), 1))
    film = np.ones((len(rows), side, side), bool)
    changed, negative = detectors.handled(images[rows] / 255, film, middle, rng)
    # The graders are shown the positive of a negative.
    changed = np.where(negative[:, None, None], 1 - changed, changed)
    for row in np.flatnonzero(rng.random(len(rows)) < 0.3):
        changed[row] = ndimage.gaussian_filter(changed[row], rng.uniform(0.3, 2.2))
    images[rows] = np.clip(changed * 255, 0, 255)
    return images


def _toned(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an image after a random tone curve, which only rises, as of another machine."""
    ends = np.cumsum(rng.dirichlet(np.full(8, 2.0)))
    curve = np.interp(np.arange(256), np.linspace(0, 255, 9), [0, *(255 * ends)])
    low, high = np.quantile(image[::4, ::4], [0.01, 0.99])
    if rng.random() < 0.7:
        image = np.clip((image - low) / max(high - low, 1) * 255, 0, 255)
    return np.interp(image, np.arange(256), curve).astype(np.float32)


def _knees(bank: Bank, rng: np.random.Generator, index: np.ndarray) -> np.ndarray:
    """Return knees in frames ``(N, S, S) float32`` in [0, 255]: as they were cut, or about so."""
    count = len(index)
    images = bank.levels[0][index].astype(np.float32)
    flipped = rng.random(count) < 0.5
    images[flipped] = images[flipped, :, ::-1]
    rows = np.flatnonzero(rng.random(count) > _AS_CUT)
    if len(rows):
        half = np.exp(rng.normal(0.02, 0.1, (2, len(rows)))).clip(0.75, 1.4)
        centre = rng.normal(0, 0.09, (2, len(rows))).clip(-0.25, 0.25)
        images[rows] = _framed(bank, rng, index[rows], half, centre, of_knees=True)
    y, x = place(images.shape[1:])
    for row in np.flatnonzero(rng.random(count) < _METAL):
        where = metal.replaced if rng.random() < 0.7 else metal.plated
        images[row] = 255 * metal.pasted(images[row] / 255, where(x, y, rng), rng)
    return images


def _without_joint(bank: Bank, rng: np.random.Generator, count: int) -> np.ndarray:
    """Return parts of films around knees that lie above or below the joint."""
    part = np.exp(rng.uniform(np.log(0.2), np.log(0.9), count))
    away = part + rng.uniform(0.14, 0.5, count)
    # Small ones lie on the crop, whose shafts are real.
    away = np.where(part < 0.42, np.minimum(away, np.maximum(1.02 - part, part + 0.14)), away)
    wide = np.exp(rng.normal(0.02, 0.1, count)) * rng.uniform(0.5, 1.1, count)
    centre = np.stack([rng.normal(0, 0.09, count), rng.choice([-1, 1], count) * away])
    index = bank.knees(rng, count)
    return _framed(bank, rng, index, np.stack([wide, part]), centre, of_knees=False)


def _not_knees(bank: Bank, rng: np.random.Generator, count: int) -> np.ndarray:
    """Return parts of other pictures."""
    index = bank.others(rng, count)
    size = np.exp(rng.uniform(np.log(0.3), 0, (2, count)))
    centre = np.maximum(1 - size, 0) * rng.uniform(-1, 1, (2, count))
    return _framed(bank, rng, index, size, centre, of_knees=False)


def _framed(
    bank: Bank,
    rng: np.random.Generator,
    index: np.ndarray,
    half: np.ndarray,
    centre: np.ndarray,
    *,
    of_knees: bool,
) -> np.ndarray:
    """Return what frames show, stretched to the square: ``(N, S, S) float32`` in [0, 255].

    `half` and `centre` are ``(2, N)``: half widths and heights, and x and y, see `Geometry`.
    """
    count = len(index)
    geometry = draw(rng, count)
    geometry = replace(
        geometry,
        half_width=half[0],
        half_height=half[1],
        centre_x=centre[0],
        centre_y=centre[1],
        stretch=half[1] / half[0],
        fold=geometry.fold if of_knees else np.full(count, np.inf),
    )
    second = bank.knees(rng, count)
    images, _, _ = film_around(bank.levels, index, second, geometry, INPUT_SIDE, rng)
    return images * 255


def _drawn_knee(rng: np.random.Generator) -> np.ndarray:
    """Return a drawn knee, which the app shows and tests: nothing says that it is spoilt."""
    return draw_knee(
        int(rng.integers(5)),
        seed=int(rng.integers(10**6)),
        marked=bool(rng.random() < 0.5),
        laterality="LR"[int(rng.integers(2))],
    )


_NO_KNEES = {
    NO_JOINT: _without_joint,
    NOT_A_KNEE: _not_knees,
    TAKEN_FOR_ONE: lambda bank, rng, count: _knees(bank, rng, bank.taken_for_knees(rng, count)),
}
