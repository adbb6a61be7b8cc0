"""What finished runs say of the training films, as soft targets for another (Hinton et al. 2015).

They are a table in the columns of ``predictions.csv``. The runs have seen the films that they speak
of, so their answers are kept soft: each at the temperature of its validation films.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from kneeoa.data.arrays import Films
from kneeoa.metrics import calibration
from kneeoa.records import results
from train.run.batches import predict
from train.run.record import check_trained_on, load_network


def soft_targets(
    results_folder: Path, run_ids: Sequence[str], splits: dict[str, Films]
) -> pd.DataFrame:
    """Return the mean of the runs' calibrated answers for the training films.

    Each run sees a film and its mirror image. Raises `DataError` when a run's model was not kept,
    or the run was trained on another split.
    """
    train, val = splits["train"], splits["val"]
    mirrored = Films(train.images[:, :, ::-1], train.grades, train.image_ids, train.patient_ids)
    answers = []
    for run_id in run_ids:
        folder = results_folder / "runs" / run_id
        check_trained_on(results.read_record(folder), splits, results_folder)
        network = load_network(folder)
        temperature = calibration.fit_temperature(predict(network, val), val.grades)
        for films in (train, mirrored):
            answers.append(calibration.recalibrate(predict(network, films), temperature))
    return results.predictions_table(
        train.image_ids, train.patient_ids, "train", train.grades, np.mean(answers, axis=0)
    )
