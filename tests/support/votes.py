"""Votes of a class, as the store gives them."""

import pandas as pd


def votes(table):
    """Rows of readers x films -> long votes, all films of reference KL 2."""
    return pd.DataFrame(
        [
            {"participant": f"r{r}", "image_id": f"f{f}", "reference": 2, "grade": grade}
            for r, row in enumerate(table)
            for f, grade in enumerate(row)
        ]
    ).astype({"grade": "Int64"})
