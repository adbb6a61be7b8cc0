"""Whose a DICOM film is, and of which day: asked for alone where films are put together by it.

A task for workers, see `kneeoa.films.apart`.
"""

import io
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pydicom
from pydicom.multival import MultiValue

from kneeoa.films.dicom.described import text_of

PATIENT = f"{__name__}.patient"
_DAYS = ("StudyDate", "AcquisitionDate", "SeriesDate", "ContentDate")
_DAY = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_UNSAID_DAY = date(1900, 1, 1)
"""Written where a day of birth is not known, as are earlier ones, on which no patient was born."""
_OFTEN_UNSAID = date(1970, 1, 1)
"""Written for that, too, and a day on which some are born: it tells nobody from anybody."""
_WORD = re.compile(r"[^\W_]+")
_NOBODY = (
    r"(anon([iy]m[^\W\d]*)?|pseudon[iy]m[^\W\d]*|(de|un)?identif[^\W\d]*|deident[^\W\d]*"
    r"|redacted|removed|deleted|unknown|unbekannt|inconnue?|desconocid[oa])0*"
)
"""Words that make a number or a name nobody's, whatever stands beside them, but for a count."""
_NOTHING = re.compile(
    rf"{_NOBODY}|no|not|none|null|nil|na|nn|noid|noname|id|name|patient|test|subject|dummy"
    r"|available|applicable|given|specified|undefined|empty|0+|x+|(?P<digit>\d)(?P=digit){2,}"
)
"""Words of which nothing is said, by themselves or several of them."""
_PLAIN = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "\u0131": "i"}
)
"""Letters that are no others with a mark, as typed where they were not at hand."""
_WHO = ("PatientID", "IssuerOfPatientID", "PatientName")
_TOLD_BY = (*_WHO, "PatientBirthDate", "PatientSex")


def patient(data: bytes) -> tuple[dict[str, Any], list]:
    """Return the patient's id and the day, as ``{"id": ..., "date": "2026-11-28"}``, and more.

    ``issuer`` of the id; ``born`` as the day; ``sex`` as ``F`` or ``M``; ``names`` by script, such
    as ``{"LATIN": "doe jane"}``, as files of two makers write them the same way. Beside these,
    what does not depend on how they are spelt: ``number`` and ``giver`` of the id and its issuer;
    by script ``words``, those of them that are ``telling`` (no stand-in, initial or part of the
    number), and all ``letters`` in a row. What the file does not say, or says twice, is empty, and
    so are stand-ins such as ``ANONYMOUS``.
    """
    try:
        header = pydicom.dcmread(
            io.BytesIO(data),
            stop_before_pixels=True,
            specific_tags=["SpecificCharacterSet", *_TOLD_BY, *_DAYS],
            force=True,
        )
        days = (_day(header.get(name)) for name in _DAYS)
        number, issuer, name = (_said_of(header, tag) for tag in _WHO)
        names = _by_script(name)
        words = {script: spelt(name) for script, name in names.items()}
        sex = text_of(header, "PatientSex").upper()
        return {
            "id": number,
            "date": next(filter(None, days), ""),
            "issuer": issuer,
            "born": _born(_day(header.get("PatientBirthDate"))),
            "sex": sex if sex in ("F", "M") else "",
            "names": names,
            "number": _code(number).lstrip("0"),
            "giver": _code(issuer),
            "words": words,
            "telling": {script: _telling(words[script], number) for script in words},
            "letters": {script: "".join(_plain_words(name)) for script, name in names.items()},
        }, []
    except MemoryError:
        raise
    except Exception:
        # Whatever a header does to its reader: the film is sound, and its patient not known.
        texts = dict.fromkeys(("id", "date", "issuer", "born", "sex", "number", "giver"), "")
        return texts | {"names": {}, "words": {}, "telling": {}, "letters": {}}, []


def is_birthday(day: date) -> bool:
    """Return whether somebody who was X-rayed can be born on a day, so that it is no stand-in."""
    return _UNSAID_DAY < day <= datetime.now(UTC).date() + timedelta(days=1)


def spelt(text: str) -> list[str]:
    """Return the words of a text whatever letters were at hand to write them, in order of letters.

    ``Müller-Lüdenscheidt`` is ``Mueller Luedenscheidt`` and ``LUDENSCHEIDT, MULLER``.
    """
    return sorted(_plain_words(text))


def _plain_words(text: str) -> list[str]:
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(part for part in parts if unicodedata.category(part) not in ("Mn", "Cf"))
    words = _WORD.findall(plain.translate(_PLAIN))
    # As "ä" may be "ae", and "å" "aa".
    return [re.sub("aa+", "a", re.sub("(?<=[aou])e", "", word)) for word in words]


def _telling(words: list[str], number: str) -> list[str]:
    """Return those words of a name that are somebody's, and not her number written once more."""
    code = "".join(_plain_words(number))
    return [
        word
        for word in words
        if word.isalpha()
        and not (len(word) == 1 and word.isascii())
        and not _NOTHING.fullmatch(word)
        and word not in code
    ]


def _code(text: str) -> str:
    """Return the letters and digits of a code, whatever stands between them."""
    return "".join(_WORD.findall(unicodedata.normalize("NFKC", text.casefold())))


def _said_of(header: pydicom.Dataset, tag: str) -> str:
    """Return what a header says of a patient; empty where it says two things."""
    text = text_of(header, tag)
    return "" if isinstance(header.get(tag), MultiValue) or "\\" in text else _said(text)


def _said(text: str) -> str:
    """Return a text that tells somebody; empty of a stand-in, and of one that cannot be read."""
    words = _WORD.findall(text.casefold())
    is_counted = re.search(r"[1-9]", text) is not None  # such as ANON-0017, who is somebody
    is_nobody = not is_counted and any(re.fullmatch(_NOBODY, word) for word in words)
    is_nothing = all(map(_NOTHING.fullmatch, words)) or _NOTHING.fullmatch("".join(words))
    if is_nobody or is_nothing or "\ufffd" in text:
        return ""
    return text


def _by_script(name: str) -> dict[str, str]:
    """Return a name by the script that each of its groups begins in.

    One in two scripts says nothing of another's in a third, be it in the same group.
    """
    names: dict[str, str] = {}
    for group in unicodedata.normalize("NFKC", name).split("="):
        written = " ".join(_said(group).replace("^", " ").casefold().split())
        if first := next(filter(str.isalpha, written), ""):
            names.setdefault(unicodedata.name(first, "?").split()[0], written)
        elif written:
            names.setdefault("", written)
    return names


def _day(value: Any) -> str:
    day = _DAY.fullmatch(str(value or "").strip())
    return "-".join(day.groups()) if day else ""


def _born(day: str) -> str:
    try:
        born = date.fromisoformat(day)
        return day if is_birthday(born) and born != _OFTEN_UNSAID else ""
    except ValueError:
        return ""  # no day that there is
