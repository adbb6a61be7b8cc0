"""How the published networks do on films that somebody else graded: the same tables as for ours.

Nothing is learnt from the films. Intervals are over their patients.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

import kneeoa
from kneeoa.adaptation.gathering.graded import GradedFilms
from kneeoa.analysis import confusions, operating
from kneeoa.analysis.anova import METRICS
from kneeoa.analysis.findings import value_text
from kneeoa.graders.together import FOLDER
from kneeoa.metrics import agreement, bootstrap
from kneeoa.networks import DISPLAY_NAME, TOGETHER
from kneeoa.records.results import PROBABILITY_COLUMNS, probabilities_of
from kneeoa.wording import counted, plain

FIGURE_COLUMNS = ["network", "metric", "value", "low", "high", "knees", "patients", "published"]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What the networks say of graded films.

    Attributes
    ----------
    source : where the films are from, as text
    answers : network, or ``Both together`` -> `confusions.graded` films. Films are named by a hash
        and patients by a number, so that nothing of it tells who they are
    left_out, by_reader : how many films could not be used, and how many the reader left out
    notes : what else there is to know, in sentences
    """

    source: str
    answers: dict[str, pd.DataFrame]
    left_out: int
    notes: tuple[str, ...]
    by_reader: int = 0


def measured(source: str, films: GradedFilms, answers: Mapping[str, np.ndarray]) -> Measured:
    """Return what `adapting.as_published` gave of `films`, to be measured like our own."""
    # Numbered in the order of their films' hashes: the order of names may tell who they are.
    by_hash = np.argsort(films.digests)
    order = dict.fromkeys(films.patient_ids[row] for row in by_hash)
    number = {patient: f"patient {place + 1}" for place, patient in enumerate(order)}
    base = pd.DataFrame(
        {
            "image_id": [digest[:16] for digest in films.digests],
            "patient_id": [number[patient] for patient in films.patient_ids],
            "split": "own",
            "true_grade": pd.array(films.grades, "Int64"),
        }
    )
    tables = {}
    for name, probabilities in answers.items():
        shares = pd.DataFrame(np.asarray(probabilities, float), columns=PROBABILITY_COLUMNS)
        table = pd.concat([base, shares], axis=1).sort_values("image_id", ignore_index=True)
        tables[TOGETHER if name == FOLDER else name] = confusions.graded(table, "own")
    return Measured(source, tables, films.unusable, films.notes, films.by_reader)


def figures(
    answers: Mapping[str, pd.DataFrame], cards: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """Return each metric of each network with its interval, and what it is on our test films.

    Parameters
    ----------
    answers : as in `Measured`
    cards : by the same names, the cards of the published models

    Returns
    -------
    DataFrame
        `FIGURE_COLUMNS`; ``low`` and ``high`` are a 95% interval over patients
        (`bootstrap.interval_of`), empty where these films bear none; ``published`` what the card
        says of the test films, empty where it says nothing.
    """
    rows = []
    for name, films in answers.items():
        true, shares = films["true_grade"].to_numpy(int), probabilities_of(films)
        weights = bootstrap.patient_weights(films["patient_id"])
        once = agreement.weighted_summaries(true, shares, np.ones((1, len(true))))
        drawn = agreement.weighted_summaries(true, shares, weights)
        patients = films["patient_id"].nunique()
        on_test = (cards.get(name) or {}).get("metrics", {}).get("test", {}).get("values", {})
        for metric in METRICS:
            ends = bootstrap.interval_of(metric, drawn[metric], patients=patients)
            defined = np.isfinite(once[metric][0])
            rows.append(
                (
                    DISPLAY_NAME.get(name, name),
                    metric,
                    once[metric][0],
                    *(ends if defined else (np.nan, np.nan)),
                    len(films),
                    patients,
                    on_test.get(metric, np.nan),
                )
            )
    return pd.DataFrame(rows, columns=FIGURE_COLUMNS)


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return `figures` as readers expect them: a row a metric, two columns a network."""
    rows = []
    for metric, of_metric in table.groupby("metric", sort=False):
        row = {"Measure": METRICS[metric]}
        for figure in of_metric.to_dict("records"):
            texts = [
                value_text(metric, figure[end]).removesuffix(" grades")
                for end in ("value", "low", "high")
            ]
            row[f"{figure['network']}, your films"] = (
                texts[0] if pd.isna(figure["low"]) else f"{texts[0]} ({texts[1]} to {texts[2]})"
            )
            row[f"{figure['network']}, our test films"] = (
                ""
                if pd.isna(figure["published"])
                else value_text(metric, figure["published"]).removesuffix(" grades")
            )
        rows.append(row)
    return pd.DataFrame(rows)


def tables(
    measurement: Measured, cards: Mapping[str, Mapping[str, Any]]
) -> dict[str, pd.DataFrame]:
    """Return all tables by what they hold: those that the page shows, and every answer."""
    answers = measurement.answers

    def by_network(table_of: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
        return confusions.of_networks({name: table_of(films) for name, films in answers.items()})

    return {
        "figures": figures(answers, cards),
        "grade by grade": by_network(confusions.per_grade),
        "telling apart": by_network(operating.separation),
        "how far off": by_network(confusions.error_sizes),
        "cells": confusions.cell_table({n: {"published": films} for n, films in answers.items()}),
        "answers": confusions.of_networks(answers).drop(columns="split"),
    }


def about(measurement: Measured, hashes: Mapping[str, str], *, made_at: datetime) -> str:
    """Return what the figures are of, as text to keep with them; `hashes` are of the models."""
    films = next(iter(measurement.answers.values()))
    counts = films["true_grade"].value_counts()
    lines = [
        f"How the published networks do on: {plain(measurement.source, 200)}",
        f"Measured {made_at:%Y-%m-%d %H:%M} UTC with the knee reading room {kneeoa.__version__}.",
        "",
        f"{counted(len(films), 'film')} of {counted(films['patient_id'].nunique(), 'patient')}: "
        + ", ".join(f"KL {grade} {int(counts.get(grade, 0))}" for grade in range(5))
        + f". {counted(measurement.left_out, 'film')} could not be used, "
        f"{measurement.by_reader} left out by the reader.",
        "The networks learnt nothing from these films. The grade is the most probable one. "
        "Intervals are 95%, by bootstrap over patients.",
        *map(plain, measurement.notes),
        "",
        "Films are named by a hash of name and content, patients by a number.",
        "",
        "Published models (SHA-256 of the file)",
        *(f"  {DISPLAY_NAME.get(name, name)}  {digest}" for name, digest in hashes.items()),
    ]
    return "\n".join(lines) + "\n"
