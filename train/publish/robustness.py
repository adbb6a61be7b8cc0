"""How much worse the models grade films that were changed as machines and exports do, thrice.

The changes are made to the square that a model sees, one at a time. Where a change has a direction
(side of a shift, sense of a rotation), each film draws its own from a fixed seed.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from scipy import ndimage

from kneeoa.data.arrays import Films
from kneeoa.films.grey import window
from kneeoa.graders.grading import Graders
from kneeoa.metrics import agreement, bootstrap

Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of change: ``change(film, strength, generator)``, films (224, 224) in [0, 255]."""

    name: str
    unit: str
    strengths: tuple[float, ...]
    change: Change


def _added(film: np.ndarray, amount: float, generator: np.random.Generator) -> np.ndarray:
    return film + amount


def _contrast(film: np.ndarray, factor: float, generator: np.random.Generator) -> np.ndarray:
    return (film - film.mean()) * factor + film.mean()


def _gamma(film: np.ndarray, exponent: float, generator: np.random.Generator) -> np.ndarray:
    return 255 * (film / 255) ** exponent


def _deep(film: np.ndarray, tail: float, generator: np.random.Generator) -> np.ndarray:
    """As a 16-bit file with the range elsewhere, read by our rule, then windowed more narrowly."""
    stored = (film * 57 + generator.integers(0, 20_000)).astype(np.uint16)
    low, high = np.percentile(window(stored), [tail, 100 - tail])
    return (window(stored) - low) / max(1, high - low) * 255


def _affine(
    film: np.ndarray, matrix: np.ndarray, shift: Sequence[float] | np.ndarray = (0, 0)
) -> np.ndarray:
    centre = (np.array(film.shape) - 1) / 2
    offset = centre + np.array(shift) - matrix @ centre
    return ndimage.affine_transform(film, matrix, offset, order=1, mode="nearest")


def _crop(film: np.ndarray, scale: float, generator: np.random.Generator) -> np.ndarray:
    return _affine(film, np.eye(2) * scale)


def _off(film: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    angle = generator.uniform(0, 2 * np.pi)
    towards = np.array([np.sin(angle), np.cos(angle)])
    # Along the longer axis by the whole share: a frame that is off by 15% of its side.
    return _affine(film, np.eye(2), towards / np.abs(towards).max() * share * film.shape[0])


def _rotated(film: np.ndarray, degrees: float, generator: np.random.Generator) -> np.ndarray:
    angle = np.radians(degrees) * generator.choice([-1, 1])
    sine, cosine = np.sin(angle), np.cos(angle)
    return _affine(film, np.array([[cosine, -sine], [sine, cosine]]))


def _mirrored(film: np.ndarray, _: float, generator: np.random.Generator) -> np.ndarray:
    return film[:, ::-1]


def _noisy(film: np.ndarray, deviation: float, generator: np.random.Generator) -> np.ndarray:
    return film + generator.normal(0, deviation, film.shape)


def _softer(film: np.ndarray, deviation: float, generator: np.random.Generator) -> np.ndarray:
    return ndimage.gaussian_filter(film, deviation)


def _sharper(film: np.ndarray, amount: float, generator: np.random.Generator) -> np.ndarray:
    return film + amount * (film - ndimage.gaussian_filter(film, 1))


def _jpeg(film: np.ndarray, quality: float, generator: np.random.Generator) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(film.round().astype(np.uint8)).save(stream, "JPEG", quality=int(quality))
    return np.asarray(Image.open(stream), np.float32)


FAMILIES = (
    Family("brighter", "grey values", (15, 30, 60), _added),
    Family("darker", "grey values", (-15, -30, -60), _added),
    Family("less contrast", "times", (0.8, 0.6, 0.4), _contrast),
    Family("more contrast", "times", (1.25, 1.5, 2.0), _contrast),
    Family("gamma below 1", "exponent", (0.8, 0.65, 0.5), _gamma),
    Family("gamma above 1", "exponent", (1.25, 1.5, 2.0), _gamma),
    Family("16 bits, windowed", "% cut at either end", (0, 1, 5), _deep),
    Family("frame too large", "times", (1.05, 1.1, 1.15), _crop),
    Family("frame too small", "times", (0.95, 0.9, 0.85), _crop),
    Family("frame off", "of the side", (0.05, 0.1, 0.15), _off),
    Family("rotated", "degrees", (5, 10, 15), _rotated),
    Family("mirrored", "", (1,), _mirrored),
    Family("noise", "grey values", (5, 10, 20), _noisy),
    Family("softer", "pixels", (0.5, 1, 2), _softer),
    Family("sharper", "times the detail", (0.5, 1, 2), _sharper),
    Family("JPEG", "quality", (75, 40, 15), _jpeg),
)


def changed(images: np.ndarray, family: Family, strength: float, *, seed: int = 0) -> np.ndarray:
    """Return the films ``(N, 224, 224) float32 in [0, 255]`` after one change."""
    films = [
        family.change(image.astype(np.float32), strength, np.random.default_rng([seed, index]))
        for index, image in enumerate(images)
    ]
    return np.clip(np.stack(films), 0, 255).astype(np.float32)


def conditions() -> Iterator[tuple[Family, float]]:
    """Yield every change with each of its strengths."""
    return ((family, strength) for family in FAMILIES for strength in family.strengths)


def robustness(models: Path, films: Films) -> pd.DataFrame:
    """Return one row per model and condition, the unchanged films first.

    Columns: ``model, change, unit, step`` (0: unchanged, 1 to 3: stronger), ``strength, accuracy,
    quadratic_kappa, mean_absolute_error``, and ``change_in_accuracy`` with its paired 95% interval
    ``low, high`` (bootstrap over patients), ``same_grade`` (share that keeps its predicted grade),
    ``knees, patients``.
    """
    graders = Graders(models)
    weights = bootstrap.patient_weights(films.patient_ids)
    weights /= weights.sum(axis=1, keepdims=True)
    unchanged = graders.probabilities(films.images.astype(np.float32))
    rows = [
        _row(model, None, 1.0, 0, films, unchanged[model], unchanged[model], weights)
        for model in unchanged
    ]
    for family, strength in conditions():
        step = 1 + family.strengths.index(strength)
        answers = graders.probabilities(changed(films.images, family, strength))
        for model, probabilities in answers.items():
            row = _row(
                model, family, strength, step, films, probabilities, unchanged[model], weights
            )
            rows.append(row)
    return pd.DataFrame(rows)


def _row(
    model: str,
    family: Family | None,
    strength: float,
    step: int,
    films: Films,
    probabilities: np.ndarray,
    before: np.ndarray,
    weights: np.ndarray,
) -> dict[str, Any]:
    predicted, first = probabilities.argmax(axis=1), before.argmax(axis=1)
    right = (predicted == films.grades).astype(float)
    difference = right - (first == films.grades)
    low, high = bootstrap.percentile_interval(weights @ difference)
    values = agreement.summary(films.grades, probabilities)
    return {
        "model": model,
        "change": family.name if family else "none",
        "unit": family.unit if family else "",
        "step": step,
        "strength": strength,
        **{name: values[name] for name in ("accuracy", "quadratic_kappa", "mean_absolute_error")},
        "change_in_accuracy": difference.mean(),
        "low": low,
        "high": high,
        "same_grade": float((predicted == first).mean()),
        "knees": len(films),
        "patients": len(set(films.patient_ids)),
    }


def as_text(table: pd.DataFrame) -> str:
    """Return the table for a terminal: a line per condition, a column per model."""
    first = table.iloc[0]
    named = table["change"] + " " + table["strength"].map("{:g}".format) + " " + table["unit"]
    named = named.where(table["step"] > 0, "as they are")
    wide = table.assign(
        condition=named,
        cell=[f"{row.accuracy:.3f} ({row.change_in_accuracy:+.3f})" for row in table.itertuples()],
    ).pivot(index="condition", columns="model", values="cell")
    wide = wide.loc[named.unique(), table["model"].unique()]
    head = f"Accuracy on {first['knees']} knees of {first['patients']} patients (change)"
    return f"{head}\n{wide.rename_axis(index=None, columns=None).to_string()}"
