"""What a DICOM header says beside the pixels, and nothing of the patient."""

from pydicom import Dataset

from kneeoa.films.dicom import transfer
from kneeoa.films.dicom.grey import contradicts_itself
from kneeoa.films.dicom.says import carried, coded, side, size
from kneeoa.films.dicom.says.age import is_child
from kneeoa.films.dicom.says.values import first_item, text, word, words
from kneeoa.films.header import GO_BY_MARKER, Header

_FOR_PROCESSING = "FOR PROCESSING"
_UNPROCESSED_KIND = "1.2.840.10008.5.1.4.1.1.1.1.1"
"""Digital X-ray image for processing, whose files may leave the intent out."""
_DIRECTIONS = {"L": (1, 0), "R": (-1, 0), "F": (0, 1), "H": (0, -1)}
"""Of a patient who faces the reader: across and down."""


def header(dataset: Dataset) -> Header:
    """Return what the file says it shows."""
    region = first_item(dataset, "AnatomicRegionSequence")
    view = first_item(dataset, "ViewCodeSequence")
    pixel = size.size(dataset)
    return Header(
        body_part=word(dataset, "BodyPartExamined") or coded.term_or_word(region, coded.PARTS),
        view=word(dataset, "ViewPosition")
        or coded.term_or_word(view, coded.VIEWS)
        or _view_by_orientation(dataset),
        modality=word(dataset, "Modality"),
        child=is_child(dataset),
        spacing_from=pixel.origin,
        magnification=pixel.magnification,
        mirrored=_is_mirrored(dataset),
        one_side=side.names_one(dataset),
        described=frozenset(
            words(" ".join(text(dataset, name) for name in ("SeriesDescription", "ProtocolName")))
        ),
    )


def notes(dataset: Dataset) -> tuple[str, ...]:
    """Return sentences on what may make the film other than it seems."""
    sentences = []
    kind = str(dataset.get("SOPClassUID", ""))
    intent = word(dataset, "PresentationIntentType")
    if intent == _FOR_PROCESSING or (intent is None and kind == _UNPROCESSED_KIND):
        sentences.append(
            "The file says that it is unprocessed detector data (FOR PROCESSING): it may be "
            "negative."
        )
    if contradicts_itself(dataset):
        sentences.append(
            "PhotometricInterpretation and PresentationLUTShape contradict each other about which "
            "end is white: the film may be negative."
        )
    if _is_mirrored(dataset):
        sentences.append(
            "The file says that the picture is a mirror image (PatientOrientation): right and left "
            f"of the patient are on the other sides than usual. {GO_BY_MARKER}"
        )
    if carried.MORE_ROWS in carried.marks(dataset):
        sentences.append(
            "Before its patient was taken out, there were more rows of pixels than Rows said: the "
            "film may be cut off."
        )
    return (*sentences, *side.notes(dataset), *size.notes(dataset))


def to_carry(dataset: Dataset) -> list[str]:
    """Return what is to be said of a film without its patient, as values of `carried`."""
    marks = carried.marks(dataset)
    more = [carried.UNDER_18] if is_child(dataset) else []
    if transfer.notes(dataset) or carried.MORE_ROWS in marks:
        more.append(carried.MORE_ROWS)
    return side.to_carry(dataset) + more


def _is_mirrored(dataset: Dataset) -> bool:
    """Return whether rows and columns run as in the mirror image of a patient facing the reader."""
    try:
        directions = dataset.get("PatientOrientation")
        across, down = (_DIRECTIONS[str(direction)[0]] for direction in directions)
    except (TypeError, ValueError, KeyError, IndexError):
        return False  # not said, or no view from the front
    return across[0] * down[1] - across[1] * down[0] < 0


def _view_by_orientation(dataset: Dataset) -> str | None:
    """Return that rows or columns run from front to back, as in no picture from the front."""
    try:
        axes = {str(direction)[0] for direction in dataset.get("PatientOrientation")}
    except (TypeError, IndexError):
        return None
    if len(axes) != 2 or not axes & {"A", "P"}:
        return None
    view = "LATERAL" if axes & {"H", "F"} else "AXIAL" if axes & {"L", "R"} else None
    return view and f"{view} BY PATIENTORIENTATION"
