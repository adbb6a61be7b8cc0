"""What was learnt -> a profile folder that can be mailed: no pixels, no names of patients."""

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd

from kneeoa.adaptation import figures
from kneeoa.adaptation.adapting import Adaptation
from kneeoa.errors import DataError
from kneeoa.files import whole_folder
from kneeoa.graders.profile import (
    PREDICTIONS,
    RECORD,
    WEIGHTS,
    Profile,
    read_profile,
    write_heads,
)
from kneeoa.graders.profiles.record import (
    MOST_KNOWN,
    FilmsOf,
    FittedNetwork,
    Record,
    check_name,
)
from kneeoa.spreadsheet import csv_text
from kneeoa.wording import counted

_LIBRARIES = ("numpy", "onnxruntime", "scipy")


def write_profile(
    adaptation: Adaptation, folder: Path, *, name: str, now: datetime, anyway: bool = False
) -> Profile:
    """Write the profile `name` to `folder`, whole or not at all, and return it as read back.

    Raises `DataError` where `folder` is there already, and where the profile is not shown to be
    better than the published networks, unless `anyway`.
    """
    check_name(name)
    if folder.exists():
        raise DataError(f"Expected a new folder for the profile. {folder} is there already.")
    files = profile_files(adaptation, name=name, now=now, anyway=anyway)
    try:
        with whole_folder(folder) as beside:
            for file, content in files.items():
                (beside / file).write_bytes(content)
    except OSError as error:
        raise DataError(f"Expected to write a profile to {folder}. {error.strerror}.") from None
    return read_profile(folder)


def profile_files(
    adaptation: Adaptation, *, name: str, now: datetime, anyway: bool = False
) -> dict[str, bytes]:
    """Return the files of the profile `name`; raise `DataError` as `write_profile` does."""
    name = check_name(name)
    if not adaptation.better and not anyway:
        raise DataError(not_better(adaptation))
    weights = write_heads({digest: fitted.head for digest, fitted in adaptation.refits.items()})
    record = _record(adaptation, name, now, hashlib.sha256(weights).hexdigest())
    text = json.dumps(asdict(record), indent=2, allow_nan=False)
    table = csv_text(predictions(adaptation), float_format="%.6f")
    return {
        WEIGHTS: weights,
        PREDICTIONS: table.encode("utf-8"),
        RECORD: f"{text}\n".encode(),
    }


def packed(files: dict[str, bytes], folder: str) -> bytes:
    """Return a ZIP of `files` in one `folder`, as it can be mailed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in files.items():
            archive.writestr(f"{folder}/{file}", content)
    return stream.getvalue()


def not_better(adaptation: Adaptation) -> str:
    """Return why a profile is not written, in a sentence."""
    figure = adaptation.figures[adaptation.deciding]["cross_entropy"]
    change, low, high = figure["difference"]
    measured = (
        f"Expected the adapted networks to be better than the published ones. Cross-entropy of "
        f"{counted(len(adaptation.films), 'film')}, out of fold: {figure['before'][0]:.3f} before, "
        f"{figure['after'][0]:.3f} after; difference {change:+.3f}"
    )
    if low is None:
        return (
            f"{measured}, the same in every draw of these films. No profile was made: grade more "
            "films, or ask for it anyway (on the command line: --anyway)."
        )
    measured = f"{measured} (95% interval {low:+.3f} to {high:+.3f})"
    if adaptation.worse:
        return (
            f"{measured}: they are worse, by more than chance explains. No profile was made: read "
            "with the published networks (a profile all the same: --anyway on the command line)."
        )
    return (
        f"{measured}, which does not exclude 0. No profile was made: grade more films, or ask "
        "for it anyway (on the command line: --anyway)."
    )


def predictions(adaptation: Adaptation) -> pd.DataFrame:
    """Return one row per film and answer: what was said of it before, and after out of fold.

    Columns: ``film`` (SHA-256 of name and content), ``patient`` (numbered), ``fold``, ``grade``,
    ``answer``, ``before0`` to ``before4`` and ``after0`` to ``after4``, probabilities.
    """
    films = adaptation.films
    # Numbered in the order of their films' hashes: the order of their names may tell who they are.
    by_hash = np.argsort(films.digests)
    order = dict.fromkeys(films.patient_ids[row] for row in by_hash)
    number = {patient: place for place, patient in enumerate(order)}
    tables = []
    for answer, after in adaptation.after.items():
        table = pd.DataFrame(
            {
                "film": films.digests,
                "patient": [number[patient] for patient in films.patient_ids],
                "fold": adaptation.fold,
                "grade": films.grades,
                "answer": answer,
            }
        )
        for when, values in (("before", adaptation.before[answer]), ("after", after)):
            for grade in range(values.shape[1]):
                table[f"{when}{grade}"] = values[:, grade]
        tables.append(table)
    return pd.concat(tables).sort_values(["film", "answer"], ignore_index=True)


def as_text(adaptation: Adaptation) -> str:
    """Return the figures for a terminal: a block per answer, a line per figure."""
    films = adaptation.films
    lines = [
        f"{counted(len(films), 'film')} of {counted(len(set(films.patient_ids)), 'patient')}; "
        "before as published, after out of fold; 95% intervals over patients"
    ]
    for answer, by_measure in adaptation.figures.items():
        lines += ["", f"{answer:42}{'before':>22}{'after':>22}{'difference':>25}"]
        for name, label in figures.NAMES.items():
            before, after, difference = (
                figures.in_words(by_measure[name][part], f"{sign}.3f").replace(" to ", ", ")
                for part, sign in (("before", ""), ("after", ""), ("difference", "+"))
            )
            lines.append(f"  {label:40}{before:>22}{after:>22}{difference:>25}")
    return "\n".join(lines)


def _record(adaptation: Adaptation, name: str, now: datetime, weights_sha256: str) -> Record:
    films = adaptation.films
    return Record(
        name=name,
        created_at=now.isoformat(timespec="seconds"),
        networks=tuple(
            FittedNetwork(network.architecture, digest, adaptation.refits[digest].strength)
            for digest, network in adaptation.networks.items()
        ),
        weights_sha256=weights_sha256,
        of=FilmsOf(
            len(films),
            len(set(films.patient_ids)),
            tuple(int(count) for count in np.bincount(films.grades, minlength=5)),
            films.unusable,
            films.by_reader,
        ),
        answers=adaptation.answers,
        figures=adaptation.figures,
        track_record={
            answer: figures.track_record(
                films.grades, adaptation.answers[answer].grades(probabilities)
            )
            for answer, probabilities in adaptation.after.items()
        },
        better=adaptation.better,
        most_probable_record={
            answer: figures.track_record(films.grades, probabilities.argmax(axis=1))
            for answer, probabilities in adaptation.after.items()
        },
        framing=adaptation.framing,
        least_overlap=films.overlap,
        learnt_from=_known(films.contents),
        libraries={library: metadata.version(library) for library in _LIBRARIES},
    )


def _known(contents: Sequence[str]) -> tuple[str, ...]:
    """Return the films that the profile knows again, in the order of their hashes."""
    films = sorted(set(contents))
    return tuple(films) if len(films) <= MOST_KNOWN else ()
