"""What a film gives reason to doubt its grade by, in both lists of films and in their files."""

import io
from collections import deque
from dataclasses import replace

import numpy as np
import pandas as pd

from kneeoa.films.phantom import draw_knee
from kneeoa.films.shape.whole import whole_notes
from kneeoa.graders.locating.gate import IMPLANT, NEGATIVE
from kneeoa.spreadsheet import csv_text
from kneeoa.store.cases import keeping, listing
from kneeoa.store.cases.case import Case
from pages.cases import columns
from pages.cases.batch import Batch
from pages.cases.session import actions
from tests.support.case_pages import listed, sign_in, started, upload
from tests.support.cases import NOW, knee, new_case, refused
from tests.support.films import image_file

APART = {"mobilenet": 1, "resnet50": 3}
METAL = knee(2, networks=APART, findings=(IMPLANT,))


def cell(state, **options):
    """The cell of a knee's doubt in the lists, and what is said where it is pointed at."""
    new = new_case(knees=[state])
    case = Case(1, "f", "d", "n", "PNG", "", "", True, 1, new.state, NOW, NOW)
    (row,) = listing.table([case], **options).to_dict("records")
    shown = columns.row("1.0", row, columns.cells_of(row))
    return shown.cells["doubt"], shown.told["doubt"]


def test_the_cell_of_a_doubt_names_the_warning():
    words = f"networks 2 apart, warned: {IMPLANT.sentence}"
    assert cell(METAL) == (words, words)
    assert cell(knee(2)) == ("", "")
    (refusal,) = refused().findings
    anyway = replace(METAL, findings=(refusal, IMPLANT))
    shown, told = cell(anyway)
    assert shown == f"networks 2 apart, warned, {columns.GRADED_ANYWAY}"
    assert refusal.sentence in told
    assert IMPLANT.sentence in told
    assert cell(replace(refused(), findings=(refusal, IMPLANT))) == (refusal.sentence,) * 2


def test_the_saved_list_tells_of_metal_before_her_grade_and_nothing_of_the_answer(db, files):
    keeping.add(db, files, new_case(knees=[METAL]), b"film" * 99, NOW)
    app = started("cases")
    app.query_params["reveal"] = "after"
    (row,) = listed(sign_in(app.run(), "ab"))
    assert row["cells"]["answer"] == columns.AFTER_YOURS
    assert row["cells"]["doubt"] == f"warned: {IMPLANT.sentence}"
    assert "apart" not in str(row)


def test_a_negative_of_this_session_is_in_doubt_and_taken_along_as_such():
    app = upload(started(), "negative.png", image_file(255 - draw_knee(2, seed=1)))
    app.switch_page("cases/page.py").run()
    app.segmented_control(key="view").set_value("session").run()
    (row,) = listed(app)
    assert row["cells"]["doubt"].endswith(f"warned: {NEGATIVE.sentence}")


def test_what_was_noted_on_a_film_of_this_session_is_a_doubt_in_the_list():
    """As the strip beside it says, although its box may lie above what is missing."""
    film = np.pad(draw_knee(2, seed=1), ((0, 60), (0, 0)), mode="edge")
    film[-30:] = 0
    app = upload(started(), "part.png", image_file(film))
    app.switch_page("cases/page.py").run()
    app.segmented_control(key="view").set_value("session").run()
    (row,) = listed(app)
    (note,) = whole_notes(film)
    assert row["cells"]["doubt"].startswith(f"warned: {note}")


def test_the_file_of_a_session_has_warnings_and_who_graded():
    by = {"together": "a" * 64, "profile": "b" * 64}
    state = replace(METAL, graded_by=by, profile_said="As graded at Bern, 50 films, median")
    new = new_case(knees=[state])
    case = Case(1, "f", "d", "n", "PNG", "", "", True, 1, new.state, NOW, NOW)
    table = actions.to_take_along(listing.table([case]), Batch("me", deque()))
    (row,) = pd.read_csv(io.StringIO(csv_text(table))).to_dict("records")
    assert row["warning"] == IMPLANT.sentence
    assert row["graded_by"] == f"{'a' * 12}.{'b' * 12}"
    assert row["profile"] == "Bern (bbbbbb)"
