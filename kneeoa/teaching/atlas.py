"""What separates the Kellgren-Lawrence grades: sign by sign, and where descriptions differ.

Facts in our own words, with their sources. A grade's own sentence stands in `kneeoa.grades`.
"""

from dataclasses import dataclass

from kneeoa.grades import KLGrade


@dataclass(frozen=True, slots=True)
class Source:
    """A publication; `doi` is empty where it is not certain."""

    authors: str
    year: int
    title: str
    journal: str
    doi: str = ""

    @property
    def short(self) -> str:
        """As cited in a text, for example ``Felson et al. 2011``."""
        return f"{self.authors} {self.year}"


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that a film is read for.

    Attributes
    ----------
    where : where on a frontal film it is looked for
    at : what each grade, 0 to 4, asks of it, in a few words
    """

    name: str
    where: str
    at: tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """What makes the higher of two neighbouring grades."""

    low: KLGrade
    high: KLGrade
    question: str
    decides: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A description of the scale in use, where its words for KL 1 and KL 2 decide."""

    name: str
    used_by: str
    doubtful: str
    minimal: str
    consequence: str
    source: Source


@dataclass(frozen=True, slots=True)
class Fact:
    """Something measured about the scale, with its source."""

    text: str
    source: Source


KELLGREN_1957 = Source(
    "Kellgren and Lawrence",
    1957,
    "Radiological assessment of osteo-arthrosis",
    "Ann Rheum Dis 16:494",
    "10.1136/ard.16.4.494",
)
SCHIPHOF_2008 = Source(
    "Schiphof, Boers and Bierma-Zeinstra",
    2008,
    "Differences in descriptions of Kellgren and Lawrence grades of knee osteoarthritis",
    "Ann Rheum Dis 67:1034",
    "10.1136/ard.2007.079020",
)
FELSON_2011 = Source(
    "Felson et al.",
    2011,
    "Defining radiographic incidence and progression of knee osteoarthritis: suggested "
    "modifications of the Kellgren and Lawrence scale",
    "Ann Rheum Dis 70:1884",
    "10.1136/ard.2011.155119",
)
KOHN_2016 = Source(
    "Kohn, Sassoon and Fernando",
    2016,
    "Classifications in Brief: Kellgren-Lawrence Classification of Osteoarthritis",
    "Clin Orthop Relat Res 474:1886",
    "10.1007/s11999-016-4732-4",
)
ALTMAN_2007 = Source(
    "Altman and Gold",
    2007,
    "Atlas of individual radiographic features in osteoarthritis, revised",
    "Osteoarthritis Cartilage 15 Suppl A:A1",
)
GUERMAZI_2012 = Source(
    "Guermazi et al.",
    2012,
    "Different thresholds for detecting osteophytes and joint space narrowing exist between the "
    "site investigators and the centralized reader in a multicenter knee osteoarthritis study",
    "Skeletal Radiol",
)
DAMEN_2014 = Source(
    "Damen et al.",
    2014,
    "Inter-observer reliability for radiographic assessment of early osteoarthritis features: "
    "the CHECK (cohort hip and cohort knee) study",
    "Osteoarthritis Cartilage 22:969",
    "10.1016/j.joca.2014.05.007",
)
WRIGHT_2014 = Source(
    "Wright and the MARS Group",
    2014,
    "Osteoarthritis classification scales: interobserver reliability and arthroscopic correlation",
    "J Bone Joint Surg Am",
)

OSTEOPHYTES = Sign(
    "Osteophytes",
    "inner and outer margins of femur and tibia, tips of the tibial spines",
    ("none", "possible lipping", "definite", "several, moderate", "large"),
)
JOINT_SPACE = Sign(
    "Joint space",
    "each compartment where it is narrowest, from bone to bone",
    (
        "not narrowed",
        "narrowing doubtful",
        "narrowing possible",
        "narrowing definite",
        "narrowing marked",
    ),
)
SCLEROSIS = Sign(
    "Sclerosis",
    "bone just below the joint surfaces",
    ("none", "not required", "not required", "some", "severe"),
)
BONE_ENDS = Sign(
    "Bone ends",
    "contour of condyles and plateau: rounded, or worn flat and sunken",
    ("normal", "not required", "not required", "deformity possible", "deformity definite"),
)
SIGNS = (OSTEOPHYTES, JOINT_SPACE, SCLEROSIS, BONE_ENDS)

STEPS = (
    Step(
        KLGrade.NONE,
        KLGrade.DOUBTFUL,
        "Is there anything to doubt?",
        "A margin that may have a lip, a joint space that may be narrower: enough for KL 1, as "
        "long as neither is certain. A sharp, smooth margin and an even space are KL 0.",
    ),
    Step(
        KLGrade.DOUBTFUL,
        KLGrade.MINIMAL,
        "Is there an osteophyte beyond doubt?",
        "A definite osteophyte makes KL 2, with or without narrowing. Studies usually count "
        "osteoarthritis from here on, and it is here that descriptions differ most.",
    ),
    Step(
        KLGrade.MINIMAL,
        KLGrade.MODERATE,
        "Is the joint space definitely narrowed?",
        "Clear osteophytes with a joint space that is not certainly narrower stay KL 2. KL 3 has "
        "several osteophytes, definite narrowing, and some sclerosis.",
    ),
    Step(
        KLGrade.MODERATE,
        KLGrade.SEVERE,
        "Has the joint lost its shape?",
        "KL 4 has marked narrowing, up to bone on bone, severe sclerosis, large osteophytes, and "
        "bone ends that are definitely deformed.",
    ),
)

VARIANTS = (
    Variant(
        "Original",
        "Kellgren and Lawrence",
        "narrowing doubtful, lipping possible",
        "osteophytes definite, narrowing possible",
        "Narrowing may be there or not at KL 2.",
        KELLGREN_1957,
    ),
    Variant(
        "Space kept",
        "Johnston County, Chingford",
        "a minute osteophyte of doubtful meaning",
        "an osteophyte definite, joint space not impaired",
        "An osteophyte with even slight narrowing does not fit KL 2.",
        SCHIPHOF_2008,
    ),
    Variant(
        "Osteophytes only at 1",
        "Beijing",
        "osteophytes possible, nothing else",
        "osteophytes definite, narrowing possible",
        "Doubtful narrowing alone is KL 0; at KL 3, definite narrowing alone is enough.",
        SCHIPHOF_2008,
    ),
    Variant(
        "Lipping only at 1",
        "Clearwater, Mechanical Factors in Arthritis of the Knee",
        "lipping possible, nothing else",
        "osteophyte definite, narrowing possible",
        "Doubtful narrowing alone is KL 0.",
        SCHIPHOF_2008,
    ),
    Variant(
        "Minimal",
        "Williams et al.",
        "doubtful change, without saying which",
        "osteophytes minimal; narrowing, cysts and sclerosis possible",
        "Sclerosis and cysts count from KL 2 on.",
        SCHIPHOF_2008,
    ),
    Variant(
        "Two kinds of 2",
        "a proposal for studies over time",
        "not at issue",
        "kept apart: osteophytes alone, or with narrowing",
        "Knees that the original puts together can be followed apart.",
        FELSON_2011,
    ),
)

OTHER_WAYS = Fact(
    "The OARSI atlas gives no overall grade: osteophytes and narrowing are each graded 0 to 3, "
    "compartment by compartment, beside pictures.",
    ALTMAN_2007,
)
AGREEMENT = (
    Fact(
        "Readers of several centres against one central radiologist, 192 knees of the "
        "Osteoarthritis Initiative: kappa 0.52 for the grade, 0.41 for KL 2 or more. They graded "
        "osteophytes higher than the radiologist did.",
        GUERMAZI_2012,
    ),
    Fact(
        "Four trained readers against an experienced one: substantial agreement on the grade, fair "
        "to moderate on narrowing alone.",
        DAMEN_2014,
    ),
    Fact(
        "Three readers, 632 patients, six scales with this one among them: intraclass correlation "
        "0.63 on weight-bearing films in 45 degrees of flexion, 0.55 on straight frontal ones.",
        WRIGHT_2014,
    ),
)
SOURCES = (
    KELLGREN_1957,
    SCHIPHOF_2008,
    FELSON_2011,
    KOHN_2016,
    ALTMAN_2007,
    GUERMAZI_2012,
    DAMEN_2014,
    WRIGHT_2014,
)


def steps_of(grade: KLGrade) -> tuple[Step, ...]:
    """Return the steps below and above `grade`."""
    return tuple(step for step in STEPS if grade in (step.low, step.high))
