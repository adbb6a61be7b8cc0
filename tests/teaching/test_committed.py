"""A reader's own grades out of practice: given before any answer was seen, and no others."""

from pathlib import Path

import pandas as pd

from kneeoa.grades import KLGrade
from kneeoa.teaching import committed
from kneeoa.teaching.films import TeachingFilm, TeachingSet, synthetic_set


def answers(*rows, day=0):
    """Answers as (image_id, grade, first_grade, shown_when), in a row."""
    table = pd.DataFrame(rows, columns=["image_id", "grade", "first_grade", "shown_when"])
    table["seconds"] = 2.0
    table["number"] = [100 * day + n for n in range(len(table))]
    return table.astype({"grade": "Int64", "first_grade": "Int64"})


def test_what_was_said_before_the_networks_answer_counts():
    found = committed.own_grades(
        [
            answers(
                ("plain", 2, None, "never"),
                ("thought_again", 4, 1, "after"),
                ("led", 3, None, "before"),
                ("time_up", None, None, "never"),
                ("still_thought_over", None, 3, "after"),
            )
        ]
    )
    assert found == {"plain": 2, "thought_again": 1, "still_thought_over": 3}


def test_a_film_seen_again_has_the_grade_of_the_first_time_or_none():
    later = answers(
        ("a", 4, None, "never"), ("b", 1, None, "never"), ("c", 0, None, "never"), day=1
    )
    first = answers(("a", 2, None, "never"), ("b", 3, None, "before"))
    # In whatever order the sessions come.
    assert committed.own_grades([later, first]) == {"a": 2, "c": 0}


def test_without_answers_there_are_no_grades():
    assert committed.own_grades([]) == {}
    assert committed.own_grades([answers()]) == {}


def test_films_are_listed_with_the_readers_grade_and_their_patient():
    film = TeachingFilm("9000001L", "9000001", KLGrade(3), "val", "val/3/9000001L.png")
    other = TeachingFilm("9000002R", "9000002", KLGrade(0), "val", "val/0/9000002R.png")
    films = TeachingSet(Path("/films"), {one.image_id: one for one in (film, other)})
    (listed,) = committed.listed(films, {"9000001L": 1, "gone": 2})
    assert listed.file == Path("/films/val/3/9000001L.png")
    assert (listed.name, listed.grade, listed.patient) == ("9000001L", 1, "9000001")


def test_drawn_films_teach_nothing():
    films = synthetic_set()
    assert committed.listed(films, dict.fromkeys(films.films, 2)) == ()
