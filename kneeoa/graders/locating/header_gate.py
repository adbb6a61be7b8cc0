"""What a DICOM header says against grading a film as a frontal knee.

Headers are often silent and sometimes wrong, so that only what plainly contradicts a knee's frontal
X-ray counts: another part of the body, a side view, another kind of picture, or a child's knee. The
reader sees what the file says and may have the film graded all the same.
"""

from kneeoa.films.header import Header
from kneeoa.graders.locating.gate import REFUSED, Finding

OTHER_PARTS = frozenset(
    {"ABDOMEN", "ANKLE", "ARM", "BREAST", "CHEST", "CLAVICLE", "COCCYX", "CSPINE", "ELBOW"}
    | {"FINGER", "FOOT", "FOREARM", "HAND", "HEAD", "HEART", "HIP", "HUMERUS", "JAW", "LSPINE"}
    | {"MAXILLA", "NECK", "PELVIS", "RIB", "SACRUM", "SHOULDER", "SINUS", "SKULL", "SPINE"}
    | {"SSPINE", "STERNUM", "THORAX", "TOE", "TOOTH", "TSPINE", "WRIST"}
)
"""Terms of BodyPartExamined (DICOM PS3.16, annex L) that are no part of a knee film."""
SIDE_VIEWS = frozenset({"LATERAL", "LAT", "LL", "RL", "LLD", "RLD", "ML", "LM", "AXIAL", "SKYLINE"})
_OF_HEADER = "header-"
CHILD = Finding(
    f"{_OF_HEADER}child",
    "Expected an adult's knee. The file says that the patient was under 18: Kellgren-Lawrence "
    "grades are not made for growing joints, and the networks learned from people of 45 and more.",
    REFUSED,
)
OTHER_MODALITIES = frozenset({"CT", "MR", "US", "NM", "PT", "MG", "ES", "XC", "SM", "OP", "OPT"})


def is_of_header(finding: Finding) -> bool:
    """Return whether a finding is what a file said of itself."""
    return finding.code.startswith(_OF_HEADER)


def of_header(header: Header) -> tuple[Finding, ...]:
    """Return what a file says that contradicts a frontal X-ray of a knee; mostly nothing."""
    statements = (
        ("body-part", header.body_part, OTHER_PARTS, "a knee"),
        ("view", header.view, SIDE_VIEWS, "a knee seen from the front"),
        ("modality", header.modality, OTHER_MODALITIES, "an X-ray film"),
    )
    contradictions = tuple(
        Finding(
            f"{_OF_HEADER}{what}",
            f"Expected {expected}. The file says that it shows {value}, unless the file is wrong.",
            REFUSED,
        )
        for what, value, contradicting, expected in statements
        if value in contradicting
    )
    return (*contradictions, CHILD) if header.child else contradictions
