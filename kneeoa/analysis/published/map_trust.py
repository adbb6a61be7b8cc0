"""What the checks of maps say, in sentences and rows that follow from their figures alone."""

from typing import Any

import pandas as pd

OWN, ANOTHER = "Grad-CAM", "another film"
CHECKS = {
    # check: what is done, what that does to the answer, and 1 where a larger area is better
    "deletion": ("Greying what the map marks first", "takes the network from its grade", -1),
    "insertion": ("Sharpening what the map marks first", "brings the network to its grade", 1),
}
RIVALS = {"random": "doing so at random", "centred": "doing so from the middle outwards"}


def sentences(table: pd.DataFrame) -> list[str]:
    """Return what each network's maps are worth; `table` as from `kneeoa.records.maps.read`."""
    found = []
    for model, rows in table.groupby("model", sort=False):
        cells = {(row.check, row.map): row for row in rows.itertuples()}
        compared = [_compared(cells, check, rival) for check in CHECKS for rival in RIVALS]
        found.append(f"**{model}**: {' '.join([*compared, _shuffled(rows)])}")
    return found


def rows(table: pd.DataFrame) -> list[dict[str, str]]:
    """Return the figures for a page, a row per check and map, a column per network."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in table.itertuples():
        # Networks have different numbers of layers: shares are what they have in common.
        line = found.setdefault((row.check, _share(row.map)), {})
        line[row.model] = f"{row.value:.2f} ({row.low:.2f} to {row.high:.2f})"
    return [
        {"Check": check.capitalize(), "Map": what} | figures
        for (check, what), figures in found.items()
    ]


def _share(what: str) -> str:
    if not what.endswith(" layers"):
        return what
    done, layers = (int(word) for word in what.removesuffix(" layers").split(" of "))
    return "the last layer shuffled" if done == 1 else f"{done / layers:.0%} of layers shuffled"


def _compared(cells: dict[tuple[str, str], Any], check: str, rival: str) -> str:
    done, does, sign = CHECKS[check]
    apart = cells[check, f"{OWN} - {rival}"]
    low, high = sorted((sign * apart.low, sign * apart.high))
    sooner = "sooner than" if low > 0 else "later than" if high < 0 else "not clearly sooner than"
    return (
        f"{done} {does} {sooner} {RIVALS[rival]} ({cells[check, OWN].value:.2f} against "
        f"{cells[check, rival].value:.2f})."
    )


def _shuffled(rows: pd.DataFrame) -> str:
    shuffled = rows[rows["check"] == "shuffled"].set_index("map")["value"]
    names = [name for name in shuffled.index if name != ANOTHER]
    first, last = names[0], names[-1]
    return (
        f"With {_share(first)} its maps keep a rank correlation of {shuffled[first]:.2f} with what "
        f"they were, with {_share(last)} {shuffled[last]:.2f}; maps of two different films have "
        f"{shuffled[ANOTHER]:.2f}."
    )
