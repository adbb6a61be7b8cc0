"""What a DICOM header says against grading a film as a frontal knee.

Headers are often silent and sometimes wrong, so that only what plainly contradicts a knee's frontal
X-ray counts: another part of the body, a side view, another kind of picture, or a child's knee. The
reader sees what the file says and may have the film graded all the same.
"""

from collections.abc import Set

from kneeoa.films.header import Header
from kneeoa.graders.locating.gate import REFUSED, Finding

OTHER_PARTS = frozenset(
    {"ABDOMEN", "ANKLE", "ARM", "BREAST", "CALCANEUS", "CHEST", "CLAVICLE", "COCCYX", "CSPINE"}
    | {"ELBOW", "FEET", "FINGER", "FOOT", "FOREARM", "HAND", "HEAD", "HEART", "HEEL", "HIP"}
    | {"HUMERUS", "JAW", "LSPINE", "LUNG", "MANDIBLE", "MAXILLA", "NECK", "ORBIT", "PELVIS"}
    | {"RADIUS", "RIB", "SACRUM", "SCAPULA", "SHOULDER", "SINUS", "SKULL", "SPINE", "SSPINE"}
    | {"STERNUM", "TEETH", "THORAX", "THUMB", "TMJ", "TOE", "TOOTH", "TSPINE", "ULNA", "WRIST"}
)
"""Terms of BodyPartExamined (DICOM PS3.16, annex L) that are no part of a knee film."""
_WHOLE_LEG = frozenset({"HIP", "ANKLE"})
SIDE_VIEWS = frozenset(
    {"LATERAL", "LAT", "LL", "RL", "LLD", "RLD", "ML", "LM", "AXIAL", "SKYLINE", "SUNRISE"}
    | {"MERCHANT", "TANGENTIAL", "MEDIOLATERAL", "LATEROMEDIAL", "OBLIQUE", "OBL"}
    | {"RAO", "LAO", "RPO", "LPO", "RLO", "LLO"}
)
_DESCRIBED_VIEWS = frozenset(
    {"LATERAL", "LAT", "AXIAL", "SKYLINE", "SUNRISE", "MERCHANT", "TANGENTIAL", "OBLIQUE"}
    | {"SEITLICH", "SEITL", "PROFIL", "LATERALE", "LATERALIS", "AXIALE"}
)
"""Of these, and in other languages, what stands for a view wherever it is written."""
_IN_STANDARD = dict.fromkeys(("SEITLICH", "SEITL", "PROFIL", "LATERALE", "LATERALIS"), "LATERAL")
_IN_STANDARD |= {"AXIALE": "AXIAL"}
_FRONTAL_VIEWS = frozenset(
    {"AP", "PA", "ANTEROPOSTERIOR", "POSTEROANTERIOR", "FRONTAL", "FRONTALE", "FACE"}
)
_KNEES = ("KNEE", "KNIE", "GENOU", "GINOCCHI", "RODILLA")
"""How words for the knee begin, in English and the languages of the views."""
_OTHER_WORDS = ("KNEELING", "KNIEND", "GENOUILL", "RODILLER")
"""How words begin that are of the same stem and name no part: of kneeling, and of knee pads."""
_OF_HEADER = "header-"
CHILD = Finding(
    f"{_OF_HEADER}child",
    "Expected an adult's knee. The file says that the patient was under 18: Kellgren-Lawrence "
    "grades are not made for growing joints, and the networks learned from people of 45 and more.",
    REFUSED,
)
OTHER_MODALITIES = frozenset(
    {"BI", "BMD", "CT", "DMS", "DOC", "EC", "ECG", "EPS", "ES", "GM", "HC", "HD", "IO", "IVOCT"}
    | {"IVUS", "LS", "MG", "MR", "NM", "OAM", "OCT", "OP", "OPM", "OPT", "OPV", "OSS", "PT", "PX"}
    | {"RTDOSE", "RTIMAGE", "SEG", "SM", "SR", "ST", "TG", "US", "XC"}
)
"""Terms of Modality (PS3.3, C.7.3.1.1.1) whose pictures are no films."""


def is_of_header(finding: Finding) -> bool:
    """Return whether a finding is what a file said of itself."""
    return finding.code.startswith(_OF_HEADER)


def of_header(header: Header) -> tuple[Finding, ...]:
    """Return what a file says that contradicts a frontal X-ray of a knee; mostly nothing.

    Where it names no part of the body, or no view, its description counts.
    """
    part, view = _part_and_view(header)
    statements = (
        ("body-part", part, _is_elsewhere, "a knee", "it shows {}"),
        (
            "view",
            view,
            _is_from_the_side,
            "a knee seen from the front",
            "its view is {} (from the side, oblique or axial)",
        ),
        ("modality", header.modality, _is_no_film, "an X-ray film", "its modality is {}"),
    )
    contradictions = tuple(
        Finding(
            f"{_OF_HEADER}{what}",
            f"Expected {expected}. The file says that {says.format(value)}. If the file is wrong, "
            "the film may be graded anyway.",
            REFUSED,
        )
        for what, value, contradicts, expected, says in statements
        if value and contradicts(value)
    )
    return (*contradictions, CHILD) if header.child else contradictions


def terms_against(header: Header) -> tuple[str | None, str | None]:
    """Return part of the body and view that `of_header` has something against, as a term each.

    However the file words them, these are of `OTHER_PARTS` and `SIDE_VIEWS`, nobody's own words.
    """
    part, view = _part_and_view(header)
    parts = sorted(_parts_in(part) & OTHER_PARTS) if part and _is_elsewhere(part) else []
    views = []
    if view and _is_from_the_side(view):
        views = sorted(_IN_STANDARD.get(word, word) for word in _views_in(view))
    return next(iter(parts), None), next(iter(views), None)


def _part_and_view(header: Header) -> tuple[str | None, str | None]:
    part, view = _described(header)
    return header.body_part or part, header.view or view


def _described(header: Header) -> tuple[str | None, str | None]:
    """Return which other part of the body, and which other view, the description names."""
    words = header.described
    parts = sorted(filter(_is_elsewhere, words)) if _is_elsewhere(" ".join(words)) else []
    views = [] if _is_frontal(words) else sorted(words & _DESCRIBED_VIEWS)
    return " ".join(parts) or None, " ".join(views) or None


def _is_no_film(modality: str) -> bool:
    return modality in OTHER_MODALITIES


def _is_elsewhere(part: str) -> bool:
    """Return whether words name another part of the body, as ``CHEST``, ``L SPINE`` or ``HANDS``.

    A film from hip to ankle shows a knee.
    """
    words = _parts_in(part)
    if any(map(_names_a_knee, words)) or words >= _WHOLE_LEG:
        return False
    return bool(words & OTHER_PARTS)


def _names_a_knee(word: str) -> bool:
    return word.startswith(_KNEES) and not word.startswith(_OTHER_WORDS)


def _is_from_the_side(view: str) -> bool:
    """Return whether words name another view alone, as ``LL`` or ``LEFT LATERAL``."""
    return bool(_views_in(view)) and not _is_frontal(_words_in(view))


def _is_frontal(words: Set[str]) -> bool:
    """Return whether a frontal view is among words, as ``AP``."""
    return bool(words & _FRONTAL_VIEWS)


def _parts_in(part: str) -> set[str]:
    words = set(part.split())
    return words | {word.removesuffix("S") for word in words} | {part.replace(" ", "")}


def _views_in(view: str) -> set[str]:
    return _words_in(view) & (SIDE_VIEWS | _DESCRIBED_VIEWS)


def _words_in(view: str) -> set[str]:
    return {*view.split(), view.replace(" ", "")}
