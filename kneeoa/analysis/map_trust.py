"""What the checks of maps say, in sentences that follow from their figures alone."""

import pandas as pd

WORDS = {
    "deletion": ("Taking away what the map marks first", "lowers", "sooner", -1),
    "insertion": ("Bringing back what the map marks first", "restores", "sooner", 1),
}
RIVALS = {"random": "at random", "centred": "from the middle outwards"}


def sentences(table: pd.DataFrame) -> list[str]:
    """Return a sentence for each network and check; `table` as from `kneeoa.records.maps`."""
    found = []
    for model, rows in table.groupby("model", sort=False):
        cells = {(row.check, row.map): row for row in rows.itertuples()}
        found += [
            f"{model}: {_compared(cells, check, rival)}" for check in WORDS for rival in RIVALS
        ]
        found.append(f"{model}: {_shuffled(rows)}")
    return found


def _compared(cells, check, rival):
    does, verb, better, sign = WORDS[check]
    own, other = cells[check, "Grad-CAM"], cells[check, rival]
    apart = cells[check, f"Grad-CAM - {rival}"]
    if sign * apart.low > 0 and sign * apart.high > 0:
        verdict = f"{verb} the network's answer {better} than"
    elif sign * apart.low < 0 and sign * apart.high < 0:
        verdict = f"{verb} the network's answer later than"
    else:
        verdict = f"{verb} the network's answer not clearly sooner than"
    return (
        f"{does} {verdict} {RIVALS[rival]} (area under the curve {own.value:.2f} against "
        f"{other.value:.2f}; difference {apart.value:+.2f}, {apart.low:+.2f} to {apart.high:+.2f})."
    )


def _shuffled(rows):
    shuffled = rows[rows["check"] == "shuffled"].set_index("map")["value"]
    another = shuffled.pop("another film")
    first, last = shuffled.index[0], shuffled.index[-1]
    return (
        f"With {first} shuffled its maps keep a rank correlation of {shuffled[first]:.2f} with "
        f"what they were, with {last} {shuffled[last]:.2f}; maps of two different films have "
        f"{another:.2f}."
    )
