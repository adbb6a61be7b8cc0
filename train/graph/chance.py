"""Chance in training: order of the films, geometry, grey values and dropout of one epoch.

Everything random is drawn here by NumPy from (seed, epoch), and travels to the device as a few
numbers a film. So a resumed run continues exactly, and every backend sees the same films.
"""

import math

import numpy as np

from kneeoa.networks import INPUT_SIDE
from train.config import TrainConfig

LOOKS = (
    "gamma",
    "contrast",
    "added",
    "noise",
    "noise_row",
    "noise_column",
    "quantisation",
    "sharpness",
    "shading",
)
"""What `draw_looks` gives for each film."""

WARP = 10
"""How many numbers `draw_warps` gives for each film."""

MOST_CUT = 0.2
"""How much of a film `TrainConfig.cut` takes away at most, as a share of its side."""

NOISE_SIDE = 2 * INPUT_SIDE
"""Side of the one sheet of noise from which every film reads at a place of its own."""

_PURPOSES = {"order": 0, "warp": 1, "tone": 2, "dropout": 3, "noise": 4, "detail": 7, "frame": 8}
"""Numbers that stay, so that a run is the same under every version."""


def steps_per_epoch(config: TrainConfig, films: int) -> int:
    """Return the number of whole batches; what does not fill one waits for another epoch."""
    return max(1, math.floor(films / config.batch_size))


def draw_order(config: TrainConfig, epoch: int, films: int) -> np.ndarray:
    """Return the order ``(films,) int64`` in which an epoch (from 0) visits the films."""
    return _generator(config, epoch, "order").permutation(films)


def draw_warps(config: TrainConfig, epoch: int, films: int) -> np.ndarray:
    """Return ``(films, 10) float32``: the map from output to source, and where the source ends.

    a0, a1, a2, b0, b1, b2 with ``column' = a0 column + a1 row + a2`` and ``row' = b0 column + b1
    row + b2``, in pixels: a flip of half of the films, then rotation, zoom, stretch and shift about
    the centre of the film. Then the first and last column, the first and last row that are there.
    """
    draw = _generator(config, epoch, "warp")
    angle = np.radians(draw.uniform(-config.rotation, config.rotation, films))
    scale = 1 + draw.uniform(-config.zoom, config.zoom, films)
    shift = draw.uniform(-config.shift, config.shift, (2, films)) * INPUT_SIDE
    flip = np.where(draw.random(films) < 0.5, -1.0, 1.0)
    if not config.horizontal_flip:
        flip = np.ones(films)
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[flip * cosine, -flip * sine], [sine, cosine]])
    draw = _generator(config, epoch, "frame")
    stretch = np.exp(draw.uniform(-config.stretch, config.stretch, films) / 2)
    linear *= np.array([stretch, 1 / stretch])[:, None]
    last = INPUT_SIDE - 1
    centre = last / 2
    offset = centre + shift - linear.sum(axis=1) * centre
    warps = np.concatenate([linear, offset[:, None]], axis=1).reshape(6, films)
    ends = np.tile(np.array([[0.0], [last], [0.0], [last]]), films)
    depth = draw.uniform(0, MOST_CUT * INPUT_SIDE, films) * (draw.random(films) < config.cut)
    cut = draw.integers(0, 4, films)
    ends[cut, np.arange(films)] += depth * np.where(cut % 2, -1, 1)
    return np.concatenate([warps, ends]).T.astype(np.float32)


def draw_looks(config: TrainConfig, epoch: int, films: int) -> np.ndarray:
    """Return ``(films, 9) float32``, the columns as in `LOOKS`.

    An exponent of the grey values, a factor of the contrast, grey values to add, the standard
    deviation of noise in grey values and where on the sheet it is read, a factor of JPEG's
    quantisation table (0: no loss), and the shares of fine detail and of slow changes to add (above
    0) or take away.
    """
    draw = _generator(config, epoch, "tone")
    contrast = 1 + draw.uniform(-config.contrast, config.contrast, films)
    added = 255 * draw.uniform(-config.brightness, config.brightness, films)
    gamma = np.exp(draw.uniform(-config.gamma, config.gamma, films))
    draw = _generator(config, epoch, "noise")
    noise = 255 * draw.uniform(0, config.noise, films)
    place = draw.integers(0, NOISE_SIDE - INPUT_SIDE, (2, films))
    draw = _generator(config, epoch, "detail")
    quality = draw.uniform(10, 95, films)
    # As the Independent JPEG Group's library scales the table.
    quantisation = np.where(quality < 50, 50 / quality, 2 - quality / 50)
    quantisation *= draw.random(films) < config.jpeg
    sharpness = draw.uniform(-config.sharpness, config.sharpness, films)
    shading = draw.uniform(-config.shading, config.shading, films)
    columns = (gamma, contrast, added, noise, *place, quantisation, sharpness, shading)
    return np.stack(columns, axis=1).astype(np.float32)


def draw_dropout(config: TrainConfig, epoch: int, step: int, shape: tuple[int, int]) -> np.ndarray:
    """Return ``shape uint8``: 1 where a pooled feature of a film of one batch is kept."""
    kept = _generator(config, epoch, "dropout", step).random(shape, np.float32) >= config.dropout
    return kept.astype(np.uint8)


def noise_sheet(seed: int) -> np.ndarray:
    """Return the sheet of noise of a run, ``(NOISE_SIDE ** 2,) float32``, standard normal."""
    return np.random.default_rng(seed).standard_normal(NOISE_SIDE**2).astype(np.float32)


def draw_epoch(
    config: TrainConfig, epoch: int, targets: np.ndarray, features: int
) -> dict[str, np.ndarray]:
    """Return all that an epoch needs of chance, a row for each film in the order of training.

    `targets` ``(films, 5)`` are those of the films; `features` is how many the network pools.

    Returns
    -------
    dict
        ``order (n,) int64`` which film; ``warp (n, 10)``, ``look (n, 9)`` and ``target (n, 5)`` as
        float32; ``kept (n, features) uint8``. ``n`` is that of the
        films in whole batches.
    """
    size, steps = config.batch_size, steps_per_epoch(config, len(targets))
    used = steps * size
    order = draw_order(config, epoch, len(targets))[:used]
    return {
        "order": order,
        "warp": draw_warps(config, epoch, len(targets))[:used],
        "look": draw_looks(config, epoch, len(targets))[:used],
        "target": targets[order].astype(np.float32),
        "kept": np.concatenate(
            [draw_dropout(config, epoch, step, (size, features)) for step in range(steps)]
        ),
    }


def soft_labels(config: TrainConfig, grades: np.ndarray) -> np.ndarray:
    """Return the targets ``(N, 5) float32`` of the ``grades (N,)``, rows summing to 1.

    `config.label_width` spreads a grade over its neighbours as a Gaussian of that many grades;
    `config.label_smoothing` then gives a share to all five alike (Szegedy et al. 2016).
    """
    distance = np.abs(np.arange(5) - np.asarray(grades)[:, None])
    if config.label_width:
        targets = np.exp(-((distance / config.label_width) ** 2) / 2)
        targets /= targets.sum(axis=1, keepdims=True)
    else:
        targets = (distance == 0).astype(float)
    smooth = config.label_smoothing
    return ((1 - smooth) * targets + smooth / 5).astype(np.float32)


def _generator(config: TrainConfig, epoch: int, purpose: str, step: int = 0) -> np.random.Generator:
    return np.random.default_rng([config.seed, epoch, _PURPOSES[purpose], step])
