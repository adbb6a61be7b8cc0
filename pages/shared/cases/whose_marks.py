"""Whose a film is, as the list of cases has it: by marks that tell patients and nothing of them."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from kneeoa.errors import KneeOAError
from kneeoa.films.apart.pool import workers
from kneeoa.films.dicom.patient import PATIENT
from kneeoa.store.cases import settings
from kneeoa.store.cases.films import FilmFiles
from pages.shared.session_films import Film


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose a film is; what is not known is empty.

    Attributes
    ----------
    patient, issuer, born : marks of her number, of who gave it, and of her day of birth
    day : of the study, ``2026-11-28``
    """

    patient: str = ""
    issuer: str = ""
    born: str = ""
    day: str = ""


def of_file(film: Film, files: FilmFiles) -> Whose:
    """Return whose a film is by its file; raises as `FilmFiles.mark_of`."""
    if film.source != "DICOM":
        return Whose()
    return _marked(_said_by(workers().run(PATIENT, film.data).facts), files)


def of_header(header: Mapping[str, str], *, marked: bool) -> Whose:
    """Return the same of what a header says, as `PATIENT` has it; in its own words unless `marked`.

    Also where marks cannot be made, which is said where a film is saved.
    """
    if marked:
        with contextlib.suppress(KneeOAError):
            return _marked(_said_by(header), settings.files_from(os.environ))
    return _said_by(header)


def _said_by(header):
    id_, issuer, born, day = (str(header[name]) for name in ("id", "issuer", "born", "date"))
    return Whose(id_, issuer, born, day)


def _marked(whose, files):
    return replace(
        whose,
        patient=files.mark_of(whose.patient),
        issuer=files.mark_of(whose.issuer, "issuer"),
        born=files.mark_of(whose.born, "born"),
    )
