"""Whose films a session holds: named on its screen, told apart, and in nothing that leaves it."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from kneeoa.errors import RadiographError
from kneeoa.films.apart.pool import workers
from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.jointspace import pairs
from kneeoa.store.cases.case import OwnGrade
from pages.cases import pacs_inbox, pacs_query
from pages.cases.session import actions, films
from pages.reading.beside import Other
from pages.shared.memory.film import Film
from pages.shared.patients import asking, named, who
from tests.support.case_pages import (
    arrived,
    started,
    upload,
)
from tests.support.films import dicom_dataset, dicom_file
from tests.support.teaching_pages import press


def film(seed, **tags):
    given = {"StudyDate": "20260228", "ImageLaterality": "R"} | tags
    return dicom_file(dicom_dataset(draw_knee(1, seed=seed, side=300, marked=False), **given))


DOE = {"PatientName": "Doe^Jane", "PatientID": "47-11"}
ROE = {"PatientName": "Roe^<b>Richard</b>", "PatientID": "88-22"}


def opened(*files):
    app = started()
    app.file_uploader[0].set_value([("IM0001", data, "application/octet-stream") for data in files])
    return app.run()


def shown(app):
    assert not app.exception
    return " ".join(block.body for block in app.get("html"))


@pytest.fixture(scope="module")
def two():
    return opened(film(1, **DOE), film(2, **ROE))


def test_two_films_of_one_name_are_told_by_whose_they_are(two):
    text = shown(two)
    line = text[text.index('<div class="kl-patient">') :]
    assert line.startswith('<div class="kl-patient"><b><bdi>Doe, Jane, ID 47-11</bdi></b>')
    assert "1 other film here is not of this patient" in line
    (film_choice,) = (box for box in two.selectbox if box.label == "Film")
    assert film_choice.options == [
        "IM0001 · Doe, Jane, ID 47-11",
        "IM0001 (2) · Roe, <b>Richard</b>, ID 88-22",
    ]
    strip = text.split('<div class="kl-thumb"')[1:]
    assert [pairs.ANOTHER in part for part in strip] == [False, True]
    assert "<bdi>Roe, &lt;b&gt;Richard&lt;/b&gt;, ID 88-22</bdi>" in strip[1]
    assert "<b>Richard" not in text


def test_what_leaves_the_page_has_nothing_of_her(two):
    assert "Doe" not in str(dict(two.query_params))
    films = two.session_state["films"].values()
    assert all("Doe" not in repr(film) for film in films)
    assert all(isinstance(film, Film) and film.named for film in films)


def test_two_patients_beside_each_other_are_named_above_the_films():
    app = opened(film(1, **DOE), film(2, **ROE))
    (choice,) = (box for box in app.selectbox if box.label == "Prior film, or other knee")
    assert choice.options == [
        "2026-02-28, right knee, another patient: Roe, <b>Richard</b>, ID 88-22, IM0001 (2)"
    ]
    app = choice.set_value(Other(list(app.session_state["films"])[1], 0)).run()
    assert not app.exception
    (told,) = (error.value.replace("\\", "") for error in app.error)
    assert told.startswith(pairs.STRANGERS)
    assert "**Doe, Jane, ID 47-11**" in told
    # Where others see the screen, that they are two stays said.
    app.session_state["patients"] = "hidden"
    text = shown(app.run())
    assert [error.value.replace("\\", "") for error in app.error] == [pairs.STRANGERS]
    assert "Patient hidden" in text
    assert "1 other film here is not of this patient" in text
    everything = text + " ".join(str(box.options) for box in app.selectbox)
    assert "Doe" not in everything
    assert "88-22" not in everything


def test_a_film_that_names_nobody_says_so_and_is_no_stranger():
    app = opened(film(1, **DOE), film(2, PatientName="", PatientID=""), knee_png(1, seed=5))
    text = shown(app)
    assert "not of this patient" not in text
    app.session_state["film_to_turn_to"] = list(app.session_state["films"])[1]
    assert "The file does not name its patient" in shown(app.run())
    app.session_state["film_to_turn_to"] = list(app.session_state["films"])[2]
    assert '<div class="kl-patient">' not in shown(app.run())


def test_the_list_has_a_column_of_patients_where_a_file_names_one_and_its_csv_none(monkeypatch):
    given = []
    monkeypatch.setattr(
        films.rows,
        "show",
        lambda columns, rows, **_: given.append((columns, list(rows))) or _nothing_chosen(),
    )
    taken = []
    monkeypatch.setattr(actions, "show", lambda work, table, chosen: taken.append((work, table)))
    app = opened(film(1, **DOE), knee_png(1, seed=5))
    app = app.switch_page("cases/page.py").run()
    assert not app.exception
    columns, rows = given[-1]
    assert "patient" in [column.name for column in columns]
    assert [row.cells["patient"] for row in rows] == ["Doe, Jane, ID 47-11", ""]
    work, table = taken[-1]
    assert "Doe" not in actions.to_take_along(table, work).to_csv()


def _nothing_chosen():
    return films.rows.Chosen(None, ())


def test_two_of_one_name_and_number_are_told_by_what_tells_them_apart():
    born = [DOE | {"PatientBirthDate": day} for day in ("19600101", "19900101")]
    app = opened(*[film(seed, **tags) for seed, tags in enumerate(born)])
    (choice,) = (box for box in app.selectbox if box.label == "Prior film, or other knee")
    assert "Doe, Jane, ID 47-11, born 1990-01-01" in choice.options[0]
    app = choice.set_value(Other(list(app.session_state["films"])[1], 0)).run()
    (told,) = (error.value.replace("\\", "") for error in app.error)
    assert "born 1960-01-01" in told
    assert "born 1990-01-01" in told


def test_a_number_under_two_names_and_a_header_that_was_not_read_once_are_said(monkeypatch):
    class Busy:
        def __getattr__(self, name):
            return getattr(workers(), name)

        def run(self, task, data):
            asked.append(data)
            if data == files[2] and is_busy:
                raise RadiographError("The worker was busy.")
            return workers().run(task, data)

    asked, is_busy = [], True
    files = [film(1, **DOE), film(2, **DOE | {"PatientName": "Roe^Rick"}), film(3, **ROE)]
    monkeypatch.setattr(who, "workers", Busy)
    app = opened(*files)
    text = shown(app)
    assert "1 other film here: same ID, another name" in text
    assert "of 1 other film here it could not be read whose it is" in text
    assert text.count(f">{who.NOT_READ}<") == 1
    assert not app.error
    assert len(asked) == 3  # not again in each place that says it
    is_busy = False
    monkeypatch.setattr(asking, "SECONDS", 0)
    text = shown(app.run())
    assert "1 other film here is not of this patient" in text
    assert "could not be read whose" not in text


@pytest.mark.parametrize("asked", ["hidden", "Hidden", "", "no"])
def test_an_address_that_asks_for_anything_else_hides_them(asked, monkeypatch):
    session, address = {}, Address(asked)
    monkeypatch.setattr(st, "session_state", session)
    monkeypatch.setattr(st, "query_params", address)
    named.keep_asked()
    assert not named.are_shown()
    assert address == {"patients": "hidden"}
    # On to another page, whose address lacks it: a reload there must not show them.
    address.clear()
    named.keep_asked()
    assert address == {"patients": "hidden"}
    listed = [SimpleNamespace(**SERIES)]
    assert pacs_query.table_of(listed)[["Patient", "Number"]].iloc[0].tolist() == ["hidden"] * 2
    described = {"patient_name": "Doe^Jane", "patient_id": "47"}
    pushed = SimpleNamespace(at=datetime.now(UTC), digest="d", size=1, described=described)
    table = pacs_inbox.table_of([pushed], set(), {})
    assert table[["Patient", "Number"]].iloc[0].tolist() == ["hidden"] * 2


SERIES = (
    {"study_description": "", "description": ""}
    | dict.fromkeys(
        ("day", "time", "patient_name", "patient_id", "accession", "modality", "body_part", "side"),
    )
    | {"films": 1}
)


class Address(dict):
    """As Streamlit has it."""

    def __init__(self, asked):
        super().__init__(patients=asked)

    def get_all(self, key):
        return [self[key]] if key in self else []


def test_cases_has_the_choice_too():
    app = opened(film(1, **DOE)).switch_page("cases/page.py").run()
    (choice,) = (box for box in app.get("button_group") if box.label.startswith("Patients"))
    assert choice.value == "shown"


@pytest.mark.usefixtures("kept")
def test_what_stays_after_a_sign_out_names_its_patient_no_more_and_that_is_said():
    data = film(1, **DOE)
    app = arrived(name="IM0001", data=data)
    assert "Doe, Jane" in shown(app)
    app.switch_page("cases/page.py").run()
    press(app, "sign_out")
    assert "1 DICOM film that was not saved stayed" in app.info[0].value
    app.switch_page("reading/page.py").run()
    text = shown(app)
    assert "Doe" not in text
    assert named.SIGNED_OUT in text
    # Who has the file may read it.
    assert "Doe, Jane" in shown(upload(app, "IM0001", data))


def of_this_session():
    import streamlit as st

    from pages.cases import agreement

    st.session_state["whose"] = agreement.of_session()[0]["patient"].tolist()


def test_both_films_of_a_patient_count_as_one_patient_in_her_agreement():
    # Without a reader's list, too: intervals are over patients, and say so.
    app = opened(film(1, **DOE), film(2, **DOE), film(3, **ROE), film(4, PatientID=""))
    here = AppTest.from_function(of_this_session, default_timeout=60)
    for name in ("films", "own_grades"):
        here.session_state[name] = app.session_state[name]
    for digest in app.session_state["films"]:
        here.session_state["own_grades"][digest, 0] = OwnGrade(2, datetime.now(UTC))
    assert not here.run().exception
    first, second, other, unknown = here.session_state["whose"]
    assert first == second != other
    assert unknown == list(app.session_state["films"])[3]
    assert "47-11" not in str(here.session_state["whose"])
