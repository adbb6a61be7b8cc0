"""What a DICOM header says beside the pixels, and nothing of the patient."""

import math
import re
from datetime import date

from pydicom import Dataset

from kneeoa.films.dicom.grey import contradicts_itself
from kneeoa.films.header import Header

_FOR_PROCESSING = "FOR PROCESSING"
_UNPROCESSED_KIND = "1.2.840.10008.5.1.4.1.1.1.1.1"
"""Digital X-ray image for processing, whose files may leave the intent out."""
_LONGEST_WORD = 32
_ADULT = 18
_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}
_TAKEN = ("AcquisitionDate", "ContentDate", "SeriesDate", "StudyDate")
_CALIBRATED, _AT_DETECTOR = "PixelSpacing", "ImagerPixelSpacing"
_SPACINGS = (_CALIBRATED, _AT_DETECTOR, "NominalScannedPixelSpacing")
"""Where the size of a pixel may stand, the most telling first."""
_ASPECT = "PixelAspectRatio"
_SAME_RATIO = 1.02
"""Two ratios that differ by less are one, rounded."""
_FIELD = (5.0, 2_000.0)
"""Millimetres of a film's longer side that are believed: from a crop to the whole of both legs."""
_DIRECTIONS = {"L": (1, 0), "R": (-1, 0), "F": (0, 1), "H": (0, -1)}
"""Of a patient who faces the reader: across and down."""


def header(dataset: Dataset) -> Header:
    """Return what the file says it shows."""
    region = _first_item(dataset, "AnatomicRegionSequence")
    view = _first_item(dataset, "ViewCodeSequence")
    return Header(
        body_part=_word(dataset, "BodyPartExamined") or _word(region, "CodeMeaning"),
        view=_word(dataset, "ViewPosition")
        or _word(view, "CodeMeaning")
        or _view_by_orientation(dataset),
        modality=_word(dataset, "Modality"),
        intent=_word(dataset, "PresentationIntentType"),
        child=_is_child(dataset),
        spacing_from=spacing_from(dataset),
        mirrored=_is_mirrored(dataset),
        described=frozenset(
            word
            for keyword in ("SeriesDescription", "ProtocolName")
            for word in re.findall(r"[^\W\d_]+", _text(dataset, keyword))
        ),
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
    if _is_mirrored(dataset):
        sentences.append(
            "The file says that the picture is a mirror image (PatientOrientation): right and left "
            "of the patient are on the other sides than usual. Go by the marker on the film."
        )
    if len(_sides(dataset)) > 1:
        sentences.append(
            "ImageLaterality and Laterality contradict each other about the side: it is left open. "
            "Go by the marker on the film."
        )
    if (ratios := _ratios(dataset)) and max(ratios.values()) > _SAME_RATIO * min(ratios.values()):
        first, *others = ratios
        sentences.append(
            f"{first} and {' and '.join(others)} contradict each other about the shape of a pixel. "
            f"{first} was followed: a film that looks squashed is not to be graded."
        )
    if (pair := _given(dataset)) and not _is_believed(dataset, pair):
        row, column = pair
        sentences.append(
            f"The file says that a pixel is {row:.4g} x {column:.4g} mm large. No film is like "
            "that: there are no millimetres."
        )
    return tuple(sentences)


def side(dataset: Dataset) -> str | None:
    """Return ``"L"``, ``"R"``, or None where the file says nothing or both."""
    sides = _sides(dataset)
    return sides.pop() if len(sides) == 1 else None


def _sides(dataset: Dataset) -> set[str]:
    return {_text(dataset, keyword) for keyword in ("ImageLaterality", "Laterality")} & {"L", "R"}


def spacing(dataset: Dataset) -> tuple[float, float] | None:
    """Return (row, column) mm per pixel; None where the file says none that can be."""
    pair = _given(dataset)
    return pair if pair and _is_believed(dataset, pair) else None


def spacing_from(dataset: Dataset) -> str | None:
    """Return the keyword of the attribute that says how large the knee's pixels are.

    A PixelSpacing that only repeats ImagerPixelSpacing is that at the detector (PS3.3, 10.7.1.3).
    """
    if spacing(dataset) is None:
        return None
    keyword = _spacing_keyword(dataset)
    if keyword == _CALIBRATED and _pair(dataset, _CALIBRATED) == _pair(dataset, _AT_DETECTOR):
        return _AT_DETECTOR
    return keyword


def _spacing_keyword(dataset: Dataset) -> str | None:
    there = (keyword for keyword in _SPACINGS if _pair(dataset, keyword) is not None)
    return next(there, None)


def _given(dataset: Dataset) -> tuple[float, float] | None:
    keyword = _spacing_keyword(dataset)
    return None if keyword is None else _pair(dataset, keyword)


def _is_believed(dataset: Dataset, pair: tuple[float, float]) -> bool:
    """Return whether a film of such pixels is as large as films are.

    Else the numbers are in another unit, or none at all.
    """
    try:
        sides = int(dataset.Rows) * pair[0], int(dataset.Columns) * pair[1]
    except (AttributeError, TypeError, ValueError):
        return True  # a header alone
    return _FIELD[0] <= max(sides) <= _FIELD[1]


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


def aspect(dataset: Dataset) -> float:
    """Return the height of a pixel over its width."""
    # An aspect ratio is there where no spacing is; of two that disagree, the measured one counts.
    row, column = _given(dataset) or _pair(dataset, _ASPECT) or (1.0, 1.0)
    return row / column


def _ratios(dataset: Dataset) -> dict[str, float]:
    """Return by keyword what the file says of the height of a pixel over its width."""
    pairs = {keyword: _pair(dataset, keyword) for keyword in (*_SPACINGS, _ASPECT)}
    return {keyword: pair[0] / pair[1] for keyword, pair in pairs.items() if pair}


def _is_child(dataset: Dataset) -> bool:
    """Return whether the patient was under 18: by the age, else by the dates of birth and film."""
    # Without a unit, which is against the standard, it is in years.
    age = re.fullmatch(r"(\d{1,3})([DWMY]?)", _text(dataset, "PatientAge"))
    if age:
        return int(age[1]) / _PER_YEAR[age[2] or "Y"] < _ADULT
    born = _date(dataset, "PatientBirthDate")
    taken = next((day for name in _TAKEN if (day := _date(dataset, name))), None)
    if born is None or taken is None:
        return False
    return 0 <= (taken - born).days / 365.25 < _ADULT


def _date(dataset: Dataset, keyword: str) -> date | None:
    digits = re.match(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})", _text(dataset, keyword))
    try:
        return digits and date(*map(int, digits.groups()))
    except ValueError:
        return None


def _text(dataset: Dataset | None, keyword: str) -> str:
    try:
        return "" if dataset is None else str(dataset.get(keyword) or "").strip().upper()
    except MemoryError:
        raise
    except Exception:
        return ""


def _pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    try:
        row, column = (float(value) for value in dataset.get(keyword))
    except (TypeError, ValueError):
        return None
    return (row, column) if 0 < row < math.inf and 0 < column < math.inf else None


def _first_item(dataset: Dataset, keyword: str) -> Dataset | None:
    try:
        return dataset.get(keyword)[0]
    except (TypeError, IndexError):
        return None


def _word(dataset: Dataset | None, keyword: str) -> str | None:
    """Return a short term in upper case, or None.

    Numbers and names do not pass: a number may be a patient's, and a caret stands in names alone.
    """
    text = _text(dataset, keyword)
    word = " ".join(re.findall(r"[A-Z]+", text))
    safe = word and len(text) <= _LONGEST_WORD and not re.search(r"[\d^=@]", text)
    return word if safe else None
