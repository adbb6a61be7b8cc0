"""Coded parts of the body, views and sides: by the code, which counts in any language.

What a code means stands beside it in the words of whoever wrote the file; the code alone is laid
down (DICOM PS3.16, contexts 4009, 4010 and 244). Where it is none of these, the words are all
there is.
"""

from collections.abc import Iterable, Mapping

from pydicom import Dataset

from kneeoa.films.dicom.says.values import text, word

_SCHEMES = {"SCT", "SRT", "SNM3", "99SDM", "SNOMED-RT"}
"""SNOMED's numbers, and what was written before them."""


def _by_code(rows: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {code: term for term, codes in rows.items() for code in codes}


SIDES = _by_code(
    {
        "L": ("7771000", "G-A101", "82169009"),
        "R": ("24028007", "G-A100", "6757004"),
        "B": ("51440002", "G-A102"),
    }
)
"""Of modifiers, and of the left and the right knee."""
PARTS = _by_code(
    {
        "KNEE": ("72696002", "T-D9200", "49076000", "T-15720", "82169009", "6757004"),
        "PATELLA": ("64234005", "T-12730"),
        "LEG": ("30021000", "T-D9400", "61685007", "T-D9000", "72001000", "T-12700"),
        "THIGH": ("68367000", "T-D9100"),
        "FEMUR": ("71341001", "T-12710"),
        "FIBULA": ("87342007", "T-12750"),
        "TIBIA": ("12611008", "T-12740"),
        "EXTREMITY": ("66019005", "T-D0300"),
        "ABDOMEN": ("818981001", "113345001", "T-D4000", "818982008"),
        "ANKLE": ("70258002", "T-15750", "344001", "T-D9500"),
        "ARM": ("40983000", "T-D8200", "53120007", "T-D8000", "371195002", "T-D0821"),
        "BREAST": ("76752008", "T-04000"),
        "CALCANEUS": ("80144004", "T-12770"),
        "CHEST": ("816094009", "51185008", "T-D3000", "416550000", "R-FAB55"),
        "CLAVICLE": ("51299004", "T-12310"),
        "COCCYX": ("64688005", "T-11BF0"),
        "CSPINE": ("122494005", "T-11501"),
        "ELBOW": ("16953009", "T-15430", "127949000", "T-D8300"),
        "FINGER": ("7569003", "T-D8800"),
        "FOOT": ("56459004", "T-D9700", "27949001", "T-15770", "58742003", "T-12980"),
        "FOREARM": ("14975008", "T-D8500"),
        "HAND": ("85562004", "T-D8700"),
        "HEAD": ("69536005", "T-D1100"),
        "HIP": ("29836001", "T-D2500", "24136001", "T-15710"),
        "HUMERUS": ("85050009", "T-12410"),
        "JAW": ("661005", "T-D1213"),
        "LSPINE": ("122496007", "T-11503", "1217253001"),
        "MANDIBLE": ("91609006", "T-11180"),
        "MAXILLA": ("70925003", "T-11170"),
        "NECK": ("45048000", "T-D1600"),
        "ORBIT": ("363654007", "T-D14AE"),
        "PELVIS": ("816092008", "12921003", "T-D6000", "39723000", "T-15680"),
        "RIB": ("113197003", "T-11300"),
        "SACRUM": ("54735007", "T-11AD0"),
        "SCAPULA": ("79601000", "T-12280"),
        "SHOULDER": ("16982005", "T-D2220", "85856004", "T-15420"),
        "SINUS": ("2095001", "T-22000"),
        "SKULL": ("89546000", "T-11100"),
        "SPINE": ("421060004", "T-D04FF", "1217257000", "1217256009"),
        "STERNUM": ("56873002", "T-11210"),
        "THUMB": ("76505004", "T-D8810"),
        "TMJ": ("53620006", "T-15290"),
        "TOE": ("29707007", "T-D9800"),
        "TSPINE": ("122495006", "T-11502"),
        "WRIST": ("74670003", "T-15460", "8205005", "T-D8600"),
    }
)
VIEWS = _by_code(
    {
        "AP": ("399348003", "R-10206"),
        "PA": ("272479007", "399372006", "R-40888", "R-10214"),
        "FRONTAL": ("399033003", "R-10202"),
        "LATERAL": (
            *("399067008", "R-102CD", "399173006", "R-10236", "399198007", "R-10232"),
            *("399352003", "R-10228", "399260004", "R-10224", "30730003", "G-A145"),
        ),
        "OBLIQUE": (
            *("399182000", "R-102C1", "399184004", "R-10238", "399236003", "R-10234"),
            *("399312000", "R-10208", "399059000", "R-10216", "399160007", "R-10204"),
            *("260427002", "R-40783", "260426006", "R-40782", "399099002", "R-10230"),
            *("399135007", "R-10220", "399006002", "R-10212", "399356000", "R-40985"),
            *("399038007", "R-10210", "399368009", "R-10226", "399004004", "R-10246"),
        ),
        "AXIAL": ("399061009", "R-10241"),
        "TANGENTIAL": ("399110001", "R-102C2"),
    }
)


def term(item: Dataset | None, terms: Mapping[str, str]) -> str | None:
    """Return which of `terms` a code stands for, or None."""
    if text(item, "CodingSchemeDesignator") not in _SCHEMES:
        return None
    return terms.get(text(item, "CodeValue"))


def term_or_word(item: Dataset | None, terms: Mapping[str, str]) -> str | None:
    """Return which of `terms` a code stands for, else what it is said to mean; or None."""
    return term(item, terms) or word(item, "CodeMeaning")
