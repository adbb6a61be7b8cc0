"""A store of many saved cases, for what the list does with them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from kneeoa.films.display import png
from kneeoa.films.phantom import draw_knee
from kneeoa.store import tables
from kneeoa.store.cases import looking
from kneeoa.store.cases.case import NewCase, OwnGrade, to_json
from kneeoa.store.cases.films import FilmFiles
from kneeoa.store.database import insert_into, writing
from tests.support.cases import NOW, knee, new_case, refused

GRADED = 3
"""Of every so many cases the reader graded one."""


def cases(count: int) -> Iterable[NewCase]:
    """Return cases of one and of two knees, one in twenty refused."""
    for number in range(count):
        said = number % 5
        low, high = max(0, said - number % 2), said
        share = {"probabilities": (0.2,) * 5, "graded_by": {"together": "0" * 64}}
        knees = [knee(said, low, high, **share)] * (1 + number % 2)
        knees = [refused()] if number % 20 == 7 else knees
        day = f"20{number % 25:02d}-{1 + number % 12:02d}-{1 + number % 28:02d}"
        name = f"Film {number * 7919 % 2**24:06X}"
        made = new_case(f"{number:064x}", name, knees, patient=f"{number // 3:032x}")
        yield replace(made, study_date=day, is_read=number % 4 > 0)


def fill(db, files: FilmFiles, count: int) -> None:
    """Keep cases as `keeping.add` does, many at once, and pictures of the newest ones."""
    picture = png(draw_knee(2)[::8, ::8])
    table, film, grade = tables.reading_case, tables.kept_film, tables.case_grade
    files.mark_of("made")
    with writing(db) as connection:
        for number, new in enumerate(cases(count)):
            at = NOW + timedelta(minutes=number)
            kept = {"digest": new.digest, "size": 1, "kept_at": at}
            connection.execute(insert_into(db, film).values(kept).on_conflict_do_nothing())
            row = {name: getattr(new, name) for name in ("digest", "name", "source", "patient")}
            row |= {"study_date": new.study_date, "is_read": new.is_read, "revision": 1}
            row |= {"film": new.digest, "state": to_json(new.state), "created_at": at}
            row |= {"updated_at": at, **looking.words_of(new)}
            case_id = connection.scalar(table.insert().values(row).returning(table.c.id))
            looking.put_knees(connection, case_id, new.state)
            if number % GRADED == 0:
                given = number // GRADED % 5
                own = OwnGrade(given, at, given, at, at)
                values = {name: getattr(own, name) for name in own.__slots__}
                values |= {"case_id": case_id, "knee": 0, "reader": "AB"}
                connection.execute(grade.insert().values(values))
            if number >= count - 1000:
                place = files._place(new.digest)
                files._make(place.parent)
                files.keep_picture(new.digest, picture)
