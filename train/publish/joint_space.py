"""How good the proposed joint space widths are, measured on graded films.

Four questions. Does a copy of a film that is shifted, turned, scaled or noisy give the same width
(repeatability), and is it inside the film's interval? Is the joint space narrower where the grade
is higher? Does a second way of measuring give the same (Bland and Altman, Lancet 1986, 307-310)?
On how many films is nothing said? Widths are in tibial widths: these films have no spacing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage, stats

from kneeoa.data.arrays import Films
from kneeoa.errors import DataError
from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.grades import GRADES
from kneeoa.jointspace import profiles
from kneeoa.jointspace.minimum import LEFT, RIGHT, narrowest
from kneeoa.jointspace.outlines import outlines_of
from kneeoa.jointspace.patch import patch_of
from kneeoa.jointspace.width import measure
from kneeoa.metrics import bootstrap
from kneeoa.records.joint_space import (
    AGREEMENT,
    ALL_AT_ONCE,
    AT_LEAST,
    AT_MOST,
    COLUMNS,
    COMPARTMENTS,
    GRADE,
    INTERVAL,
    NARROWER,
    REFUSED,
    REPEATED,
    SIDES,
)
from train.publish.figures import figure

COPIED = 30
"""Films that are copied and measured again, spread evenly."""
_RESAMPLES = 500
_SHIFT, _TURN, _SCALE, _NOISE = 4.0, 3.0, 0.1, 3.0
"""Pixels, degrees, share and grey values by which copies differ, at most (noise: its SD)."""
KINDS = {
    "shifted": (1, 0, 0, 0),
    "turned": (0, 1, 0, 0),
    "scaled": (0, 0, 1, 0),
    "noisy": (0, 0, 0, 1),
    ALL_AT_ONCE: (1, 1, 1, 1),
}


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Films and what was measured on them, in tibial widths; NaN where nothing was said.

    Attributes
    ----------
    knees : a row a film: grade, patient, side, medial, lateral, and refused by the gate or not
    copies : a row a copy and compartment: film, patient, kind, compartment, first, low, high, again
    ways : a row a film and compartment: patient, compartment, paths, profiles
    """

    knees: pd.DataFrame
    copies: pd.DataFrame
    ways: pd.DataFrame


def measured(films: Films, localiser: Localiser, *, progress: Callable = iter) -> Measured:
    """Measure every film, and copies of some; raise `DataError` where a knee's side is unknown."""
    sides = films.known_sides()
    generator = np.random.default_rng(0)
    copied = set(np.linspace(0, len(films) - 1, min(COPIED, len(films))).astype(int).tolist())
    knees, copies, ways = [], [], []
    for index in progress(range(len(films))):
        name, patient = films.image_ids[index], films.patient_ids[index]
        film = _film(films.images[index].astype(np.float32), name)
        located = localiser.find(film)
        film, frame = located.to_grade(film), located.frames[0]
        side = sides[index]
        row = {"film": name, "patient": patient, "grade": int(films.grades[index]), "side": side}
        gated = located.refusal is not None
        widths = {} if gated else _widths(film, frame, side)
        knees.append(
            row | {"gated": gated} | {name: widths.get(name, _NOTHING)[0] for name in COMPARTMENTS}
        )
        if gated:
            continue
        ways += [row | way for way in _both_ways(film, frame, side)]
        if index in copied:
            copies += [row | again for again in _again(film, frame, side, widths, generator)]
    return Measured(*(pd.DataFrame(rows) for rows in (knees, copies, ways)))


_NOTHING = (np.nan, np.nan, np.nan)


def _film(pixels: np.ndarray, name: str) -> Radiograph:
    return Radiograph(name, np.ascontiguousarray(pixels, np.float32), "PNG", 8, None, None, name)


def _widths(film: Radiograph, frame: Frame, side: str) -> dict[str, tuple[float, float, float]]:
    """Return width, low and high by compartment; closed ones count as half of what they may be."""
    space = measure(film, frame, side)
    by_compartment = {}
    for name, width in space.compartments.items():
        pixels, low, high, tibia = width.pixels, width.low, width.high, space.tibia_width
        if pixels is None or low is None or high is None or tibia is None:
            by_compartment[name] = _NOTHING
        else:
            value = high / 2 if width.is_closed else pixels
            by_compartment[name] = (value / tibia, low / tibia, high / tibia)
    return by_compartment


def _both_ways(film: Radiograph, frame: Frame, side: str) -> Iterator[dict[str, Any]]:
    """Yield the width by either way, refused or not."""
    image = patch_of(film.pixels, frame).image
    outlines = outlines_of(image[None])
    by_profiles = profiles.widths(image, outlines)
    for place in (LEFT, RIGHT):
        name = COMPARTMENTS[(place == LEFT) == (side == "R")]
        width = narrowest(outlines, place).width[0] / outlines.tibia_width[0]
        yield {"compartment": name, "paths": float(width), "profiles": by_profiles[place]}


def _again(
    film: Radiograph,
    frame: Frame,
    side: str,
    first: Mapping[str, tuple[float, float, float]],
    generator: np.random.Generator,
) -> Iterator[dict[str, Any]]:
    for kind, how in KINDS.items():
        changed = _film(_changed(film.pixels, how, generator), film.name)
        again = _widths(changed, frame, side)
        for name in COMPARTMENTS:
            value, low, high = first[name]
            widths = {"first": value, "low": low, "high": high, "again": again[name][0]}
            yield {"kind": kind, "compartment": name} | widths


def _changed(
    pixels: np.ndarray, how: tuple[int, int, int, int], generator: np.random.Generator
) -> np.ndarray:
    shift, turn, scale, noise = how
    angle = np.radians(turn * generator.uniform(-_TURN, _TURN))
    larger = 1 + scale * generator.uniform(-_SCALE, _SCALE)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / larger
    middle = (np.array(pixels.shape) - 1) / 2
    offset = middle - matrix @ (middle + shift * generator.uniform(-_SHIFT, _SHIFT, 2))
    if shift or turn or scale:
        pixels = ndimage.affine_transform(pixels, matrix, offset, order=3, mode="nearest")
    if noise:
        pixels = pixels + generator.normal(0, _NOISE, pixels.shape)
    return np.clip(pixels, 0, 255)


def table(measurement: Measured) -> pd.DataFrame:
    """Return one row per check; columns as in `kneeoa.records.joint_space`, intervals of 95%.

    Raises `DataError` where no knee has both widths, or none of the copied films has any.
    """
    knees = measurement.knees
    if measurement.copies.empty or knees[list(COMPARTMENTS)].dropna().empty:
        raise DataError(f"Expected knees that widths are found in. Found too few in {len(knees)}.")
    rows = [*_repeated(measurement.copies), *_graded(knees), *_agreeing(measurement.ways)]
    rows += [*_refused(knees), *_sides(knees)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _repeated(copies: pd.DataFrame) -> Iterator[dict[str, Any]]:
    both = copies.dropna(subset=["first", "again"])
    for kind in KINDS:
        for name in COMPARTMENTS:
            some = both[(both["kind"] == kind) & (both["compartment"] == name)]
            squares = (some["again"] - some["first"]) ** 2
            # Of two measurements of one film, 95% differ by less.
            coefficient = 1.96 * squares.mean() ** 0.5
            draws = 1.96 * _weighted_means(squares, some["patient"]) ** 0.5
            yield _row(REPEATED, f"{name}, {kind}", coefficient, draws, some)
    inside = (both["again"] >= both["low"]) & (both["again"] <= both["high"])
    draws = _weighted_means(inside.astype(float), both["patient"])
    yield _row(INTERVAL, "copies inside the interval", inside.mean(), draws, both)
    before = copies.dropna(subset=["first"])
    yield from _share("copies of what was measured", before["again"].isna(), before)


def _graded(knees: pd.DataFrame) -> Iterator[dict[str, Any]]:
    narrower = knees[list(COMPARTMENTS)].min(axis=1, skipna=False)
    columns = {name: knees[name] for name in COMPARTMENTS} | {NARROWER: narrower}
    for name, values in columns.items():
        some = knees.assign(value=values).dropna(subset=["value"])
        grades, widths = some["grade"].to_numpy(), some["value"].to_numpy()
        weights = bootstrap.patient_weights(some["patient"], resamples=_RESAMPLES).astype(int)
        draws = [(np.repeat(grades, n), np.repeat(widths, n)) for n in weights]
        ranks = np.array([_rank_correlation(*pair) for pair in draws])
        value = _rank_correlation(grades, widths)
        yield _row(GRADE, f"{name}, rank correlation with KL", value, ranks, some)
        medians = np.array([_medians(g, w) for g, w in draws])
        for grade in GRADES:
            same_grade = some[some["grade"] == grade]
            what, median = f"{name}, median at {grade.label}", same_grade["value"].median()
            yield _row(GRADE, what, median, medians[:, grade], same_grade)
        if name == NARROWER:
            what = f"{name}, smallest step of its medians from KL 1 to KL 4"
            steps = -np.diff(medians[:, 1:], axis=1).max(axis=1)
            value = -np.diff(_medians(grades, widths)[1:]).max()
            yield _row(GRADE, what, value, steps, some)


def _rank_correlation(grades: np.ndarray, widths: np.ndarray) -> float:
    """Return NaN where all are alike: SciPy would warn of it, on the terminal."""
    if len(grades) < 2 or np.ptp(grades) == 0 or np.ptp(widths) == 0:
        return np.nan
    return float(stats.spearmanr(grades, widths)[0])


def _medians(grades: np.ndarray, widths: np.ndarray) -> np.ndarray:
    by_grade = [widths[grades == grade] for grade in GRADES]
    return np.array([np.median(some) if len(some) else np.nan for some in by_grade])


def _agreeing(ways: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for name in COMPARTMENTS:
        some = ways[ways["compartment"] == name].dropna()
        apart = some["profiles"] - some["paths"]
        means = _weighted_means(apart, some["patient"])
        yield _row(AGREEMENT, f"{name}, mean difference", apart.mean(), means, some)
        squares = _weighted_means(apart**2, some["patient"])
        limits = 1.96 * np.sqrt(np.maximum(squares - means**2, 0))
        half = 1.96 * apart.std()
        yield _row(AGREEMENT, f"{name}, half of the 95% limits", half, limits, some)


def _refused(knees: pd.DataFrame) -> Iterator[dict[str, Any]]:
    without = knees[list(COMPARTMENTS)].isna()
    columns = {"knees without any width": without.all(axis=1)}
    columns |= {f"{name} widths": without[name] for name in COMPARTMENTS}
    for grade in GRADES:
        same_grade = knees[knees["grade"] == grade]
        lost = same_grade["medial"].isna()
        yield from _share(f"medial widths at {grade.label}", lost, same_grade)
    for what, refused in columns.items():
        yield from _share(what, refused, knees)


def _share(what: str, lost: pd.Series, knees: pd.DataFrame) -> Iterator[dict[str, Any]]:
    if len(knees):
        draws = _weighted_means(lost.astype(float), knees["patient"])
        yield _row(REFUSED, what, lost.mean(), draws, knees)


def _sides(knees: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Of patients with KL 0 on both sides: how far left and right differ, in 95%."""
    sound = knees[knees["grade"] == 0]
    for name in COMPARTMENTS:
        pairs = sound.pivot_table(index="patient", columns="side", values=name)
        if not {"L", "R"} <= set(pairs):
            continue
        apart = (pairs["L"] - pairs["R"]).abs().dropna()
        if apart.empty:
            continue
        draws = np.random.default_rng(0).choice(apart, (_RESAMPLES, len(apart)))
        what = f"{name}, left and right of two knees of KL 0"
        patients = pd.DataFrame({"patient": apart.index})
        yield _row(SIDES, what, apart.quantile(0.95), np.quantile(draws, 0.95, axis=1), patients)


def _weighted_means(values: pd.Series, patients: pd.Series) -> np.ndarray:
    if not len(values):
        return np.full(_RESAMPLES, np.nan)
    weights = bootstrap.patient_weights(patients, resamples=_RESAMPLES)
    return weights @ values.to_numpy(float) / weights.sum(axis=1)


def _row(
    check: str, what: str, value: float, draws: np.ndarray, rows: pd.DataFrame
) -> dict[str, Any]:
    low, high = bootstrap.percentile_interval(np.asarray(draws, float))
    key, patients = (check, what), rows["patient"].nunique()
    bounds = {"at_least": AT_LEAST.get(key, np.nan), "at_most": AT_MOST.get(key, np.nan)}
    figures = {"check": check, "what": what, "value": value, "low": low, "high": high}
    return figures | {"films": len(rows), "patients": patients} | bounds


def as_text(rows: pd.DataFrame) -> str:
    """Return the table for a terminal."""
    lines = [
        f"{row.check}: {row.what}  {figure(row, digits=4)}, {row.films}"
        for row in rows.itertuples()
    ]
    return "\n".join(["In tibial widths, or shares; 95% intervals over patients", *lines])
