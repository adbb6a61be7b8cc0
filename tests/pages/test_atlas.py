"""The atlas: what it says of the grades, its drawing, its choice of films, and its page."""

import itertools
import xml.etree.ElementTree as ElementTree
from functools import cache

import numpy as np
import pandas as pd
import pytest

from kneeoa.films.phantom import knee_png
from kneeoa.graders.answer import AnswerRule
from kneeoa.graders.published import DEFAULT_MODELS
from kneeoa.grades import GRADES
from kneeoa.metrics import rules
from kneeoa.networks import ARCHITECTURES
from kneeoa.records.results import PROBABILITY_COLUMNS, read_predictions
from kneeoa.teaching import atlas, examples
from kneeoa.teaching.films import open_set, synthetic_set
from pages.atlas import criteria
from tests.support import opening
from tests.support.graded_films import write_film, write_flat
from tests.support.teaching_pages import keyed
from tests.support.viewer import viewers


@cache
def published():
    return [read_predictions(DEFAULT_MODELS / name / "predictions.csv") for name in ARCHITECTURES]


def predictions(**grades):
    """Films by name, with the grade that a network gives each and how sure it is of it."""
    rows = []
    for name, (given, sure) in grades.items():
        shares = np.full(5, (1 - sure) / 4)
        shares[given] = sure
        rows.append({"image_id": name, "true_grade": 2, **dict(zip_shares(shares))})
    return pd.DataFrame(rows)


def zip_shares(shares):
    return zip(PROBABILITY_COLUMNS, shares, strict=True)


@pytest.fixture
def answers(tmp_path):
    for name in ("aL", "bL", "cR", "dR"):
        write_film(tmp_path / "val" / "2" / f"{name}.png", 1)
    write_film(tmp_path / "val" / "3" / "eR.png", 1)
    first = predictions(aL=(2, 0.6), bL=(2, 0.9), cR=(0, 0.8), dR=(3, 0.7), eR=(3, 0.9))
    second = predictions(aL=(2, 0.7), bL=(2, 0.8), cR=(3, 0.5), dR=(3, 0.9), other=(2, 1.0))
    return examples.answered([first, second], open_set(str(tmp_path)))


def test_signs_of_a_drawing_are_numbered_and_what_they_mean_stands_below():
    for grade in GRADES:
        drawn, listed = criteria.numbered(criteria.drawing(grade)).split("<ol>")
        root = ElementTree.fromstring(drawn)
        texts = [(one.get("class"), one.text) for one in root.iter() if one.tag.endswith("text")]
        marks = [words for kind, words in texts if kind == "kl-mark"]
        meant = listed.removesuffix("</li></ol>").removeprefix("<li>").split("</li><li>")
        assert marks == [str(number) for number in range(1, len(meant) + 1)]
        assert {"femur", "tibia"} <= {words for kind, words in texts if kind == "kl-part"}
        signs = [words for kind, words in texts if kind == "kl-sign"]
        assert "".join(signs) == "".join(meant).replace(": ", "").replace("<b>", "").replace(
            "</b>", ""
        )


def test_every_sign_says_something_of_every_grade():
    for sign in atlas.SIGNS:
        assert len(sign.at) == len(GRADES)
        assert all(sign.at)
    assert [(step.low, step.high) for step in atlas.STEPS] == list(itertools.pairwise(GRADES))
    assert [len(atlas.steps_of(grade)) for grade in GRADES] == [1, 2, 2, 2, 1]


def test_whatever_is_said_has_a_source_on_the_list():
    said = [*atlas.VARIANTS, *atlas.AGREEMENT, atlas.OTHER_WAYS]
    assert {one.source for one in said} <= set(atlas.SOURCES)
    assert all(source.doi.startswith("10.") for source in atlas.SOURCES if source.doi)


@pytest.mark.parametrize("grade", GRADES)
def test_the_drawing_shows_what_its_grade_asks_for(grade):
    drawn, small = (criteria.drawing(grade, size) for size in ("large", "small"))
    element = ElementTree.fromstring(drawn)
    texts = [one.text for one in element.iter() if one.tag.endswith("text")]
    for sign in atlas.SIGNS:
        assert sign.at[grade] in texts
    assert element.get("aria-label") == f"Drawing of a knee of {grade.label}: {grade.criteria}"
    # The colour of the text around it, so that it stands on light and on dark.
    assert "currentColor" in drawn
    assert ("#000" in drawn, "black" in drawn, "white" in drawn) == (False, False, False)
    osteophyte, dense = "#d08a1d", "#a05fb5"
    assert (osteophyte in small, dense in small) == (grade > 0, grade > 2)


def test_only_films_that_both_networks_and_the_set_know_count(answers):
    # The film e is of another reference grade here: it is not the same film.
    assert sorted(answers["image_id"]) == ["aL", "bL", "cR", "dR"]
    of = answers.set_index("image_id")
    assert of.loc["aL", "confidence"] == pytest.approx(0.65)
    assert of.loc["cR", ["first", "second"]].tolist() == [0, 3]


def test_answers_are_by_the_networks_rules(answers, tmp_path):
    table = predictions(aL=(0, 0.4), bL=(2, 0.9))  # the median of aL is KL 1, at 0.15
    rule = AnswerRule("median", 0.9, 0.8)
    found = examples.answered([table, table], open_set(str(tmp_path)), [rule, None])
    assert found.loc[found["image_id"] == "aL", ["first", "second"]].values.tolist() == [[1, 0]]
    assert found["confidence"].tolist() == pytest.approx([(0.15 + 0.4) / 2, 0.9])


def test_clear_and_disputed_films_come_in_order(answers):
    assert examples.clear(answers, 2) == ["bL", "aL"]
    assert examples.disputed(answers, 2) == ["cR", "dR"]
    assert examples.clear(answers, 4) == []
    assert examples.against_reference(answers)["image_id"].tolist() == ["dR"]
    assert examples.far_apart(answers)["image_id"].tolist() == ["cR"]


def test_grades_alone_give_the_lists_without_a_confidence():
    films = synthetic_set()
    name = min(films.films)
    off = 4 if films.films[name].grade < 2 else 0
    found = examples.answered_by_grade([{name: off}, {name: off}], films)
    assert examples.against_reference(found)["image_id"].tolist() == [name]
    assert found["confidence"].isna().all()
    assert examples.answered_by_grade([{}, {}], films).columns.tolist() == list(examples.COLUMNS)
    assert examples.far_apart(examples.answered_by_grade([{}, {}], films)).empty


def test_films_that_divide_readers_come_in_order(answers):
    votes = pd.DataFrame(
        [
            *(("bL", 2, grade) for grade in (2, 2, 3)),
            *(("cR", 2, grade) for grade in (0, 4, 4)),
            *(("aL", 2, grade) for grade in (2, 2, 2)),
            *(("dR", 2, grade) for grade in (0, 4)),
        ],
        columns=["image_id", "reference", "grade"],
    )
    found = examples.divided(answers, votes)
    assert found["image_id"].tolist() == ["cR", "bL"]
    assert found["readers"].tolist() == ["KL 0: 1, KL 4: 2", "KL 2: 2, KL 3: 1"]
    assert examples.divided(answers, votes.assign(reference=1)).empty
    assert examples.divided(answers, votes.iloc[:0]).empty


def test_pairs_are_of_one_side_where_names_tell_it():
    assert examples.paired(["1L", "2R", "3R"], ["4R", "5L"]) == [("1L", "5L"), ("2R", "4R")]
    assert examples.paired(["a", "b"], ["c"]) == [("a", "c")]
    assert examples.paired([], ["c"]) == []


def opened(monkeypatch, folder=None, **query):
    if folder is None:
        monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    else:
        monkeypatch.setenv("KNEEOA_DATASET", str(folder))
    return opening.opened("atlas", **query)


def text(app):
    assert not app.exception
    blocks = [*app.title, *app.markdown, *app.info, *app.warning, *app.caption]
    return " ".join(str(block.value) for block in blocks)


def pictures(app):
    return sum(len(data["panes"]) for data in viewers(app))


DIFFERING = -1


def graded(tmp_path, count=2, knees=()):
    """Write films under names and grades that the published networks know; return the folder.

    Of a knee are those that show the grades in `knees` clearly or, with `DIFFERING`, on which
    answers differ: drawing one takes long, and blotches are a film, too, where none is graded.
    """
    both = published()[0].merge(published()[1], on=["image_id", "true_grade"])
    both = both.assign(
        one=rules.median(both[[f"{name}_x" for name in PROBABILITY_COLUMNS]].to_numpy()),
        two=rules.median(both[[f"{name}_y" for name in PROBABILITY_COLUMNS]].to_numpy()),
    )
    right = both[(both["one"] == both["true_grade"]) & (both["two"] == both["true_grade"])]
    agreed = both[(both["one"] == both["two"]) & (both["one"] != both["true_grade"])]
    apart = both[(both["one"] - both["two"]).abs() >= 2]
    clear = [right[right["true_grade"] == grade].head(count) for grade in range(5)]
    differing = pd.concat([agreed.head(1), apart.head(1)]).assign(shows=DIFFERING)
    chosen = pd.concat([*(films.assign(shows=films["true_grade"]) for films in clear), differing])
    for number, row in enumerate(chosen.itertuples()):
        write = draw if row.shows in knees else write_film
        write(tmp_path / "val" / str(row.true_grade) / f"{row.image_id}.png", number)
    return tmp_path


def draw(file, seed):
    """Write a film of a knee that may be graded."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(knee_png(seed % 5, seed=seed))


def test_the_first_part_tells_the_criteria_and_draws_them(monkeypatch):
    app = opened(monkeypatch)
    page = text(app)
    assert app.title[0].value == "Atlas of the grades"
    assert GRADES[2].criteria in page
    assert "10.1136/ard.16.4.494" in page
    assert page.count("<svg") == 1 + len(GRADES)
    app.segmented_control(key="grade").set_value(4).run()
    assert GRADES[4].criteria in text(app)
    assert list(app.query_params["grade"]) == ["4"]


def test_without_a_folder_the_films_are_drawn_and_that_is_said(monkeypatch):
    app = opened(monkeypatch, part="films", grade="3")
    assert "drawn, not taken" in text(app)
    assert "Real films are not part of this dashboard" in text(app)
    assert pictures(app) == 6
    assert "12 films." in text(app)
    way_on = next(button for button in app.button if button.key.startswith("open_"))
    (film,) = way_on.click().run().session_state["films"].values()
    assert film.drawn
    app = opened(monkeypatch, part="differing")
    assert "only real films teach" in text(app)


def test_clear_films_come_first_and_one_opens_in_the_reading_page(monkeypatch, tmp_path):
    app = opened(monkeypatch, graded(tmp_path, knees=(1, DIFFERING)), part="films", grade="1")
    assert "both networks agree with the reference" in text(app)
    assert "2 films." in text(app)
    assert pictures(app) == 2
    app.segmented_control(key="which").set_value("any").run()
    assert pictures(app) >= 2
    way_on = next(button for button in app.button if button.key.startswith("open_example"))
    way_on.click().run()
    assert not app.exception
    name = way_on.key.rpartition("_")[2]
    assert f"{name}.png" in " ".join(block.body for block in app.get("html"))


def test_neighbours_are_looked_at_together_and_paired_anew(monkeypatch, tmp_path):
    app = opened(monkeypatch, graded(tmp_path, 6), part="neighbours", pair="2-3")
    assert pictures(app) == 2
    assert viewers(app)[0]["wipes"]
    assert atlas.STEPS[2].question in text(app)
    before = text(app)
    keyed(app.button, "another_pair").click().run()
    assert text(app) != before
    assert "Pair 2 of" in text(app)


def test_neighbours_are_called_clear_only_where_both_are(monkeypatch, tmp_path):
    app = opened(monkeypatch, graded(tmp_path / "clear", 6), part="neighbours", pair="2-3")
    assert "Clear examples" in text(app)
    folder = graded(tmp_path / "disputed", 6)
    for file in (folder / "val" / "2").iterdir():
        file.unlink()
    films = published()[0].query("true_grade == 2")
    given = rules.median(films[PROBABILITY_COLUMNS].to_numpy())
    for number, name in enumerate(films["image_id"][given != 2].head(6)):
        write_film(folder / "val" / "2" / f"{name}.png", 90 + number)
    app = opened(monkeypatch, folder, part="neighbours", pair="2-3")
    assert "Pair 1 of" in text(app)
    assert "Clear examples" not in text(app)


def test_films_on_which_answers_differ_are_listed_with_both_maps(monkeypatch, tmp_path):
    # Drawn films under published names: as if they were read as published.
    monkeypatch.setattr("pages.shared.answers.counting.recorded_answers", lambda *_: ())
    app = opened(monkeypatch, graded(tmp_path, knees=(DIFFERING,)), part="differing")
    options = app.segmented_control(key="list").options
    assert [option.rpartition(" ")[2] for option in options] == ["(1)", "(1)", "(0)"]
    assert pictures(app) == 3
    app.segmented_control(key="list").set_value("apart").run()
    assert pictures(app) == 3
    assert viewers(app)[0]["columns"] == 3
    wrong = next(one for one in range(5) if f"reference KL {one}" not in text(app))
    app.button_group(key="reference_grades").set_value([wrong]).run()
    assert "There is no such film." in text(app)


def test_a_grade_without_films_is_said_and_the_rest_stands(monkeypatch, tmp_path):
    for number in range(3):
        write_film(tmp_path / "test" / "1" / f"{number}L.png", number)
    app = opened(monkeypatch, tmp_path, part="neighbours", pair="1-2")
    assert "no films of KL 2" in text(app)
    app = opened(monkeypatch, tmp_path, part="films", grade="4")
    assert "0 films." in text(app)
    app.segmented_control(key="grade").set_value(1).run()
    assert pictures(app) == 3


def test_a_folder_without_splits_is_graded_when_asked(monkeypatch, tmp_path):
    for seed, file in enumerate(sorted(write_flat(tmp_path, 1).rglob("*.png"))):
        draw(file, seed)
    app = opened(monkeypatch, tmp_path, part="films", grade="1")
    assert "may have learned from them" in text(app)
    assert "about other films" in text(app)
    app.segmented_control(key="part").set_value("differing").run()
    assert not viewers(app)
    app.button(key="grade_now").click().run()
    assert "Of 2 films" in text(app)


def test_an_unreadable_film_is_said_in_its_place(monkeypatch, tmp_path):
    for number in range(3):
        write_film(tmp_path / "val" / "1" / f"{number}L.png", number)
        write_film(tmp_path / "val" / "2" / f"{number}9L.png", number)
    (tmp_path / "val" / "1" / "0L.png").write_text("no film")
    app = opened(monkeypatch, tmp_path, part="films", grade="1")
    assert pictures(app) == 2
    assert "0L" in app.warning[0].value
    app.segmented_control(key="part").set_value("neighbours").run()
    assert pictures(app) == 1
    assert len(app.warning) == 1
    keyed(app.button, "another_pair").click().run()
    assert pictures(app) == 2


def test_a_folder_that_is_not_there_is_said_and_the_criteria_stand(monkeypatch, tmp_path):
    app = opened(monkeypatch, tmp_path / "nowhere", part="films")
    assert not app.exception
    assert "tell whoever runs" in app.error[0].value
    app.segmented_control(key="part").set_value("criteria").run()
    assert "<svg" in text(app)
