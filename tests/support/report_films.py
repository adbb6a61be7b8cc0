"""A digital X-ray of a drawn knee that is whole by the standard, and says whose it is."""

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from kneeoa.films.phantom import draw_knee
from tests.support.films import DIGITAL_X_RAY, dicom_file

ROOT_UID = "1.3.6.1.4.1.99999.7"
PATIENT = "Plantagenet^Eleonora"
PLANTED = ("Plantagenet", "Eleonora", "SECRET-4711", "19520317", "Dr^Quisling", "ACC-99", ROOT_UID)
"""Of these no de-identified file holds any."""


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def knee_dataset(grade: int = 2, *, side: str = "L", height: int = 512, **tags) -> Dataset:
    """Return the film as a dataset; `tags` are set by keyword, None takes one out."""
    pixels = draw_knee(grade, side=height)
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = DIGITAL_X_RAY
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"{ROOT_UID}.3"
    made.StudyInstanceUID, made.SeriesInstanceUID = f"{ROOT_UID}.1", f"{ROOT_UID}.2"
    made.PatientName, made.PatientID, made.PatientBirthDate = PATIENT, "SECRET-4711", "19520317"
    made.PatientSex = "F"
    made.StudyDate, made.StudyTime = "20240229", "101500"
    made.ContentDate, made.ContentTime = "20240229", "101501"
    made.AcquisitionDate, made.AcquisitionTime = "20240229", "101501"
    made.AccessionNumber, made.StudyID, made.ReferringPhysicianName = "ACC-99", "1", "Dr^Quisling"
    made.Modality, made.Manufacturer = "DX", "Phantom"
    made.SeriesNumber = made.InstanceNumber = 1
    made.ImageType = ["ORIGINAL", "PRIMARY", ""]
    made.PresentationIntentType, made.BodyPartExamined = "FOR PRESENTATION", "KNEE"
    made.ImageLaterality, made.ViewPosition = side, "AP"
    made.AnatomicRegionSequence = Sequence([code("72696002", "SCT", "Knee")])
    made.ViewCodeSequence = Sequence([code("399348003", "SCT", "antero-posterior")])
    made.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence()
    made.PatientOrientation = ["L", "F"]
    made.PixelIntensityRelationship, made.PixelIntensityRelationshipSign = "LOG", -1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = 0, 1, "US"
    made.PresentationLUTShape, made.LossyImageCompression = "IDENTITY", "00"
    made.BurnedInAnnotation, made.DetectorType = "NO", "DIRECT"
    made.ImagerPixelSpacing = [0.2, 0.2]
    made.AcquisitionContextSequence = Sequence()
    made.WindowCenter, made.WindowWidth = 127.5, 255
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = pixels.shape
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.PixelData = pixels.tobytes()
    for keyword, value in tags.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, value)
    return made


def knee_file(grade: int = 2, **tags) -> bytes:
    """Return the bytes of `knee_dataset`."""
    return dicom_file(knee_dataset(grade, **tags))
