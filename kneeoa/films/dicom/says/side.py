"""Which side of the patient a file says that it shows, once, twice or not at all."""

import re

from pydicom import Dataset

from kneeoa.films.dicom.says import carried, coded
from kneeoa.films.dicom.says.values import first_item, items, text
from kneeoa.films.header import GO_BY_MARKER

_SIDES = ("ImageLaterality", "FrameLaterality", "Laterality")
_REGION, _STRUCTURE = "AnatomicRegion", "PrimaryAnatomicStructure"
_OF_SERIES = ("SeriesDescription", "ProtocolName", "AcquisitionDeviceProcessingDescription")
"""What is written of this film, or of those taken with it in one go."""
_OF_STUDY = (
    "StudyDescription",
    "RequestedProcedureDescription",
    "PerformedProcedureStepDescription",
)
"""What was asked for: of films that were taken to compare it names the other side, rightly."""
_NAMES = {"L": "left", "R": "right"}
_WORDS = {
    "L": {
        *("LEFT", "LINKS", "LINKE", "LINKER", "LINKES", "LINKEN", "GAUCHE", "SINISTRA", "SINISTRO"),
        *("SINISTER", "IZQUIERDA", "IZQUIERDO", "IZQ", "IZDA", "ESQUERDA", "ESQUERDO", "VANSTER"),
        *("VENSTRE", "LEWA", "LEWY", "LEWE", "LEWEGO"),
    },
    "R": {
        *("RIGHT", "RECHTS", "RECHTE", "RECHTER", "RECHTES", "RECHTEN", "DROIT", "DROITE"),
        *("DESTRA", "DESTRO", "DEXTER", "DERECHA", "DERECHO", "DCHA", "DIREITA", "DIREITO"),
        *("HOYRE", "HOJRE", "PRAWA", "PRAWY", "PRAWE", "PRAWEGO"),
    },
    "B": {
        *("BOTH", "BILATERAL", "BILAT", "BEIDE", "BEIDER", "BEIDSEITS", "BDS", "BILATERALE"),
        *("DEUX", "ENTRAMBE", "ENTRAMBI", "AMBAS", "AMBOS", "BEIDZIJDIG", "BADA", "BEGGE", "OBA"),
    },
}
_IN_A_NAME = {"L": {"L", "LT"}, "R": {"R", "RT", "HOGER"}, "B": {"B"}}
"""Words that are a side in the name of a part, which is short, and not wherever they stand."""
_BESIDE_A_KNEE = {
    "KNEE": {"L": "L", "LT": "L", "R": "R", "RT": "R"},
    "KNIE": {"L": "L", "LI": "L", "LKS": "L", "R": "R", "RE": "R", "RTS": "R"},
    "GENOU": {"G": "L", "GCHE": "L", "D": "R", "DT": "R"},
    "GINOCCHI": {"SX": "L", "SIN": "L", "DX": "R", "DEX": "R"},
    "RODILLA": {"I": "L", "IZQDA": "L", "D": "R", "DER": "R"},
    "JOELHO": {"E": "L", "ESQ": "L", "D": "R", "DIR": "R"},
    "KOLEN": {"LEVE": "L", "L": "L", "PRAVE": "R", "P": "R"},
    "KNA": {"VANSTER": "L", "HOGER": "R"},
}
"""Short words for a side, by how words for the knee begin next to which they stand. Anywhere else
they may be anything: DX is digital radiography, L a lateral view, SIN in Spanish means without, and
HOGER in Dutch higher.
"""
_SELDOM_A_SIDE = ("E", "I")
"""Of these, words that are more often none: "and" in Portuguese, and a number."""
_PARTS_AFTER_L = ("LAT", "SPINE")
"""How words begin before which an L is no side: a lateral view, the lumbar spine."""
_LETTER = r"[^\W\d_]"
_NO_SIDE = re.compile(
    rf"(?<!{_LETTER})(?:(?:R[\W_]{{1,3}}O|UP[\W_]{{1,3}}RIGHT)(?!{_LETTER})"
    rf"|[DL]['`\u2019](?={_LETTER})|D[\W_]{{1,3}}APPUI)"
)
"""Rule out, standing upright, a French word that has lost a vowel, and one whose mark for it was
lost as well: what bears weight is not the right one for that."""


def side(dataset: Dataset) -> str | None:
    """Return ``"L"``, ``"R"``, or None where the file says neither, both, or several things."""
    if is_open(dataset):
        return None
    named = (text(dataset, keyword) for keyword in _SIDES)
    return next((letter for letter in named if letter in ("L", "R")), None)


def is_open(dataset: Dataset) -> bool:
    """Return whether the file says more than one thing about the side."""
    return len({*_said(dataset).values()}) > 1


def names_one(dataset: Dataset) -> bool:
    """Return whether the file names one side anywhere, or several things about it, or did once."""
    described = {*_described(dataset, _OF_SERIES).values()}
    named = described | {*_said(dataset).values()}
    is_said = is_open(dataset) or bool({"L", "R"} & named)
    return is_said or carried.OPEN_SIDE in carried.marks(dataset)


def to_carry(dataset: Dataset) -> list[str]:
    """Return what is to be said of the side of a film without its patient."""
    marks = carried.marks(dataset)
    is_known = {
        carried.OPEN_SIDE: names_one(dataset) and side(dataset) is None,
        carried.SIDES_CONTRADICT: is_open(dataset),
        carried.OTHER_SIDE: bool(_asked_for_other(dataset)),
    }
    return [mark for mark, is_so in is_known.items() if is_so or mark in marks]


def notes(dataset: Dataset) -> tuple[str, ...]:
    """Return sentences on what is said of several sides."""
    sentences, marks = [], carried.marks(dataset)
    if is_open(dataset):
        sentences.append(
            f"{' and '.join(_said(dataset))} contradict each other about the side: it is left "
            f"open. {GO_BY_MARKER}"
        )
    elif carried.SIDES_CONTRADICT in marks:
        sentences.append(
            "Before its patient was taken out, the file said several things that contradict each "
            f"other about the side: it is left open. {GO_BY_MARKER}"
        )
    if others := _asked_for_other(dataset):
        keyword, other = next(iter(others.items()))
        own = _NAMES["L" if other == "R" else "R"]
        sentences.append(
            f"The file says that it shows the {own} side, and its {keyword} names the "
            f"{_NAMES[other]} one. {GO_BY_MARKER}"
        )
    elif carried.OTHER_SIDE in marks:
        sentences.append(
            "Before its patient was taken out, a description in the file named the other side than "
            f"it says that it shows. {GO_BY_MARKER}"
        )
    return tuple(sentences)


def _said(dataset: Dataset) -> dict[str, str]:
    """Return by attribute which side it says: L, R, B for both, U for a part that is no pair.

    What the part is called, and what is written of the series, say no side where nothing else does,
    but may contradict it.
    """
    sides = {keyword: text(dataset, keyword) for keyword in _SIDES}
    sides["BodyPartExamined"] = _named(text(dataset, "BodyPartExamined"))
    for name in (_REGION, _STRUCTURE):
        part = first_item(dataset, f"{name}Sequence")
        modifiers = items(part, f"{name}ModifierSequence")
        sides[f"{name}Sequence"] = _coded(part)
        sides[f"{name}ModifierSequence"] = next(filter(None, map(_coded, modifiers)), "")
    sides = {keyword: letter for keyword, letter in sides.items() if letter in ("L", "R", "B", "U")}
    if len({*sides.values()}) == 1:
        (only,) = {*sides.values()}
        sides |= _other_than(only, _described(dataset, _OF_SERIES))
    return sides


def _coded(item: Dataset | None) -> str:
    return coded.term(item, coded.SIDES) or _named(text(item, "CodeMeaning"))


def _asked_for_other(dataset: Dataset) -> dict[str, str]:
    """Return by attribute which other side than the film's own was asked for."""
    return _other_than(side(dataset), _described(dataset, _OF_STUDY))


def _other_than(letter: str | None, named: dict[str, str]) -> dict[str, str]:
    other = {"L": "R", "R": "L"}.get(letter or "")
    return {keyword: letter for keyword, letter in named.items() if letter == other}


def _described(dataset: Dataset, keywords: tuple[str, ...]) -> dict[str, str]:
    """Return by description the one side that it names, as people write it."""
    named = {keyword: _written(text(dataset, keyword)) for keyword in keywords}
    return {keyword: letter for keyword, letter in named.items() if letter}


def _named(value: str) -> str:
    """Return the one side in the name of a part, as in RIGHT KNEE, LKNEE or KNIE LINKS."""
    return _only_side(value, {letter: _WORDS[letter] | _IN_A_NAME[letter] for letter in _WORDS})


def _written(value: str) -> str:
    """Return the one side in a description, as in KNEE LT or GENOU DROIT; nothing of both."""
    return _only_side(value, _WORDS)


def _only_side(value: str, known: dict[str, set[str]]) -> str:
    """Return the one side that `known` words, or short ones beside a knee, name in a text.

    Where any is named, a short word for the other one makes it both, wherever that stands.
    """
    there = re.findall(rf"{_LETTER}+", _NO_SIDE.sub(" ", value))
    named = {letter for letter in known if {*there} & (known[letter] | {f"{letter}KNEE"})}
    if named:
        short = {"LT": "L", "RT": "R", "HOGER": "R"}
        for others in _short_words(there).values():
            short |= others
        named |= {short[word] for word in {*there} & short.keys() if word not in _SELDOM_A_SIDE}
    named |= _beside_a_knee(there)
    return named.pop() if len(named) == 1 else ""


def _short_words(there: list[str]) -> dict[str, dict[str, str]]:
    """Return those of `_BESIDE_A_KNEE` whose word for the knee stands in a text."""
    return {
        stem: short
        for stem, short in _BESIDE_A_KNEE.items()
        if any(word.startswith(stem) for word in there)
    }


def _beside_a_knee(there: list[str]) -> set[str]:
    """Return the sides that short words next to a word for the knee stand for."""
    named = set()
    for stem, short in _short_words(there).items():
        places = [place for place, word in enumerate(there) if word.startswith(stem)]
        near = {
            there[beside]
            for place in places
            for beside in (place - 1, place + 1)
            if 0 <= beside < len(there) and _is_sure(there[beside:])
        }
        if near & short.keys():
            # Both, where the other one stands there, too, as in KNEE L/R.
            named |= {short[word] for word in there if word in short}
    return named


def _is_sure(there: list[str]) -> bool:
    """Return whether the first of some words that may be a side is hardly anything else."""
    word, after = there[0], "".join(there[1:2])
    return word not in _SELDOM_A_SIDE and not (word == "L" and after.startswith(_PARTS_AFTER_L))
