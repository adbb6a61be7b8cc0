"""What a DICOM header says beside the pixels, and nothing of the patient."""

import math
import re
from datetime import date

from pydicom import Dataset

from kneeoa.films.dicom.grey import contradicts_itself
from kneeoa.films.header import GO_BY_MARKER, NO_MILLIMETRES, NOT_USED, Header

_FOR_PROCESSING = "FOR PROCESSING"
_UNPROCESSED_KIND = "1.2.840.10008.5.1.4.1.1.1.1.1"
"""Digital X-ray image for processing, whose files may leave the intent out."""
_LONGEST_WORD, _ADULT = 32, 18
_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}
_TAKEN = ("AcquisitionDate", "ContentDate", "SeriesDate", "StudyDate")
_CALIBRATED, _AT_DETECTOR = "PixelSpacing", "ImagerPixelSpacing"
_SPACINGS = (_CALIBRATED, _AT_DETECTOR, "NominalScannedPixelSpacing")
"""Where the size of a pixel may stand, the most telling first."""
_UNKNOWN = (1.0, 1.0)
_ROUNDED = 0.01
"""Share by which two sizes of a pixel differ and are one; by more, a knee is magnified."""
_ASPECT = "PixelAspectRatio"
_SAME_RATIO = 1.02
"""Two ratios that differ by less are one, rounded."""
_FIELD = (5.0, 2_000.0)
"""Millimetres of a film's longer side that are believed: from a crop to the whole of both legs."""
_SIDES = ("ImageLaterality", "Laterality")
OPEN_SIDE = "SIDE LEFT OPEN"
"""Said by a film whose patient was taken out: an ImageLaterality of U stands in others, too."""
_SIDE_WORDS = {
    "L": ("L", "LT", "LEFT"),
    "R": ("R", "RT", "RIGHT"),
    "B": ("B", "BOTH", "BILATERAL"),
    "U": (),
}
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
        one_side=is_side_open(dataset)
        or bool({"L", "R"} & {*_sides(dataset).values()})
        or OPEN_SIDE in _text(dataset, "DeidentificationMethod"),
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
            f"of the patient are on the other sides than usual. {GO_BY_MARKER}"
        )
    if is_side_open(dataset):
        sentences.append(
            f"{' and '.join(_sides(dataset))} contradict each other about the side: it is left "
            f"open. {GO_BY_MARKER}"
        )
    if (ratios := _ratios(dataset)) and max(ratios.values()) > _SAME_RATIO * min(ratios.values()):
        first, *others = ratios
        sentences.append(
            f"{first} and {' and '.join(others)} contradict each other about the shape of a pixel. "
            f"{first} was followed: a film that looks squashed is not to be graded."
        )
    if any(_pair(dataset, keyword) == _UNKNOWN for keyword in _SPACINGS):
        sentences.append(
            "The file gives a pixel size of 1 x 1 mm, which is often written where the size is not "
            f"known. {NOT_USED}"
        )
    if (pair := _given(dataset)) and not _is_believed(dataset, pair):
        row, column = pair
        sentences.append(
            f"The file says that a pixel is {row:.4g} x {column:.4g} mm large. No film is like "
            f"that: {NO_MILLIMETRES}"
        )
    return tuple(sentences)


def side(dataset: Dataset) -> str | None:
    """Return ``"L"``, ``"R"``, or None where the file says neither, both, or several things."""
    if is_side_open(dataset):
        return None
    named = (_text(dataset, keyword) for keyword in _SIDES)
    return next((word for word in named if word in ("L", "R")), None)


def is_side_open(dataset: Dataset) -> bool:
    """Return whether the file says more than one thing about the side."""
    return len({*_sides(dataset).values()}) > 1


def _sides(dataset: Dataset) -> dict[str, str]:
    """Return by attribute which side it says: L, R, B for both, U for a part that is no pair.

    What the part is called says no side where nothing else does, but may contradict it.
    """
    sides = {keyword: _text(dataset, keyword) for keyword in _SIDES}
    region = _first_item(dataset, "AnatomicRegionSequence")
    modifier = _first_item(region, "AnatomicRegionModifierSequence")
    parts = {
        "BodyPartExamined": _text(dataset, "BodyPartExamined"),
        "AnatomicRegionSequence": _text(region, "CodeMeaning"),
        "AnatomicRegionModifierSequence": _text(modifier, "CodeMeaning"),
    }
    sides |= {keyword: _side_in(text) for keyword, text in parts.items()}
    return {keyword: word for keyword, word in sides.items() if word in _SIDE_WORDS}


def _side_in(text: str) -> str:
    """Return the one side in the name of a part, as in RIGHT KNEE or LKNEE; else nothing."""
    named = {
        word
        for word, names in _SIDE_WORDS.items()
        if {*names, f"{word}KNEE"} & {*re.findall(r"[A-Z]+", text)}
    }
    return named.pop() if len(named) == 1 else ""


def spacing(dataset: Dataset) -> tuple[float, float] | None:
    """Return (row, column) mm per pixel; None where the file says none that can be."""
    pair = _given(dataset)
    return pair if pair and _is_believed(dataset, pair) else None


def spacing_from(dataset: Dataset) -> str | None:
    """Return the keyword of the attribute that says how large the knee's pixels are.

    A PixelSpacing that only repeats ImagerPixelSpacing is that at the detector (PS3.3, 10.7.1.3),
    and one that repeats NominalScannedPixelSpacing that of the scanned film.
    """
    if spacing(dataset) is None:
        return None
    first, *others = _spacings(dataset)
    if first == _CALIBRATED:
        return next((other for other in others if _repeats(dataset, other)), first)
    return first


def _repeats(dataset: Dataset, keyword: str) -> bool:
    """Return whether PixelSpacing is what `keyword` says, but for how it was rounded."""
    given = _spacings(dataset)
    return all(
        abs(calibrated - other) <= _ROUNDED * other
        for calibrated, other in zip(given[_CALIBRATED], given[keyword], strict=True)
    )


def _spacings(dataset: Dataset) -> dict[str, tuple[float, float]]:
    """Return by keyword what is said of the size of a pixel, the most telling first.

    A pixel of 1 x 1 mm is not: writers put it where they know nothing.
    """
    pairs = {keyword: _pair(dataset, keyword) for keyword in _SPACINGS}
    return {keyword: pair for keyword, pair in pairs.items() if pair and pair != _UNKNOWN}


def _given(dataset: Dataset) -> tuple[float, float] | None:
    return next(iter(_spacings(dataset).values()), None)


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
    pairs = _spacings(dataset)
    if ratio := _pair(dataset, _ASPECT):
        pairs[_ASPECT] = ratio
    return {keyword: pair[0] / pair[1] for keyword, pair in pairs.items()}


def _is_child(dataset: Dataset) -> bool:
    """Return whether the patient was under 18: by the age, else by the dates of birth and film."""
    # Without a unit, which is against the standard, it is in years.
    age = re.fullmatch(r"(\d{1,3})([DWMY]?)", _text(dataset, "PatientAge"))
    if age and int(age[1]):
        return int(age[1]) / _PER_YEAR[age[2] or "Y"] < _ADULT
    born = _date(dataset, "PatientBirthDate")
    taken = next((day for name in _TAKEN if (day := _date(dataset, name))), None)
    if born is None or taken is None:
        # An age of 0 is a newborn's, or written where it is not known, which the dates tell.
        return age is not None
    return 0 <= (taken - born).days / 365.25 < _ADULT


def _date(dataset: Dataset, keyword: str) -> date | None:
    digits = re.match(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})", _text(dataset, keyword))
    try:
        return digits and date(*map(int, digits.groups()))
    except ValueError:
        return None


def _text(dataset: Dataset | None, keyword: str) -> str:
    try:
        text = "" if dataset is None else str(dataset.get(keyword) or "").strip().upper()
        # One word, as a.p. or P/A: its letters alone may stand anywhere.
        return re.sub(r"(?<![^\W\d_])([AP])[\W_]{0,2}(?!\1)([AP])(?![^\W\d_])", r"\1\2", text)
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


def _first_item(dataset: Dataset | None, keyword: str) -> Dataset | None:
    try:
        return None if dataset is None else dataset.get(keyword)[0]
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
