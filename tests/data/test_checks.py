"""What is said of a data set that can be trained on, and yet may measure something else."""

import unicodedata

import pytest

from kneeoa.data import checks
from kneeoa.data.listing import Entry

DECOMPOSED = unicodedata.normalize("NFD", "M\u00fcller")


def said_of(*patients):
    """What is said of films of these patients, the first in train, all others in test."""
    entries = [
        Entry(f"f{place}", f"f{place}.png", patient, "", 0, "test" if place else "train")
        for place, patient in enumerate(patients)
    ]
    pixels = [str(place) for place in range(len(entries))]
    said = checks.warnings(entries, pixels)
    return [sentence for sentence in said if "Patients" in sentence]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("pat", "PAT"),
        ("0012", "12"),
        ("P-012", "p12"),
        ("case_7", "case 7"),
        (DECOMPOSED, "M\u00fcller"),
        ("\uff11\uff12", "12"),
    ],
)
def test_a_patient_written_in_two_ways_is_told(first, second):
    (sentence,) = said_of(first, second, "another")
    assert f"{first} in train (f0.png, KL 0) and {second} in test (f1.png, KL 0). " in sentence


@pytest.mark.parametrize(
    ("first", "second"), [("1-12", "11-2"), ("10", "1"), ("0", "00a"), ("--", "__"), ("a1", "a2")]
)
def test_patients_of_their_own_are_not(first, second):
    assert said_of(first, second) == []
    assert said_of(first, first) == []


def test_of_many_pairs_three_are_named():
    ways = ("a1", "A1", "a01", "a001", "A-1")
    (sentence,) = said_of(*ways)
    assert "A1 in test (f1.png, KL 0); " in sentence and ", and 1 more. " in sentence
