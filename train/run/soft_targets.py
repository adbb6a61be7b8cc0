"""Soft targets as training reads them: a table of probabilities; `distillation` makes one."""

from pathlib import Path

import numpy as np

from kneeoa.errors import DataError
from kneeoa.records import results


def read_soft_targets(file: Path, image_ids: tuple[str, ...]) -> np.ndarray:
    """Return the probabilities of the films ``(N, 5) float32``, rows summing to 1.

    Raises `DataError` when the table lacks one of the films.
    """
    table = results.read_predictions(file).drop_duplicates("image_id").set_index("image_id")
    missing = [name for name in image_ids if name not in table.index]
    if missing:
        raise DataError(
            f"Expected soft targets of all {len(image_ids)} training films in {file.name}. "
            f"{len(missing)} are missing, for example {missing[0]}."
        )
    return table.loc[list(image_ids), results.PROBABILITY_COLUMNS].to_numpy(np.float32)
