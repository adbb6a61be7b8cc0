"""What one changed setting gave, in sentences."""

import numpy as np
import pandas as pd

from kneeoa.analysis.many.tried_recipes import single_changes

ROWS = {
    "nothing": (5, 0.661, 0.807, 0.005, 0.002),
    "soft_targets none": (1, 0.654, 0.824, np.nan, np.nan),
    "noise 0.1": (2, 0.666, 0.801, 0.01, 0.01),
    "noise 0.1, soft_targets none": (1, 0.7, 0.7, np.nan, np.nan),
}


def table(rows, network="MobileNet"):
    names = ["seeds", "accuracy", "cross_entropy", "accuracy_sd", "cross_entropy_sd"]
    made = pd.DataFrame(rows.values(), columns=names)
    return made.assign(network=network, changed=list(rows))


def test_each_single_change_stands_beside_its_networks_recipe():
    other = {name: ROWS[name] for name in ("soft_targets none",)}
    sentences = list(single_changes(pd.concat([table(ROWS), table(other, "ResNet50")])))
    # Two settings at once say of neither what it did, and the ResNet50 has no recipe here.
    assert sentences == [
        "MobileNet without soft targets: cross-entropy 0.824 instead of 0.807 (+0.017), accuracy "
        "65.4% instead of 66.1% (-0.7 points). 1 seed against the recipe's 5, which differ among "
        "themselves by ± 0.002 and ± 0.5 points.",
        "MobileNet with noise 0.1: cross-entropy 0.801 instead of 0.807 (-0.006), accuracy 66.6% "
        "instead of 66.1% (+0.5 points). 2 seeds against the recipe's 5, which differ among "
        "themselves by ± 0.002 and ± 0.5 points.",
    ]


def test_a_row_without_a_figure_is_left_out():
    rows = ROWS | {"noise 0.1": (np.nan, 0.6, 0.8, 0.1, 0.1), "jpeg 1": (1, np.nan, 0.8, 0, 0)}
    assert len(list(single_changes(table(rows)))) == 1


def test_a_recipe_of_one_seed_has_no_spread_to_name():
    rows = ROWS | {"nothing": (1, 0.661, 0.807, np.nan, np.nan)}
    sentences = list(single_changes(table(rows)))
    assert sentences[0].endswith("1 seed against the recipe's 1.")
