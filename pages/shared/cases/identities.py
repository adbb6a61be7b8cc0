"""Whether films of this session are saved without their patients, and what that means for them."""

import os
from collections.abc import Collection

from kneeoa.reports.dicom.pseudonyms import AsKept, Pseudonyms
from kneeoa.store.cases import identity, settings
from pages.shared.cases import saved
from pages.shared.session_films import Film

DICOM_GOES = "Saving leaves out the patient; the day of the study stays."
OTHERS_GO = "Saving keeps pixels alone, under another name."
FOR_REPORTS = "Saving keeps its patient, for reports to its study."
NO_WAY_BACK = " Its reports cannot go back to the archive."
STAYS = "Saving keeps it as it came, with whatever names the patient."
MORE = {
    DICOM_GOES: "Names, numbers and dates in the file go (DICOM basic profile), and its name. "
    "The list keeps the day of the study and a mark by which films of one patient are told.",
    OTHERS_GO: "Whatever else stands in the file goes, and the file's name, which is often the "
    "patient's.",
    FOR_REPORTS: "It came from the archive, and a report of the saved film can go back to it.",
    STAYS: "The file's name stays, too. The server's owner settled it so.",
}
"""What the lines mean, to who points at them."""
SOME_GO = (
    "Saving leaves out the patients and names of films that were added here; those of the archive "
    "it keeps as they came."
)


def policy() -> identity.Policy:
    """Return what the owner settled; raise `ConfigError` for what is no setting."""
    return identity.policy_from(os.environ)


def said_before_saving(film: Film) -> str:
    """Return what is kept of a film's patient once it is saved, in a line."""
    return said_of_all([film])


def said_of_all(films: Collection[Film]) -> str:
    """Return what is kept of the patients of `films` once they are saved, in a line."""
    removed = {saved.goes_without_patient(film) for film in films}
    if len(removed) > 1:
        return SOME_GO
    if removed == {False}:
        kept_for = all(saved.is_from_archive(film.digest) for film in films)
        return FOR_REPORTS if kept_for and policy() != "keep" else STAYS
    is_dicom = any(film.source == "DICOM" for film in films)
    back = any(saved.is_from_archive(film.digest) for film in films)
    return (DICOM_GOES if is_dicom else OTHERS_GO) + NO_WAY_BACK * back


def pseudonyms_of(film: Film) -> Pseudonyms | None:
    """Return what replaces the numbers in reports of a film that is kept without its patient.

    So they name the film as it is kept. None of other films.
    """
    if saved.is_kept_film(film):
        return AsKept()
    case = saved.case_of(film.digest)
    if case is None or not identity.is_without_patient(case):
        return None
    return identity.pseudonyms(settings.files_from(os.environ), os.environ)
