"""The DICOM file behind a report: which instance it is, and whose, as a worker read it."""

from dataclasses import dataclass

from pydicom.uid import UID

from kneeoa.files import converted
from kneeoa.films.apart.pool import workers

_TASK = "kneeoa.films.dicom.source.source"


@dataclass(frozen=True, slots=True)
class Source:
    """What the file says; empty where it says nothing, or nothing in its proper form.

    Attributes
    ----------
    sop_class, sop_instance, study, series : UIDs
    rows, columns : of the stored picture
    orientation : where rows and columns point to in the patient, as ``("L", "F")``
    burned_in : ``"YES"`` or ``"NO"``: whether it says that text stands in its pixels
    birth_date, study_date : as ``"19560823"``
    age : as ``"066Y"``
    """

    sop_class: str
    sop_instance: str
    study: str
    series: str
    rows: int
    columns: int
    orientation: tuple[str, ...] = ()
    burned_in: str = ""
    patient_id: str = ""
    patient_name: str = ""
    issuer: str = ""
    birth_date: str = ""
    sex: str = ""
    age: str = ""
    study_date: str = ""
    study_time: str = ""
    accession: str = ""
    study_id: str = ""
    referring: str = ""

    @property
    def can_be_referred_to(self) -> bool:
        """Whether another object can say that it is about this one.

        Not where its kind is a maker's own: nobody knows what a place in such a film is.
        """
        is_standard = bool(UID(self.sop_class).keyword)
        return is_standard and all((self.sop_instance, self.study, self.series))


def source_of(data: bytes) -> Source:
    """Return what the bytes of a DICOM file say of themselves; raise as `Workers.run` does."""
    return converted(workers().run(_TASK, data).facts, Source)
