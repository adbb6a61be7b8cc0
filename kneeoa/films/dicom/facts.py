"""What a DICOM header says beside the pixels, and nothing of the patient."""

import math
import re

from pydicom import Dataset

from kneeoa.films.dicom.grey import contradicts_itself
from kneeoa.films.header import Header

_FOR_PROCESSING = "FOR PROCESSING"
_UNPROCESSED_KIND = "1.2.840.10008.5.1.4.1.1.1.1.1"
"""Digital X-ray image for processing, whose files may leave the intent out."""
_LONGEST_WORD = 32
SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
"""Where the size of a pixel may stand, the most telling first."""


def header(dataset: Dataset) -> Header:
    """Return what the file says it shows."""
    region = _first_item(dataset, "AnatomicRegionSequence")
    view = _first_item(dataset, "ViewCodeSequence")
    return Header(
        body_part=_word(dataset, "BodyPartExamined") or _word(region, "CodeMeaning"),
        view=_word(dataset, "ViewPosition") or _word(view, "CodeMeaning"),
        modality=_word(dataset, "Modality"),
        intent=_word(dataset, "PresentationIntentType"),
    )


def notes(dataset: Dataset) -> tuple[str, ...]:
    """Return sentences on what may make the film other than it seems."""
    sentences = []
    kind = str(dataset.get("SOPClassUID", ""))
    intent = _word(dataset, "PresentationIntentType")
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
    return tuple(sentences)


def side(dataset: Dataset) -> str | None:
    """Return ``"L"``, ``"R"`` or None."""
    for keyword in ("ImageLaterality", "Laterality"):
        if dataset.get(keyword) in ("L", "R"):
            return str(dataset.get(keyword))
    return None


def spacing(dataset: Dataset) -> tuple[float, float] | None:
    """Return (row, column) mm per pixel."""
    for keyword in SPACINGS:
        if (pair := _pair(dataset, keyword)) is not None:
            return pair
    return None


def spacing_from(dataset: Dataset) -> str:
    """Return which attribute `spacing` is from, or an empty text."""
    return next((one for one in SPACINGS if _pair(dataset, one) is not None), "")


def aspect(dataset: Dataset) -> float:
    """Return the height of a pixel over its width."""
    # An aspect ratio is there where no spacing is; of two that disagree, the measured one counts.
    row, column = spacing(dataset) or _pair(dataset, "PixelAspectRatio") or (1.0, 1.0)
    return row / column


def _pair(dataset, keyword):
    try:
        row, column = (float(value) for value in dataset.get(keyword))
    except (TypeError, ValueError):
        return None
    return (row, column) if 0 < row < math.inf and 0 < column < math.inf else None


def _first_item(dataset, keyword):
    try:
        return dataset.get(keyword)[0]
    except (TypeError, IndexError):
        return None


def _word(dataset, keyword):
    """Return a short term in upper case, or None.

    Numbers and names do not pass: a number may be a patient's, and a caret stands in names alone.
    """
    try:
        text = str(dataset.get(keyword) or "").strip().upper()
    except Exception:
        return None
    word = " ".join(re.findall(r"[A-Z]+", text))
    safe = word and len(text) <= _LONGEST_WORD and not re.search(r"[\d^=@]", text)
    return word if safe else None
