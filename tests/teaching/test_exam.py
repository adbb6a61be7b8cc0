"""Exams: drawn from a seed, balanced over grades, exchanged as a file."""

import json
from collections import Counter

import pytest

from kneeoa.errors import DataError
from kneeoa.films import phantom
from kneeoa.grades import KLGrade
from kneeoa.teaching import exam, films
from kneeoa.teaching.films import TeachingFilm
from tests.support.graded_films import lay

SET = films.synthetic_set()
ALL = SET.films.values()


def film(name, grade, patient=None):
    return TeachingFilm(name, patient or name, KLGrade(grade), "test", f"{name}.png")


def test_drawn_films_are_the_files_that_older_exams_name():
    # By the SHA-256 of the file, which is that of the drawing and nothing beside it.
    name = next(iter(SET.films))
    seed = 100 + int(name.rpartition("-")[2])
    assert SET.read(name)[1] == phantom.knee_png(SET.films[name].grade, seed=seed)


def grades_of(drawn):
    return Counter(film.grade for film in drawn.films)


def test_the_seed_gives_the_films_and_their_order():
    one, same, other = (exam.draw_exam(ALL, 20, seed=seed) for seed in (5, 5, 6))
    assert one == same
    assert one.image_ids != other.image_ids
    # Not sorted by grade: the next film would be guessed.
    assert [film.grade for film in one.films] != sorted(film.grade for film in one.films)


@pytest.mark.parametrize("count", [10, 20, 50])
def test_every_grade_is_drawn_alike(count):
    drawn = exam.draw_exam(ALL, count, seed=1)
    assert len(set(drawn.image_ids)) == count
    assert set(grades_of(drawn).values()) == {count // 5}


def test_a_pair_of_grades_is_drawn_from_those_two_alone():
    drawn = exam.draw_exam(ALL, 21, seed=1, grades=(1, 2))
    assert sorted(grades_of(drawn)) == [1, 2]
    assert sorted(grades_of(drawn).values()) == [10, 11]


def test_a_scarce_grade_gives_way_and_too_few_films_are_all_taken():
    few = [film(f"a{i}", 0) for i in range(9)] + [film("b", 4)]
    drawn = exam.draw_exam(few, 6, seed=0)
    assert grades_of(drawn) == {0: 5, 4: 1}
    assert len(exam.draw_exam(few, 50, seed=0).films) == 10
    with pytest.raises(DataError, match=r"films of KL 2, KL 3 to draw"):
        exam.draw_exam(few, 6, seed=0, grades=(2, 3))


def test_the_second_knee_of_a_patient_comes_last():
    knees = [film(f"{n}{side}", 2, str(n)) for n in range(10) for side in "LR"]
    drawn = exam.draw_exam(knees, 10, seed=3)
    assert len({name[:-1] for name in drawn.image_ids}) == 10


def test_every_film_can_be_drawn_though_its_patients_other_knee_has_a_lower_grade():
    knees = [
        film(f"{n:02d}{side}", grade, str(n))
        for n in range(40)
        for side, grade in (("L", 0), ("R", 3))
    ]
    drawn = [exam.draw_exam(knees, 10, seed=seed).image_ids for seed in range(100)]
    assert {name for names in drawn for name in names} == {film.image_id for film in knees}
    # And no patient is there twice, within one exam and beside films that are taken already.
    assert all(len({name[:-1] for name in names}) == 10 for names in drawn)
    taken = {str(n) for n in range(35)}
    beside = exam.draw_exam(knees, 5, seed=0, taken=taken).films
    assert not {film.image_id[:2].lstrip("0") for film in beside} & taken
    favour = dict.fromkeys(("00R", "01R"), 1e6)
    assert {"00R", "01R"} <= set(exam.draw_exam(knees, 10, seed=0, favour=favour).image_ids)


def test_what_is_favoured_is_drawn_more_often():
    many = [film(f"a{i:02d}", 0) for i in range(40)]
    favour = {"a00": 20.0}
    hits = [
        sum("a00" in exam.draw_exam(many, 5, seed=seed, favour=f).image_ids for seed in range(200))
        for f in (None, favour)
    ]
    assert hits[0] == pytest.approx(25, abs=15)
    assert hits[1] > 150


def test_a_file_gives_the_same_exam_and_names_no_path(tmp_path):
    drawn = exam.with_hashes(exam.draw_exam(ALL, 5, seed=2, title="Monday"), SET)
    text = exam.to_json(drawn)
    assert exam.from_json(text.encode()) == drawn
    found = exam.match(drawn, SET)
    assert found.exam == drawn
    assert not (found.missing or found.changed or found.regraded)


def test_films_that_differ_elsewhere_are_named_and_left_out(tmp_path):
    here = films.read_set(lay(tmp_path / "a", *(f"test/{g}/{g}L.png" for g in range(5))))
    drawn = exam.with_hashes(exam.draw_exam(here.films.values(), 5, seed=0), here)
    there = lay(tmp_path / "b", "test/0/0L.png", "test/1/1L.png", "test/2/3L.png", "test/4/4L.png")
    (there / "test/1/1L.png").write_bytes(b"another film")
    found = exam.match(drawn, films.read_set(there))
    assert sorted(found.exam.image_ids) == ["0L", "4L"]
    assert (found.missing, found.changed, found.regraded) == (("2L",), ("1L",), ("3L",))
    assert exam.left_out(found) == [
        "One of its films left out, because it is not in this data set: 2L.",
        "One of its films left out, because it is another picture here: 1L.",
        "One of its films left out, because it has another reference grade here: 3L.",
    ]


def test_a_film_that_is_gone_takes_no_other_with_it(tmp_path):
    here = films.read_set(lay(tmp_path, *(f"test/{g}/{g}L.png" for g in range(5))))
    bare = exam.draw_exam(here.films.values(), 5, seed=0)
    drawn = exam.with_hashes(bare, here)
    for name in ("1L", "3L"):
        (tmp_path / here.films[name].file).unlink()
    for kept in (bare, drawn):
        found = exam.match(kept, here)
        assert sorted(found.exam.image_ids) == ["0L", "2L", "4L"]
        assert sorted(found.unread) == ["1L", "3L"]
        (said,) = exam.left_out(found)
        assert said.startswith("2 of its films left out, because they cannot be read here")
    # An exam that was given can be taken along, with what is known of its films.
    assert exam.with_hashes(drawn, here) == drawn == exam.with_hashes(drawn, SET)
    hashed = {film.image_id: film.sha256 for film in exam.with_hashes(bare, here).films}
    assert [name for name, digest in sorted(hashed.items()) if not digest] == ["1L", "3L"]


def test_fewer_films_than_asked_and_a_grade_without_any_are_said():
    some = [film(f"a{i}", grade) for i, grade in enumerate((0, 0, 3))]
    drawn = exam.draw_exam(some, 20, seed=0)
    assert exam.lacking(drawn, 20) == [
        "20 films were asked for. There are 3: all of them are taken.",
        "There is no film of KL 1, KL 2 or KL 4 in this session.",
    ]
    assert exam.lacking(exam.draw_exam(some, 2, seed=0, grades=(0, 3)), 2) == []


def edited(**changes):
    content = json.loads(exam.to_json(exam.draw_exam(ALL, 5, seed=2)))
    return json.dumps(content | changes)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfe", "cannot be read"),
        ("[]", "another one"),
        ('{"kind": "something"}', "another one"),
        (edited(schema_version=9), "Received version 9"),
        (edited(schema_version="1"), "Received none that is a number"),
        (edited(schema_version="x" * 10**6), r"^.{,100}$"),
        (edited(grades=[]), "films of the grades that it names"),
        (edited(grades=[0, 1]), "films of the grades that it names"),
        (edited(films="x"), "expected fields"),
        (edited(films=[]), "1 to 500 films"),
        (edited(films=[{"image_id": "a", "grade": 7}]), "KL grades from 0 to 4"),
        (edited(films=[{"image_id": "a", "grade": 1}] * 2), "every film once"),
        (edited(films=[{"image_id": "", "grade": 1}]), "film names"),
        (edited(title="x" * 200), "a title"),
        (edited(grades=[1] * 6), "every grade once"),
        (edited(grades=[1, 1, 1]), "every grade once"),
        (edited(films=[{"image_id": "a", "grade": 1, "sha256": "0" * 65}]), "SHA-256"),
    ],
)
def test_a_file_that_is_no_exam_is_refused(data, said):
    with pytest.raises(DataError, match=said):
        exam.from_json(data)


def test_what_is_too_long_for_an_exam_is_refused_before_it_is_parsed(monkeypatch):
    longest = "\N{BONE}" * 197
    most = exam.Exam(
        "\N{BONE}" * exam.LONGEST_TITLE,
        2**63 - 1,
        tuple(range(5)),
        tuple(exam.ExamFilm(f"{longest}{n:03d}", 4, "f" * 64) for n in range(exam.MOST_FILMS)),
    )
    assert exam.from_json(exam.to_json(most)) == most
    # 10 MB of this took 250 MB, and as long as it is parsed the server answers nobody.
    parsed = []
    monkeypatch.setattr(exam.json, "loads", parsed.append)
    with pytest.raises(DataError, match=r"at most 2 MB\. The file has 2\.1 MB"):
        exam.from_json(b"[" + b"{}," * 700_000 + b"{}]")
    assert parsed == []
