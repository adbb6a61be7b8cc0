"""Films that look alike, joined under one patient."""

from dataclasses import replace

import numpy as np

from kneeoa.adaptation import alike
from kneeoa.adaptation.gathering.graded import GradedFilms


def kept_together(films: GradedFilms, features: np.ndarray) -> GradedFilms:
    """Return the films with one patient where they are alike, and a note that says so."""
    group, too_many = alike.groups(films.images, features)
    patients = alike.merged(films.patient_ids, group)
    count = len(set(films.patient_ids)) - len(set(patients))
    notes = []
    if count:
        notes.append(
            f"Some films show the same knee as another one, or a patient's other knee: {count} of "
            f"{len(set(films.patient_ids))} supposed patients are taken to be another of them."
        )
    if too_many:
        notes.append(
            f"{too_many} films look like one knee, too many to be one, so that films of the "
            "same knee could not be told from others here. If they are copies, keep only one: "
            "figures are too good otherwise."
        )
    return replace(films, patient_ids=patients, notes=(*films.notes, *notes))
