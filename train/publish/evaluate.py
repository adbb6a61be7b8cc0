"""The published models on graded films: each network, and both together where published."""

from pathlib import Path

import pandas as pd

from kneeoa.data.arrays import Films
from kneeoa.graders.cards import schema
from kneeoa.graders.grading import Graders
from kneeoa.graders.published import find_model
from kneeoa.graders.together import FOLDER
from kneeoa.metrics import bootstrap
from kneeoa.networks import ARCHITECTURES, DISPLAY_NAME, TOGETHER
from train.publish.figures import figure


def evaluate(models: Path, films: Films) -> pd.DataFrame:
    """Return one row per model and metric: ``model, metric, value, low, high, knees, patients``.

    The interval is 95%, by bootstrap over patients.
    """
    return pd.DataFrame(
        {"model": model} | row
        for model, probabilities in Graders(models).probabilities(films.images).items()
        for row in bootstrap.measured(films.grades, probabilities, films.patient_ids)
    )


def trained_elsewhere(models: Path, split_hash: str) -> list[str]:
    """Return the names of the models whose card has another split than `split_hash`."""
    cards = {DISPLAY_NAME[name]: find_model(name, models).card for name in ARCHITECTURES}
    if (file := models / FOLDER / "card.json").exists():
        cards[TOGETHER] = schema.together_card(file)
    return [name for name, card in cards.items() if card["split_hash"] != split_hash]


def as_text(table: pd.DataFrame) -> str:
    """Return the table for a terminal: a line per metric, a column per model."""
    cells = table.assign(cell=[figure(row) for row in table.itertuples()])
    wide = cells.pivot(index="metric", columns="model", values="cell")
    wide = wide.loc[table["metric"].unique(), table["model"].unique()]
    first = table.iloc[0]
    head = f"{first['knees']} knees of {first['patients']} patients; 95% intervals over patients"
    return f"{head}\n{wide.rename_axis(index=None, columns=None).to_string()}"
