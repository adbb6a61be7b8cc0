"""What a file says of itself: contradictions are refused, silence and knees are not."""

import pytest

from kneeoa.films.header import NO_HEADER, Header
from kneeoa.graders.locating.gate import REFUSED
from kneeoa.graders.locating.header_gate import of_header, terms_against


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (Header(body_part="CHEST"), "header-body-part"),
        (Header(body_part="KNEE", view="LATERAL", modality="DX"), "header-view"),
        (Header(modality="MR"), "header-modality"),
        (Header(modality="PX"), "header-modality"),
        (Header(body_part="L SPINE"), "header-body-part"),
        (Header(body_part="HANDS"), "header-body-part"),
        (Header(body_part="CHEST PA"), "header-body-part"),
        (Header(body_part="LEFT ANKLE"), "header-body-part"),
        (Header(view="LEFT LATERAL"), "header-view"),
        (Header(view="MEDIO LATERAL"), "header-view"),
        (Header(view="RPO"), "header-view"),
        (Header(view="LATERAL BY PATIENTORIENTATION"), "header-view"),
        (Header(view="AXIAL BY PATIENTORIENTATION"), "header-view"),
    ],
)
def test_what_contradicts_a_frontal_knee_is_refused_with_what_the_file_says(header, code):
    (finding,) = of_header(header)
    assert (finding.code, finding.severity) == (code, REFUSED)
    said = {header.body_part, header.view, header.modality}
    assert any(word in finding.sentence for word in said if word)


@pytest.mark.parametrize(
    ("description", "code", "shown"),
    [
        ("KNEE LAT", "header-view", "LAT"),
        ("KNIE SEITLICH", "header-view", "SEITLICH"),
        ("PATELLA SUNRISE", "header-view", "SUNRISE"),
        ("ANKLE AP", "header-body-part", "ANKLE"),
        ("SCHMIDT HANDS PA", "header-body-part", "HANDS"),
        ("GENOU PROFIL A ET P", "header-view", "PROFIL"),
        ("HAND KNIEND", "header-body-part", "HAND"),
        ("WRIST KNEELING", "header-body-part", "WRIST"),
        ("HIP GENOUILLERE", "header-body-part", "HIP"),
    ],
)
def test_where_nothing_else_is_said_the_description_counts(description, code, shown):
    (finding,) = of_header(Header(described=frozenset(description.split())))
    assert (finding.code, finding.severity) == (code, REFUSED)
    assert shown in finding.sentence
    assert "SCHMIDT" not in finding.sentence


@pytest.mark.parametrize(
    "header",
    [
        Header(described=frozenset({"KNEE", "AP", "LAT"})),
        Header(described=frozenset({"HIP", "KNEE", "ANKLE"})),
        Header(described=frozenset({"STANDING", "BOTH", "KNEES"})),
        Header(described=frozenset({"KNIE", "AP", "SEITL"})),
        Header(described=frozenset({"GENOU", "FACE", "PROFIL"})),
        Header(described=frozenset({"C", "ARM", "KNIEGELENK"})),
        Header(view="AP LAT"),
        Header("KNEE", "AP", described=frozenset({"ANKLE", "LAT"})),
    ],
)
def test_a_description_does_not_contradict_fields_that_are_filled_in(header):
    assert of_header(header) == ()


def test_a_childs_knee_is_refused_beside_whatever_else_is_said():
    (finding,) = of_header(Header("KNEE", "AP", "DX", child=True))
    assert (finding.code, finding.severity) == ("header-child", REFUSED)
    assert [one.code for one in of_header(Header("HAND", child=True))] == [
        "header-body-part",
        "header-child",
    ]


@pytest.mark.parametrize(
    "header",
    [
        NO_HEADER,
        Header("KNEE", "AP", "DX"),
        Header("LEG", "PA", "CR"),
        Header("EXTREMITY", None, "OT"),
        Header("KNEES", "AP LATERAL", "CR"),
        Header("HIP KNEE ANKLE", "PA", "DX"),
        Header("HIP TO ANKLE", "FRONTAL", "DX"),
        Header("PATELLA", "AP", "RF"),
    ],
)
def test_silence_and_knees_pass(header):
    assert of_header(header) == ()


@pytest.mark.parametrize(
    ("header", "terms"),
    [
        (Header(body_part="HANDS"), ("HAND", None)),
        (Header(body_part="L SPINE", view="AP"), ("LSPINE", None)),
        (Header(body_part="KNEE", view="LEFT LATERAL"), (None, "LATERAL")),
        (Header(described=frozenset({"KNIE", "SEITLICH", "MEIER"})), (None, "LATERAL")),
        (Header(described=frozenset({"HAND", "AP", "MEIER"})), ("HAND", None)),
        (Header(body_part="KNEE", view="AP"), (None, None)),
        (Header(body_part="MEIER", view="ANNA"), (None, None)),
        (NO_HEADER, (None, None)),
    ],
)
def test_what_is_against_a_film_is_a_term_of_the_standard(header, terms):
    assert terms_against(header) == terms
    kept = Header(body_part=terms[0], view=terms[1])
    assert [one.code for one in of_header(kept)] == [one.code for one in of_header(header)]
