"""The trained localiser -> ``<models>/localiser``, with thresholds and figures on its card."""

import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from kneeoa.data.arrays import Films
from kneeoa.files import whole_folder
from kneeoa.films.frames import network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.cards import schema
from kneeoa.graders.cards.digest import sha256_of
from kneeoa.graders.locating.answers import Answer, implant_score
from kneeoa.graders.locating.found import Found
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.locating.looks import OUTPUTS, Window, standardised
from train.locate import elsewhere, measuring
from train.locate.cycle import settings
from train.locate.export import check_parity, folded, to_onnx
from train.locate.fit import LocateConfig
from train.locate.network import Network
from train.locate.pictures import LATERAL_KINDS, held_out, read_films
from train.locate.spoilt import measuring as spoilt_measuring
from train.locate.spoilt.publish import Trained, put_into

Grade = Callable[[np.ndarray], np.ndarray]
"""``(N, 224, 224)`` films -> ``(N, 5)`` probabilities."""

_SEED = 5
_REFUSED = 0.004
"""Share of validation knees, as they are and in imagined films, refused as no frontal knee; with
turned and flat ones, no more than one in a hundred is to be."""
_RARE = 0.002
"""Share of them that is no crop to be taken whole."""
_WARNED = 0.01
"""Share of them that is warned of an implant: a warning costs less than a refusal."""
_IMPLANT = 1.0
"""Log odds of an implant that are warned of at least: another hospital's knees have higher ones
than those of the split, and with 0 one in nine of them would be warned of."""
_LOOK_TURNED = 0.15
"""Probability of a quarter turn from which a film is looked at turned right, which then decides."""
_SECOND = -4.0
"""Log odds of a second knee from which the boxes decide: where the film and its mirror image agree,
there is one knee. On validation knees in imagined films that split none of one knee."""
_START = {
    "frontal": -9.0,
    "second": _SECOND,
    "turned": _LOOK_TURNED,
    "negative": 0.0,
    "implant": 0.0,
    "crop_overlap": 0.5,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What a localiser is measured on.

    Attributes
    ----------
    val : validation films; thresholds are fitted on them
    test : test films; they are measured on alone
    pictures : files that are no frontal knees; those held out are measured
    elsewhere : folder of another hospital's films, or None
    grade : the published graders, or None to leave grades out
    """

    val: Films
    test: Films
    pictures: list[Path]
    elsewhere: Path | None = None
    grade: Grade | None = None


def publish(
    network: Network,
    config: LocateConfig,
    knows_spoilt: Trained,
    measured: Measured,
    folder: Path,
    *,
    data: dict[str, Any],
    report: Callable[[str], None] = print,
) -> Path:
    """Export, fit thresholds on validation films, measure, and put model and card in `folder`."""
    plain = folded(network)
    with whole_folder(folder, replace=True) as beside:
        file = beside / "model.onnx"
        onnx.save(to_onnx(plain), file)
        card = {
            "schema_version": schema.VERSION,
            "model_sha256": sha256_of(file),
            "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "data": data,
            "counts": {
                "pictures_trained_on": sum(not held_out(file) for file in measured.pictures),
                "pictures_held_out": sum(map(held_out, measured.pictures)),
            },
            "config": settings(config),
            "libraries": {
                "python": platform.python_version(),
                "torch": torch.__version__,
                "numpy": np.__version__,
                "onnxruntime": metadata.version("onnxruntime"),
            },
            "thresholds": dict(_START),
        }
        _write(beside, card)
        localiser = Localiser(beside.parent, folder=beside.name, in_making=True)
        films = films_of(measured.val)
        card["parity_with_training"] = _parity(plain, localiser, films[:16])
        around = measuring.reframed(measured.val.images, _SEED)
        card["thresholds"] = fit_thresholds(localiser, films, around)
        report(f"thresholds: {card['thresholds']}")
        _write(beside, card)
        put_into(beside, knows_spoilt, films, report=report)
        measure(beside, measured, report=report)
    return folder


def measure(folder: Path, measured: Measured, *, report: Callable[[str], None] = print) -> None:
    """Measure the localiser in `folder` and put the figures on its card; it stays as it is."""
    localiser = Localiser(folder.parent, folder=folder.name)
    metrics = _metrics(localiser, measured, report)
    _write(folder, localiser.card | {"metrics": metrics})


def fit_thresholds(
    localiser: Localiser, films: list, around: list[measuring.Reframed]
) -> dict[str, float]:
    """Return what validation knees allow, as they are and in imagined films."""
    answers = [localiser.answers(film) for film in films]
    reframed = [localiser.answers(look.film) for look in around]
    frontal = min(
        float(np.quantile(measuring.scores(some), _REFUSED)) for some in (answers, reframed)
    )
    everything = answers + reframed

    def rarely(values: Sequence[float], least: float, share: float) -> float:
        return max(least, float(np.quantile(values, 1 - share)))

    whole = Window(0, 0, *films[0].pixels.shape)
    overlap = float(
        np.quantile([film_answers[1].box.overlap(whole) for film_answers in answers], _RARE)
    )
    return {
        "frontal": frontal,
        "second": _SECOND,
        "turned": _LOOK_TURNED,
        "negative": 0.0,
        "implant": rarely([*map(implant_score, everything)], _IMPLANT, _WARNED),
        # Whatever most crops have, so that they stay as they are; with some room.
        "crop_overlap": overlap - 0.05,
    }


def _metrics(
    localiser: Localiser, measured: Measured, report: Callable[[str], None]
) -> dict[str, Any]:
    around = measuring.reframed(measured.val.images, _SEED)
    crops, shown = films_of(measured.val), [look.film for look in around]
    knees, reframed = ([localiser.answers(film) for film in some] for some in (crops, shown))
    others = _Others.read(localiser, measured.pictures)
    originals, grade = _graded(measured.val, measured.grade), measured.grade
    test = films_of(measured.test)
    answers = [localiser.answers(film) for film in test]
    metrics: dict[str, Any] = {
        "val": _of_films(localiser, crops, knees, measured.val, grade, originals),
        "test": _of_films(
            localiser, test, answers, measured.test, grade, _graded(measured.test, grade)
        ),
        "reframed_val": measuring.box_figures(reframed, around)
        | _of_films(localiser, shown, reframed, measured.val, grade, originals),
    }
    metrics["not_knees_held_out"] = {
        "pictures": len(others.files),
        "refused": int(others.refused.sum()),
        "auroc_against_val": measuring.auroc(
            measuring.scores(knees + reframed), measuring.scores(others.answers)
        ),
        "by_kind": measuring.by_kind(others.files, others.refused),
    }
    apart = elsewhere.graded_films(measured.elsewhere)[0] if measured.elsewhere else []
    metrics["spoilt"] = spoilt_measuring.measure(localiser, measured.val.images, apart)
    not_lateral = [file for file in others.files if file.parent.name not in LATERAL_KINDS]
    metrics["parts_of_not_knees_held_out"] = spoilt_measuring.of_parts(localiser, not_lateral)
    metrics["milliseconds_a_film"] = measuring.milliseconds(localiser, crops[:100])
    if measured.elsewhere:
        metrics["elsewhere"] = elsewhere.measure(
            localiser, measured.elsewhere, measured.grade, others.answers
        )
    report(json.dumps(metrics, indent=1))
    return metrics


@dataclass(frozen=True, slots=True, eq=False)
class _Others:
    """The pictures held out, what the network says of each, and which are refused."""

    files: list[Path]
    answers: list
    refused: np.ndarray

    @classmethod
    def read(cls, localiser: Localiser, pictures: Sequence[Path]) -> "_Others":
        shown = read_films([file for file in pictures if held_out(file)])
        answers = [localiser.answers(film) for _, film in shown]
        refused = [
            localiser.found(film, film_answers).refusal is not None
            for (_, film), film_answers in zip(shown, answers, strict=True)
        ]
        return cls([file for file, _ in shown], answers, np.array(refused))


def _graded(films: Films, grade: Grade | None) -> np.ndarray | None:
    return None if grade is None else grade(films.images.astype(np.float32))


def _of_films(
    localiser: Localiser,
    shown: Sequence[Radiograph],
    answers: Sequence[list[Answer]],
    films: Films,
    grade: Grade | None,
    originals: np.ndarray | None,
) -> dict[str, Any]:
    """Return refusals in the films shown, and grades of the crops in them, as cut and as found.

    `answers` are what the network says of `shown`, `originals` the grades of the crops as cut.
    """
    knees_found = [localiser.found(*pair) for pair in zip(shown, answers, strict=True)]
    figures: dict[str, Any] = {"refusals": measuring.refusals(knees_found)}
    if grade is None or originals is None:
        return figures
    crops = films.images.astype(np.float32)
    inputs = np.stack(
        [_input(film, located) for film, located in zip(shown, knees_found, strict=True)]
    )
    changed = (inputs != crops).any(axis=(1, 2))
    shares = originals.copy()
    if changed.any():
        shares[changed] = grade(inputs[changed])
    return figures | {
        "grades_of_crops": measuring.grade_figures(films.grades, originals),
        "grades_with_localiser": {
            **measuring.grade_figures(films.grades, shares),
            "reframed": int(changed.sum()),
        },
    }


def films_of(films: Films) -> list[Radiograph]:
    """Return the crops of a split as films."""
    return [measuring.film_of(image, "crop") for image in films.images]


def _input(film: Radiograph, located: Found) -> np.ndarray:
    """Of two knees, the one that the film was made around is not known: the better centred."""
    height, width = film.pixels.shape
    frame = min(
        located.frames,
        key=lambda frame_found: (
            abs(frame_found.centre[0] / height - 0.5) + abs(frame_found.centre[1] / width - 0.5)
        ),
    )
    return network_input(located.to_grade(film), frame)


def _parity(plain: Network, localiser: Localiser, films: Sequence[Radiograph]) -> float:
    from kneeoa.graders.locating.looks import Reduced

    looks = [reduced.look(reduced.whole, plain.side) for reduced in
             (Reduced(film.pixels) for film in films)]  # fmt: skip
    shown = standardised(
        np.stack([look.image for look in looks]), np.stack([look.film for look in looks])
    )
    outputs = localiser.outputs(looks)
    return check_parity(plain, [outputs[name] for name in OUTPUTS], shown)


def _write(folder: Path, card: dict[str, Any]) -> None:
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
