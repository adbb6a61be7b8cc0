"""The reader's own grade: by key, before the networks' is seen or after, and how they agree."""

import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.grading import Graders
from pages.reading import case_line
from pages.shared import session_films
from tests.support.films import image_file
from tests.support.places import MAIN_SCRIPT
from tests.support.rows import tables
from tests.support.teaching_pages import called, press, text
from tests.support.viewer import viewers

FILM = knee_png(3, seed=2)


def started(*films, **query):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app.file_uploader[0].set_value([(name, data, "image/png") for name, data in films])
    return app.run()


def own(app):
    (found,) = app.session_state["own_grades"].values()
    return found


def html(app):
    """What the page shows as HTML, without its style and the list of all grades."""
    assert not app.exception
    same = "<style>", '<div class="kl-all-grades">'
    return " ".join(
        block.body for block in app.get("html") if not any(part in block.body for part in same)
    )


def reports(app):
    """What opens the report, and whether that waits."""
    popovers = [block.proto.popover for block in app.get("popover")]
    return [(it.label, it.disabled) for it in popovers if it.label == "Report"]


@pytest.fixture(scope="module")
def headline():
    return Graders().read_both(read_radiograph(FILM, "one.png"))[1].answer.headline


def test_a_grade_is_given_by_its_button_and_can_be_changed():
    app = started(("one.png", FILM))
    press(app, "own_2")
    assert own(app).grade == 2
    press(app, "own_4")
    assert own(app).grade == 4
    assert "My grade: KL 4, given after" in html(app)
    # Each has one digit; who hears the page hears whose grade it is, and which is given.
    names = [button.label for button in app.button if str(button.key).startswith("own_")]
    assert names[0] == "0 *my grade KL 0, none*"
    assert [name for name in names if "given" in name] == ["4 *my grade KL 4, severe, given*"]
    kinds = {called(button): button.proto.type for button in app.button}
    assert (kinds["own_4"], kinds["own_2"]) == ("primary", "secondary")
    shortcuts = {called(button): button.proto.shortcut for button in app.button}
    assert [shortcuts[f"own_{grade}"] for grade in range(5)] == list("01234")


def test_a_grade_given_with_the_answer_in_sight_is_no_free_one():
    app = started(("one.png", FILM))
    press(app, "own_2")
    assert own(app).seen_at is not None
    assert own(app).committed is None
    assert "in sight" in html(app)


def test_nothing_of_the_answer_is_told_before_she_commits(headline):
    app = started(("one.png", FILM), ("two.png", knee_png(0, seed=1)), reveal="after")
    for _ in range(3):
        app.run()
    assert "after yours" in html(app)
    assert "after your grade" in html(app)
    for told in ('class="kl-grade"', "kl-cells", "networks agree", "grades apart", headline):
        assert told not in html(app)
    assert not [one for one in app.expander if "KL" in one.label]
    (data,) = viewers(app)
    assert data["films"][0]["layers"] == []
    turns = [button.label for button in app.button if (button.key or "").startswith("turn_")]
    assert turns
    assert not any("KL" in label for label in turns)


def test_a_warning_of_the_film_waits_for_no_grade():
    negative = image_file(255 - draw_knee(2, seed=1))
    app = started(("negative.png", negative), ("two.png", knee_png(0, seed=1)), reveal="after")
    turns = [button.label for button in app.button if called(button).startswith("turn_")]
    assert [turn.partition(": ")[2] for turn in turns] == ["after yours, warned", "after yours"]
    (line,) = [part for part in html(app).split("<div") if 'class="kl-said"' in part]
    assert line.index(">warned</span>") < line.index(case_line.HIDDEN)


def test_committing_reveals_and_keeps_both(headline):
    app = started(("one.png", FILM), reveal="after")
    press(app, "own_commit")
    assert headline not in html(app)
    # Its place is kept: what stands beside it stays where it is.
    assert reports(app) == [("Report", True)]
    press(app, "own_1")
    press(app, "own_3")
    assert 'class="kl-grade"' not in html(app)
    press(app, "own_commit")
    assert f'class="kl-grade">{headline}<' in html(app)
    assert reports(app) == [("Report", False)]
    assert own(app).committed == own(app).grade == 3
    assert "given before" in html(app)
    press(app, "own_0")
    assert (own(app).grade, own(app).committed) == (0, 3)
    assert "KL 3" in html(app)


def test_what_was_seen_stays_seen(headline):
    app = started(("one.png", FILM))
    assert headline in html(app)
    app.segmented_control(key="reveal").set_value("after").run()
    assert "after" in app.query_params["reveal"]
    assert headline in html(app)
    press(app, "own_2")
    assert own(app).committed is None


def test_what_waits_is_chosen_before_the_first_film(headline):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()
    app.segmented_control(key="reveal").set_value("after").run()
    app.file_uploader[0].set_value([("one.png", FILM, "image/png")]).run()
    assert "after your grade" in html(app)
    assert headline not in html(app)


def test_chosen_later_it_hides_the_knees_that_were_not_opened(headline):
    app = started(("zero.png", knee_png(0, seed=1)), ("one.png", FILM))
    for _ in range(2):
        app.run()
    seen, _ = turns = [one for one in app.button if (one.key or "").startswith("turn_")]
    assert all("KL" in button.label for button in turns)
    app.segmented_control(key="reveal").set_value("after").run()
    opened, waiting = [one for one in app.button if (one.key or "").startswith("turn_")]
    assert opened.label == seen.label
    assert "after yours" in waiting.label
    assert "stay open" in text(app)
    waiting.click().run()
    assert headline not in html(app)
    press(app, "own_1")
    assert "stood beside the films" in html(app)
    press(app, "own_commit")
    assert headline in html(app)
    # She may have read it beside the films: it is no free grade.
    (mine,) = [one for one in app.session_state["own_grades"].values() if one.grade is not None]
    assert mine.committed is None


def test_the_session_list_does_not_tell_either(headline):
    app = started(("one.png", FILM), reveal="after")
    app.switch_page("cases/page.py").run()
    app.segmented_control(key="view").set_value("session").run()
    (table,) = tables(app)
    assert [row["cells"]["answer"] for row in table["rows"]] == ["after yours"]
    assert headline not in str(table)


def test_agreement_says_what_is_missing_and_then_figures():
    app = started(("one.png", FILM), reveal="after")
    app.switch_page("cases/page.py").run()
    app.segmented_control(key="view").set_value("agreement").run()
    assert "graded no knee yet" in text(app)
    app.switch_page("reading/page.py").run()
    press(app, "own_1")
    press(app, "own_commit")
    app.switch_page("cases/page.py").run()
    assert "1 of at least 10 knees so far" in app.dataframe[0].value.to_csv()


def test_where_she_differs_from_their_one_grade_is_listed_and_opens(headline):
    said = int(Graders().read_both(read_radiograph(FILM, "one.png"))[1].said)
    mine = 0 if said > 1 else 4
    app = started(("one.png", FILM), ("two.png", knee_png(0, seed=3)), reveal="after")
    one, two = app.session_state["films"]
    app = turned_to(app, one)
    press(app, f"own_{mine}")
    app.switch_page("cases/page.py").run()
    app.segmented_control(key="view").set_value("agreement").run()
    assert tables(app) == []  # their answer waits
    app.switch_page("reading/page.py").run()
    press(app, "own_commit")
    turned_to(app, two)
    app.switch_page("cases/page.py").run()
    (table,) = tables(app)
    (row,) = table["rows"]
    assert (row["cells"]["networks"], row["cells"]["range"]) == (f"KL {said}", headline)
    assert (row["cells"]["mine"], row["cells"]["apart"]) == (f"KL {mine}", f"{mine - said:+d}")
    app.session_state["open_film"] = row["key"]  # as its Enter does
    app.run()
    assert app.session_state["current_film"] == one


def turned_to(app, digest):
    app.session_state[session_films.NEXT] = digest
    return app.run()
