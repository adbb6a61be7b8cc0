"""What an archive answers, in the DICOM JSON model (PS3.18, F.2), as plain values.

A server may say anything: every value is checked for its kind and length, and kept only as text
that can be shown.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from kneeoa.pacs.part10 import is_uid
from kneeoa.pacs.query import LONGEST, Place, Series
from kneeoa.wording import person_names, plain

_TAGS = {
    "StudyInstanceUID": "0020000D",
    "SeriesInstanceUID": "0020000E",
    "SOPInstanceUID": "00080018",
    "SOPClassUID": "00080016",
    "PatientID": "00100020",
    "PatientName": "00100010",
    "StudyDate": "00080020",
    "StudyTime": "00080030",
    "AccessionNumber": "00080050",
    "Modality": "00080060",
    "BodyPartExamined": "00180015",
    "Laterality": "00200060",
    "StudyDescription": "00081030",
    "SeriesDescription": "0008103E",
    "ProtocolName": "00181030",
    "NumberOfSeriesRelatedInstances": "00201209",
}


def study_of(answer: Any) -> dict[str, Any] | None:
    """Return what an answer about a study says, as fields of `Series`; None where it is none."""
    study = _text(answer, "StudyInstanceUID")
    if not is_uid(study):
        return None
    return {
        "study": study,
        "patient_id": _text(answer, "PatientID"),
        "patient_name": _name(answer),
        "names": _names(answer),
        "day": _day(_text(answer, "StudyDate")),
        "time": _time(_text(answer, "StudyTime")),
        "accession": _text(answer, "AccessionNumber"),
        "study_description": _text(answer, "StudyDescription"),
    }


def series_of(answer: Any, study: Mapping[str, Any]) -> Series | None:
    """Return the series in an answer about `study`; None where it is none, or of another study."""
    series, study_uid = _text(answer, "SeriesInstanceUID"), _text(answer, "StudyInstanceUID")
    if not is_uid(series) or study_uid not in ("", study["study"]):
        return None
    descriptions = [_text(answer, "SeriesDescription"), _text(answer, "ProtocolName")]
    return Series(
        **study,
        series=series,
        modality=_text(answer, "Modality").upper(),
        body_part=_text(answer, "BodyPartExamined"),
        side=_text(answer, "Laterality").upper(),
        description=", ".join(dict.fromkeys(filter(None, descriptions))),
        films=_count(answer, "NumberOfSeriesRelatedInstances"),
    )


def place_of(answer: Any, series: Series) -> Place | None:
    """Return where the object in an answer about `series` is; None where it is of another."""
    instance = _text(answer, "SOPInstanceUID")
    others = (_text(answer, "StudyInstanceUID"), _text(answer, "SeriesInstanceUID"))
    if not is_uid(instance) or others[0] not in ("", series.study):
        return None
    if others[1] not in ("", series.series):
        return None
    kind = _text(answer, "SOPClassUID")
    return Place(series.study, series.series, instance, kind, series.patient_id)


def shown(text: str) -> str:
    """Return a text of a file or an answer as it is shown and compared."""
    return " ".join(plain(text[:200], LONGEST).split())


def failures_in(answer: Any) -> tuple[set[str], dict[str, int]]:
    """Return which objects a store's answer says are kept, and which not, with their reasons."""
    kept = {_text(item, "", "00081155") for item in _items(answer, "00081199")}
    failed = {
        _text(item, "", "00081155"): _count(item, "", "00081197") or 0
        for item in _items(answer, "00081198")
    }
    return kept - {""}, {uid: code for uid, code in failed.items() if uid}


def _items(answer: Any, tag: str) -> list[Any]:
    answer = answer[0] if isinstance(answer, list) and answer else answer
    element = answer.get(tag) if isinstance(answer, dict) else None
    items = element.get("Value") if isinstance(element, dict) else None
    return items[:1000] if isinstance(items, list) else []


def _value(answer: Any, keyword: str, tag: str = "") -> Any:
    element = answer.get(tag or _TAGS[keyword]) if isinstance(answer, dict) else None
    values = element.get("Value") if isinstance(element, dict) else None
    return values[0] if isinstance(values, list) and values else None


def _text(answer: Any, keyword: str, tag: str = "") -> str:
    value = _value(answer, keyword, tag)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return shown(str(value))


def _name(answer: Any) -> str:
    value = _value(answer, "PatientName")
    if isinstance(value, dict):
        value = next((value[key] for key in ("Alphabetic", "Ideographic") if value.get(key)), "")
    if not isinstance(value, str):
        return ""
    return next(iter(person_names(plain(value[:200], LONGEST))), "")


def _names(answer: Any) -> tuple[str, ...]:
    """Return a name in each script that it is given in (PS3.5, 6.2.1.2), as it is compared."""
    value = _value(answer, "PatientName")
    groups = list(value.values())[:3] if isinstance(value, dict) else str(value or "").split("=")
    return tuple(shown(group) for group in groups if isinstance(group, str) and group.strip("^ "))


def _count(answer: Any, keyword: str, tag: str = "") -> int | None:
    value = _value(answer, keyword, tag)
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 10**9 else None


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text.replace(".", ""), "%Y%m%d").date()
    except ValueError:
        return None


def _time(text: str) -> str:
    digits = text.replace(":", "")[:4]
    return f"{digits[:2]}:{digits[2:]}" if len(digits) == 4 and digits.isdecimal() else ""


def instance_in(answer: Any) -> str:
    """Return which object an answer is about, empty where it is about none."""
    return _text(answer, "SOPInstanceUID")
