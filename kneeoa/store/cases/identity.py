"""Whose a saved film is: what is taken out of it before it touches the disk, and when."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from kneeoa.errors import ConfigError
from kneeoa.reports.dicom.pseudonyms import Pseudonyms, pseudonyms_from
from kneeoa.store.cases.case import Case, NewCase
from kneeoa.store.cases.films import FilmFiles

SETTING = "KNEEOA_CASES_IDENTITY"
Policy = Literal["remove", "uploads", "keep"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
"""From which films the patient is taken out when they are saved: all, uploaded ones, none."""
DEFAULT: Policy = "uploads"
_LETTERS = 6


def policy_from(environment: Mapping[str, str]) -> Policy:
    """Return what the owner settled; raise `ConfigError` for a word that is none of `POLICIES`."""
    word = environment.get(SETTING, "").strip() or DEFAULT
    for policy in POLICIES:
        if word == policy:
            return policy
    raise ConfigError(
        f"Expected one of {', '.join(POLICIES)} in {SETTING}. Received a word of {len(word)} "
        "letters. Nothing is saved until it is one of them."
    )


def is_removed(policy: Policy, *, from_archive: bool) -> bool:
    """Return whether the patient is taken out of a film when it is saved.

    Of films of an archive, or pushed by a modality, only with ``"remove"``: their report must go
    back to the study that they are of.
    """
    return policy == "remove" or (policy == "uploads" and not from_archive)


def without_patient(
    new: NewCase,
    content: bytes,
    files: FilmFiles,
    environment: Mapping[str, str],
    *,
    before: np.ndarray | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> tuple[NewCase, bytes]:
    """Return a case and the file of its film as they are kept without the patient.

    The film is known again by a keyed hash of the file as it came, and called by what is kept of
    it. `before` and `tell` are as of `deidentified`. Raises `RadiographError` where she cannot be
    taken out, and as `FilmFiles` does.
    """
    from kneeoa.reports.deidentify import deidentified  # late: nothing else here decodes films

    names = pseudonyms(files, environment)
    cleaned = deidentified(content, names, exact=True, before=before, tell=tell)
    kept = hashlib.sha256(cleaned).hexdigest()
    name = f"Film {kept[:_LETTERS].upper()}"
    mark = files.marks_of_films([new.digest])[new.digest]
    return replace(new, digest=mark, name=name), cleaned


def pseudonyms(files: FilmFiles, environment: Mapping[str, str]) -> Pseudonyms:
    """Return what replaces the numbers in films that are kept without their patient.

    The owner's own, else those of the folder: always the same ones, so that reports of one film
    name it alike.
    """
    return pseudonyms_from(environment, otherwise=files.pseudonyms_key())


def is_without_patient(case: Case) -> bool:
    """Return whether the patient was taken out of the film of a case when it was saved."""
    return case.film != case.digest
