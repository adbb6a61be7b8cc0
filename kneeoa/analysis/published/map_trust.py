"""What the checks of maps say, in sentences and rows that follow from their figures alone."""

from typing import Any

import pandas as pd

from kneeoa.records.maps import ANOTHER, CENTRED, DELETION, INSERTION, OWN, RANDOM, SHUFFLED

CHECKS = {
    # check: what is done, what that does to the answer, and 1 where a larger area is better
    DELETION: ("Greying what the map marks first", "takes the network from its grade", -1),
    INSERTION: ("Sharpening what the map marks first", "brings the network to its grade", 1),
}
OTHERWISE = {RANDOM: "doing so at random", CENTRED: "doing so from the middle outwards"}


def sentences(table: pd.DataFrame) -> list[str]:
    """Return what each network's maps are worth; `table` as from `kneeoa.records.maps.read`."""
    paragraphs = []
    for model, rows in table.groupby("model", sort=False):
        cells = {(row.check, row.map): row for row in rows.itertuples()}
        compared = [_compared(cells, check, rival) for check in CHECKS for rival in OTHERWISE]
        paragraphs.append(f"**{model}**: {' '.join([*compared, _shuffled(rows)])}")
    return paragraphs


def rows(table: pd.DataFrame) -> list[dict[str, str]]:
    """Return the figures for a page, a row per check and map, a column per network.

    Shuffled layers are in order of their share, whichever network it is of.
    """
    figures_by_map: dict[tuple[str, str], dict[str, str]] = {}
    order = {check: place for place, check in enumerate(table["check"].unique())}
    table = table.assign(at=table["check"].map(order), share=table["map"].map(_share_of))
    table = table.sort_values(["at", "share"], kind="stable")
    for row in table.itertuples():
        # Networks have different numbers of layers: shares are what they have in common.
        line = figures_by_map.setdefault((row.check, _share(row.map)), {})
        line[row.model] = f"{row.value:.2f} ({row.low:.2f} to {row.high:.2f})"
    return [
        {"Check": check.capitalize(), "Map": map_name} | figures
        for (check, map_name), figures in figures_by_map.items()
    ]


def _layers(map_name: str) -> tuple[int, int] | None:
    """Return how many layers of how many are shuffled for a map; None for one of another kind."""
    if not map_name.endswith(" layers"):
        return None
    count, layers = (int(word) for word in map_name.removesuffix(" layers").split(" of "))
    return count, layers


def _share_of(map_name: str) -> float:
    """Return what maps are in order by: the share that is shuffled, and another film last."""
    layers = _layers(map_name)
    if layers is None:
        return 2.0 if map_name == ANOTHER else 0.0
    return 0.0 if layers[0] == 1 else layers[0] / layers[1]


def _share(map_name: str) -> str:
    layers = _layers(map_name)
    if layers is None:
        return map_name
    shuffled = _share_of(map_name)
    return f"{shuffled:.0%} of layers shuffled" if shuffled else "the last layer shuffled"


def _compared(cells: dict[tuple[str, str], Any], check: str, rival: str) -> str:
    action, effect, sign = CHECKS[check]
    apart = cells[check, f"{OWN} - {rival}"]
    low, high = sorted((sign * apart.low, sign * apart.high))
    sooner = "sooner than" if low > 0 else "later than" if high < 0 else "not clearly sooner than"
    return (
        f"{action} {effect} {sooner} {OTHERWISE[rival]} ({cells[check, OWN].value:.2f} against "
        f"{cells[check, rival].value:.2f})."
    )


def _shuffled(rows: pd.DataFrame) -> str:
    shuffled = rows[rows["check"] == SHUFFLED].set_index("map")["value"]
    names = [name for name in shuffled.index if name != ANOTHER]
    first, last = names[0], names[-1]
    return (
        f"With {_share(first)} its maps keep a rank correlation of {shuffled[first]:.2f} with what "
        f"they were, with {_share(last)} {shuffled[last]:.2f}; maps of two different films have "
        f"{shuffled[ANOTHER]:.2f}."
    )
