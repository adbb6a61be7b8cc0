"""Saved films of a patient besides the one that is read, found by her mark in the list."""

import contextlib
import os
from typing import TYPE_CHECKING

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.store.cases import settings
from pages.shared import cached
from pages.shared.cases import same_films, saved, whose_marks
from pages.shared.cases.whose_marks import Whose
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

    whose = _whose(film)
    visits = looking.visits(cached.store(), whose.patient, issuer=whose.issuer, born=whose.born)
    here = same_films.names_here() if visits else set()
    return [visit for visit in visits if not {visit.film, visit.digest} & here]


def _whose(film: Film) -> Whose:
    case = saved.case_of(film.digest)
    if case is not None and case.born is not None:
        return Whose(case.patient, case.issuer or "", case.born)
    marks = st.session_state.get(_MARKS, {})
    saved.keep_until_sign_out(_MARKS, marks)
    if film.digest not in marks:
        marks[film.digest] = Whose()
        with contextlib.suppress(KneeOAError):  # said where a film is saved
            marks[film.digest] = whose_marks.of_file(film, settings.files_from(os.environ))
    whose = marks[film.digest]
    # The file of a case from before says more than that, where it came with its patient.
    return whose if case is None or whose.patient == case.patient else Whose(case.patient)
