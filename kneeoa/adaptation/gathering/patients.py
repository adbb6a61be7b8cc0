"""Whose knee each film is of.

That says the table; else the patient's id in a DICOM file; else a name that tells patient and side
(``9001695L``, ``P12_R``); else the film counts as a patient of its own. A film that is there twice
joins the patients of both.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from kneeoa.adaptation import alike
from kneeoa.data.listing import name_patterns, patient_and_side
from kneeoa.wording import counted, plain


def patients_of(
    named: Sequence[tuple[str, str]], same: np.ndarray
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return whose each film is, and what there is to know of that, in sentences.

    Parameters
    ----------
    named : N names of films, and their patients where source or header say who that is
    same : (N,) int, a number for each film, the same for one that is there twice: whose patients
        are one
    """
    patterns = name_patterns(None)
    patients, by_name, known = [], {}, set()
    for place, (name, known_as) in enumerate(named):
        patient: str | None = known_as
        if not patient:
            patient, _ = patient_and_side(PurePosixPath(name).stem, patterns)
            if patient:
                by_name[int(same[place])] = patient
        if patient:
            known.add(int(same[place]))
        # One code is written in more than one way, and to part a patient costs more than to join
        # two.
        patients.append(f"patient {patient.casefold()}" if patient else f"film {place}")
    notes = []
    if by_name:
        notes.append(
            f"The patient of {counted(len(by_name), 'film')} was read from the name, as "
            f"{plain(next(iter(by_name.values())), 40)}. If names hold more than who it is, as a "
            "year, name patients in grades.csv (column patient): figures are too good otherwise."
        )
    if alone := len(set(same.tolist()) - known):
        notes.append(
            f"The patient of {counted(alone, 'film')} is not known, so each counts as a patient of "
            "its own. If a patient has two of them, name her in grades.csv (column patient): "
            "figures are too good otherwise."
        )
    if not patients:
        return (), ()
    return alike.merged(tuple(patients), same), tuple(notes)
