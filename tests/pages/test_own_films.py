"""A hospital's own films as a reader drives the pages, without a browser."""

import dataclasses
import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from kneeoa.adaptation import sheet
from kneeoa.adaptation.disagreeing import disagreements
from kneeoa.adaptation.gathering import graded as graded_films
from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.grading import Graders
from kneeoa.graders.profile import unpack_profile
from pages.own_films import as_published
from tests.support.places import MAIN_SCRIPT
from tests.support.profiles import profile_files, profile_zip
from tests.support.zips import zipped

COUNT = 14  # fewer than are asked for, which tests lower: each takes long to read


@pytest.fixture
def app(monkeypatch):
    for name in ("KNEEOA_OWN_FILMS", "KNEEOA_DATASET"):
        monkeypatch.delenv(name, raising=False)
    return AppTest.from_file(MAIN_SCRIPT, default_timeout=300).run()


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def graded():
    """A ZIP of drawn films, each a grade higher than drawn, up to KL 3, one slip, and a text."""
    grades = {number: min(number % 4 + 1, 3) for number in range(COUNT)} | {4: 3}
    films = {
        f"{grade}/*{number}*.png": png(draw_knee(number % 4, seed=number, marked=False))
        for number, grade in grades.items()
    }
    return zipped(films | {"2/text.png": b"hello"})


def text(app):
    assert not app.exception
    blocks = [
        *(*app.markdown, *app.caption, *app.subheader, *app.title),
        *(*app.success, *app.info, *app.warning, *app.error),
    ]
    html = [block.body for block in app.get("html")]
    return " ".join([*(str(block.value) for block in blocks), *html])


def press(app, label=None, key=None):
    button = next(b for b in app.button if (b.label == label if key is None else b.key == key))
    button.click().run()


def uploader(app, label):
    return next(one for one in app.file_uploader if one.label.startswith(label))


def open_own(app):
    return app.switch_page("own_films/page.py").run()


def load(app, data, name="profile.zip"):
    open_own(app)
    uploader(app, "A profile").set_value([(name, data, "application/zip")])
    app.run()
    return text(app)


def look(app, data, name="County.zip"):
    open_own(app)
    uploader(app, "A ZIP").set_value([(name, data, "application/zip")])
    app.run()
    press(app, key="look_zip")
    return text(app)


def read_one(app, grade=2):
    """Open a drawn film in the reading page; return its bytes."""
    app.switch_page("reading/page.py").run()
    data = png(draw_knee(grade, seed=77, marked=False))
    app.file_uploader[0].set_value([("one.png", data, "image/png")])
    app.run()
    assert not app.exception
    return data


def shown_shares(app):
    """The probabilities of both networks' columns, as they stand on the page."""
    return [body for block in app.get("html") if 'class="kl-bars"' in (body := block.body)]


def expected_shares(graders, data):
    readings = graders.read(read_radiograph(data, "one.png"))
    return [[f">{share:.0%}</div>" for share in one.probabilities] for one in readings]


def test_films_are_looked_at_learnt_from_and_read_with(app, graded, monkeypatch):
    monkeypatch.setattr(graded_films, "LEAST_FILMS", COUNT - 2)
    said = look(app, graded)
    assert f"**{COUNT} films** of County\\.zip (KL 0: 0, KL 1: 3, KL 2: 4, KL 3: 7" in said
    assert "**1 film** could not be used" in said
    assert "\\*0\\*\\.png" in said
    assert app.session_state["own_films"].adaptation is None
    press(app, key="own_learn")
    said = text(app)
    assert "right as published" in said
    assert any(one.label.endswith("learnt from") for one in app.expander)  # at once, and closed
    assert "What the networks learnt about your readers" in said
    assert "No film of KL 0 and KL 4 is among them" in said
    adaptation = app.session_state["own_films"].adaptation
    assert adaptation.films.images.size == 0  # which the server would hold for nothing
    after = adaptation.figures["together"]["answer_accuracy"]["after"]
    (table,) = (one.value for one in app.dataframe if "Difference" in one.value)
    assert table.iloc[0]["Adapted, out of fold"].startswith(f"{100 * after[0]:.1f}%")
    if not adaptation.better:
        assert "does not exclude 0" in said
        app.checkbox(key="own_anyway").check().run()
    app.text_input(key="own_name").set_value("County *hospital*").run()
    press(app, key="own_use")
    assert f"As graded at County \\*hospital\\*, {COUNT} films" in text(app)

    data = read_one(app)
    page = " ".join(block.body for block in app.get("html"))
    assert "As graded at County *hospital*" in page
    assert "learnt from this very film" not in text(app)
    profile = app.session_state["profiles"][app.session_state["profile"]]
    for body, shares in zip(
        shown_shares(app), expected_shares(Graders().under(profile), data), strict=True
    ):
        assert all(share in body for share in shares)

    # A second session sees neither films nor profile, and is answered as published.
    other = AppTest.from_file(MAIN_SCRIPT, default_timeout=300).run()
    assert "own_films" not in other.session_state
    read_one(other)
    assert "As graded at" not in text(other)
    for body, shares in zip(shown_shares(other), expected_shares(Graders(), data), strict=True):
        assert all(share in body for share in shares)

    # A film that was learnt from says so where it is opened.
    open_own(app)
    assert app.session_state["own_films"].adaptation is adaptation
    opening = [one for one in app.button if (one.key or "").startswith("own_open_")]
    assert "*4*.png" in next(iter(disagreements(adaptation)["film"]))
    opening[0].click().run()
    assert "learnt from this very film" in text(app)

    app.switch_page("reading/page.py").run()
    press(app, "Back to the published networks")
    assert shown_shares(app)
    assert "As graded at" not in text(app)


def test_the_published_networks_are_measured_and_the_figures_kept(app, graded, monkeypatch):
    monkeypatch.setattr(graded_films, "LEAST_FILMS", COUNT - 2)
    look(app, graded)
    press(app, key="own_measure")
    said = text(app)
    assert "1 film could not be used, 0 left out by you" in said
    work = app.session_state["own_films"]
    assert work.adaptation is None
    found = work.measured.evaluation.answers["Both together"]
    right = (found["predicted"] == found["true_grade"]).mean()
    (table,) = (one.value for one in app.dataframe if "Measure" in one.value)
    cell = table.set_index("Measure").loc["Accuracy", "Both together, your films"]
    assert cell.startswith(f"{100 * right:.1f}% (")
    assert len(app.get("plotly_chart")) >= 3
    with zipfile.ZipFile(io.BytesIO(as_published.content(work.measured))) as archive:
        kept = b"".join(map(archive.read, archive.namelist()))
        assert "own_films/tables/figures.csv" in archive.namelist()
    assert b"*0*" not in kept
    # It stands beside the other hospital's figures, until other films are taken.
    app.switch_page("robustness/page.py").run()
    assert "This is how the networks do on yours: County" in text(app)
    work.forget_learnt()
    assert work.measured is None


def test_too_few_films_are_said_before_anything_is_asked(app):
    films = {f"{n % 3}/{n}.png": png(draw_knee(n % 3, seed=n, marked=False)) for n in range(4)}
    assert "25 films are needed to learn from them, or to measure" in look(app, zipped(films))
    assert app.button(key="own_learn").disabled
    assert app.button(key="own_measure").disabled


def test_a_frame_is_corrected_and_what_was_learnt_is_forgotten(app):
    films = {f"{n}/{n}.png": png(draw_knee(n, seed=n, marked=False)) for n in range(3)}
    look(app, zipped(films))
    work = app.session_state["own_films"]
    work.adaptation = object.__new__(dataclasses.make_dataclass("Learnt", []))
    film = work.films[0]
    work.replace(film, sheet.moved(film, Frame.around(110, 112, 200, film.frame.name)))
    assert work.adaptation is None
    assert "corrected" in text(app.run())
    work.leave_out(work.films[1], out=True)
    assert "**2 films** of" in text(app.run())
    press(app, key="own_other")
    assert "A ZIP of graded films" in [one.label for one in app.file_uploader]


def test_films_that_are_there_twice_stand_on_the_sheet_and_count_once(app, monkeypatch):
    monkeypatch.setattr(graded_films, "LEAST_FILMS", 3)
    monkeypatch.setattr(graded_films, "LEAST_GRADES", 2)
    film = png(draw_knee(1, seed=1, marked=False))
    table = "file,grade\na.png,1\na.png,1\ncopy.png,2\n"
    said = look(app, zipped({"grades.csv": table, "a.png": film, "copy.png": film}))
    assert "**3 films** of" in said
    press(app, key="own_learn")
    assert "Received 0 \\(1 film could not be used\\)" in text(app)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"no zip", "Expected a ZIP"),
        (zipped({"../../etc/x.png": b"x"}), "inside the ZIP"),
        (zipped({"notes.txt": b"x"}), "Found none"),
        (zipped({f"1/{n}.png": b"x" for n in range(601)}), "at most 600 films"),
    ],
)
def test_a_zip_that_cannot_be_used_is_said(app, data, said):
    assert said in look(app, data).replace("\\", "")
    assert "own_films" not in app.session_state


def test_two_profiles_are_compared_and_left_in_one_click(app):
    load(app, profile_zip("<b>County</b> ![](x)", towards=4))
    load(app, profile_zip("Lakeside", towards=0))
    data = read_one(app)
    html = " ".join(block.body for block in app.get("html"))
    assert "As graded at Lakeside, 50 films, 61% right (51 to 71%)" in html
    assert "films of Lakeside)" in html
    assert "its readers agreed in 75%" in html
    # What is strong evidence was measured of the published last layers.
    shown = html + "".join(expander.label for expander in app.expander)
    for words in ("weak evidence", "moderate evidence", "strong evidence", "one in a hundred"):
        assert words not in shown
    app.toggle(key="compare_profiles").set_value(True).run()
    (table,) = [
        block.body for block in app.get("html") if '<table class="kl-answers"' in block.body
    ]
    assert table.count("<tr") == 4
    assert "&lt;b&gt;County&lt;/b&gt; ![](x), 50 films" in table
    rows = table.split("<tr")[2:]
    published = Graders()
    for row, graders in zip(
        rows,
        (published, *(published.under(p) for p in app.session_state["profiles"].values())),
        strict=True,
    ):
        together = graders.read_both(read_radiograph(data, "x.png"))[1]
        assert f"<td>{together.answer.text}</td>" in row
        assert f"<b>{together.answer.grade.label}</b>" in row
    assert "KL 0 alone" in rows[2]
    choice = next(one for one in app.selectbox if one.label == "Graded as")
    choice.set_value(next(iter(app.session_state["profiles"]))).run()
    html = " ".join(block.body for block in app.get("html"))
    assert "As graded at &lt;b&gt;County&lt;/b&gt; ![](x)" in html
    assert "<b>County" not in html
    press(app, "Back to the published networks")
    for body, shares in zip(shown_shares(app), expected_shares(published, data), strict=True):
        assert all(share in body for share in shares)


def test_learning_and_research_go_on_with_the_published_networks(app):
    from pages.shared import cached

    load(app, profile_zip(towards=4))
    film = ("one.png", png(draw_knee(1, seed=5, marked=False)))
    known = cached.read_film(*film)
    published = Graders().read(read_radiograph(film[1], film[0]), known.frame)
    for ours, theirs in zip(known.readings, published, strict=True):
        assert ours.profile is None
        np.testing.assert_array_equal(ours.probabilities, theirs.probabilities)
    app.switch_page("atlas/page.py").run()
    assert "As graded at" not in text(app)
    # Still in use where it was chosen.
    read_one(app)
    assert "As graded at" in " ".join(block.body for block in app.get("html"))


def foreign():
    files = profile_files()
    content = json.loads(files["profile.json"])
    weights = dict(np.load(io.BytesIO(files["weights.npz"])))
    digest = content["networks"][0]["model_sha256"]
    content["networks"][0]["model_sha256"] = "0" * 64
    renamed = {key.replace(digest, "0" * 64): value for key, value in weights.items()}
    stream = io.BytesIO()
    np.savez(stream, **renamed)
    content["weights_sha256"] = hashlib.sha256(stream.getvalue()).hexdigest()
    return {"profile.json": json.dumps(content).encode(), "weights.npz": stream.getvalue()}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lambda: zipped(foreign()), "was fitted for others"),
        (lambda: zipped(profile_files() | {"weights.npz": b"x"}), "damaged or was put together"),
        (lambda: b"no zip", "Expected a ZIP"),
        (lambda: zipped({"a/profile.json": b"{}"}), "weights.npz beside"),
    ],
)
def test_a_profile_that_cannot_be_used_is_said_and_changes_nothing(app, data, said):
    assert said in load(app, data()).replace("\\", "")
    assert not app.session_state["profiles"]
    data = read_one(app)
    for body, shares in zip(shown_shares(app), expected_shares(Graders(), data), strict=True):
        assert all(share in body for share in shares)


def test_only_folders_that_the_owner_named_are_offered(tmp_path, monkeypatch):
    named, other = tmp_path / "named", tmp_path / "other"
    for folder in (named / "county", other / "secret"):
        for grade in range(3):
            (folder / str(grade)).mkdir(parents=True)
            (folder / str(grade) / "a.png").write_bytes(png(draw_knee(grade, seed=grade)))
    for name, content in profile_files("On the server").items():
        (named / "profile").mkdir(exist_ok=True)
        (named / "profile" / name).write_bytes(content)
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    monkeypatch.setenv("KNEEOA_OWN_FILMS", str(named))
    app = open_own(AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run())
    folders = app.selectbox(key="own_folder")
    assert folders.options == ["named/county"]
    folders.set_value("named/county").run()
    press(app, key="look_folder")
    assert "**3 films** of named/county" in text(app)
    assert app.selectbox(key="profile_place").options == ["named/profile"]
    app.selectbox(key="profile_place").set_value("named/profile").run()
    press(app, key="profile_load")
    assert "As graded at On the server" in text(app)
    digest = unpack_profile(zipped(profile_files("On the server"))).digest
    assert digest in app.session_state["profiles"]
