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
    paragraphs = []
    for model, rows in table.groupby("model", sort=False):
        cells = {(row.check, row.map): row for row in rows.itertuples()}
        compared = [_compared(cells, check, rival) for check in CHECKS for rival in RIVALS]
        paragraphs.append(f"**{model}**: {' '.join([*compared, _shuffled(rows)])}")
    return paragraphs


def rows(table: pd.DataFrame) -> list[dict[str, str]]:
    """Return the figures for a page, a row per check and map, a column per network."""
    figures_by_map: dict[tuple[str, str], dict[str, str]] = {}
    for row in table.itertuples():
        # Networks have different numbers of layers: shares are what they have in common.
        line = figures_by_map.setdefault((row.check, _share(row.map)), {})
        line[row.model] = f"{row.value:.2f} ({row.low:.2f} to {row.high:.2f})"
    return [
        {"Check": check.capitalize(), "Map": map_name} | figures
        for (check, map_name), figures in figures_by_map.items()
    ]


def _share(map_name: str) -> str:
    if not map_name.endswith(" layers"):
        return map_name
    count, layers = (int(word) for word in map_name.removesuffix(" layers").split(" of "))
    return "the last layer shuffled" if count == 1 else f"{count / layers:.0%} of layers shuffled"


def _compared(cells: dict[tuple[str, str], Any], check: str, rival: str) -> str:
    action, effect, sign = CHECKS[check]
    apart = cells[check, f"{OWN} - {rival}"]
    low, high = sorted((sign * apart.low, sign * apart.high))
    sooner = "sooner than" if low > 0 else "later than" if high < 0 else "not clearly sooner than"
    return (
        f"{action} {effect} {sooner} {RIVALS[rival]} ({cells[check, OWN].value:.2f} against "
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
