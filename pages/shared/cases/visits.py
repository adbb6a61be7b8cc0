"""Saved films of a patient besides the one that is read, found by her mark in the list."""

import contextlib
import os
from typing import TYPE_CHECKING

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.apart.pool import workers
from kneeoa.films.dicom.patient import PATIENT
from kneeoa.store.cases import settings
from pages.shared import cached
from pages.shared.cases import same_films, saved
from pages.shared.session_films import Film

if TYPE_CHECKING:
    from kneeoa.store.cases.looking import Visit

_MARKS = "marks_of_patients"


def others(film: Film) -> "list[Visit]":
    """Return saved knees of a film's patient that this session has not opened; the latest first.

    None while the list is closed, and where the film does not say whose it is.
    """
    if not saved.is_open():
        return []
    from kneeoa.store.cases import looking  # late, as the store itself

    visits = looking.visits(cached.store(), _mark_of(film))
    here = same_films.names_here() if visits else set()
    return [visit for visit in visits if not {visit.film, visit.digest} & here]


def _mark_of(film: Film) -> str:
    case = saved.case_of(film.digest)
    if case is not None:
        return case.patient
    marks = st.session_state.get(_MARKS, {})
    saved.keep_until_sign_out(_MARKS, marks)
    if film.digest not in marks:
        marks[film.digest] = ""
        if film.source == "DICOM":
            with contextlib.suppress(KneeOAError):  # said where a film is saved
                number = str(workers().run(PATIENT, film.data).facts["id"])
                marks[film.digest] = settings.files_from(os.environ).mark_of(number)
    return marks[film.digest]
