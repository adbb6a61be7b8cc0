"""The films that are learnt from: each once, counted once, with its patient."""

from pathlib import Path

import numpy as np
import pytest

from kneeoa.adaptation.framed import Framed
from kneeoa.adaptation.gathering import graded
from kneeoa.adaptation.gathering.graded import Opened, TooFewError, gather, lacking
from kneeoa.adaptation.listing import LeftOut, Listed

IMAGES = np.random.default_rng(0).uniform(0, 255, (60, 224, 224)).astype(np.float32)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(graded, "LEAST_FILMS", 3)
    monkeypatch.setattr(graded, "LEAST_GRADES", 1)


def film(name, image, grade=1, patient="", remarks=()):
    framed = Framed(image, image, 1.0, remarks)
    return Opened(Listed(Path(name), name, grade, patient), framed, patient, name, f"{name} bytes")


def test_a_copy_that_is_left_out_leaves_its_patient_behind(few):
    a, b, c = IMAGES[:3]
    found = gather(
        [
            film("1/IMG0001.png", a),
            film("1/P12_L.png", a),
            film("1/P12_R.png", b),
            film("1/Z_L.png", c),
        ]
    )
    owner = dict(zip(found.names, found.patient_ids, strict=True))
    assert owner["1/IMG0001.png"] == owner["1/P12_R.png"] != owner["1/Z_L.png"]
    assert not any("not known" in note for note in found.notes)


def test_patients_read_from_names_are_told_in_any_case_and_said_to_be(few):
    names = ["1/Smith_2021_R.png", "1/smith_2021_L.png", "1/Smith_2019_R.png"]
    found = gather([film(name, image) for name, image in zip(names, IMAGES, strict=False)])
    owner = dict(zip(found.names, found.patient_ids, strict=True))
    assert owner["1/Smith_2021_R.png"] == owner["1/smith_2021_L.png"]
    (note,) = (note for note in found.notes if "read from the name" in note)
    assert note.startswith("The patient of 3 films was read from the name, as Smith_2021.")


def test_codes_of_a_table_need_no_note(few):
    found = gather([film(f"{n}.png", IMAGES[n], patient=f"P{n}") for n in range(3)])
    assert not any("name" in note for note in found.notes)


def test_what_the_reader_left_out_is_counted_apart_and_said():
    opened = [film(f"{n}.png", IMAGES[n], n % 5, str(n)) for n in range(20, 60)]
    reader = [LeftOut(f"{n}.png", "Left out by the reader.", "reader") for n in range(20)]
    found = gather(opened, [*reader, LeftOut("x", "It cannot be read.")])
    assert (len(found), found.unusable, found.by_reader) == (40, 1, 20)
    assert any("20 films left out by the reader" in note for note in found.notes)


def test_two_readers_rows_are_films_once_and_those_in_dispute_are_said():
    """Of sixty films with two rows each, twenty have two grades."""
    first = [film(f"{n}.png", IMAGES[n], n % 5, str(n)) for n in range(60)]
    second = [film(f"{n}.png", IMAGES[n], (n + (n < 20)) % 5, str(n)) for n in range(60)]
    found = gather([*first, *second])
    assert (len(found), found.unusable) == (40, 20)
    assert len(found.left_out) == 80
    assert any("20 films with two grades left out" in note for note in found.notes)
    assert any("on which the readers agree" in note for note in found.notes)


def test_too_few_say_what_became_of_the_others():
    reasons = [LeftOut(f"bad{n}.png", f"Reason {n}.") for n in range(30)]
    with pytest.raises(TooFewError, match=r"Received 3 \(30 films could not be used\)") as error:
        gather([film(f"{n}.png", IMAGES[n]) for n in range(3)], reasons)
    assert [one.reason for one in error.value.left_out] == [one.reason for one in reasons]


def test_what_films_lack_is_told_by_their_grades():
    assert lacking([0, 1, 2] * 9) == ""
    assert "25 films are needed" in lacking([0, 1, 2] * 8)
    assert "Films of 3 grades are needed" in lacking([0, 1] * 20)


def test_what_stands_against_films_that_are_learnt_from_is_kept(few):
    opened = [film(f"{n}.png", IMAGES[n], remarks=("Metal.",) * (n == 1)) for n in range(3)]
    found = gather(opened)
    assert found.remarks == (("1.png", "Metal."),)
    assert found.contents == tuple(f"{n}.png bytes" for n in range(3))
