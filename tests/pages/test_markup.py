"""Nothing from a file, a name or a nickname is ever markup."""

import json
import re
from datetime import UTC, datetime

import pytest
from google.protobuf.json_format import MessageToDict
from streamlit.testing.v1 import AppTest

from kneeoa.charts import style
from kneeoa.store import group as store
from kneeoa.store.database import open_store
from kneeoa.teaching import keys
from kneeoa.teaching.exam import Exam, ExamFilm, to_json
from kneeoa.teaching.films import synthetic_set
from pages.shared.boundary import as_html, escaped
from tests.support.places import MAIN_SCRIPT
from tests.support.planted import HOST, PLANTED, SHORT, plant
from tests.support.profiles import profile_zip
from tests.support.teaching_pages import KEY, opened, signed_in

NOW = datetime(2026, 1, 1, tzinfo=UTC)
# What the browser shows as it is: tables, code, what was typed, choices of a list.
AS_IT_IS = {"arrow_data_frame", "code", "text_input", "text_area", "selectbox", "multiselect"}
AS_IT_IS |= {"bidi_component"}

MARKUP = re.compile(rf"{HOST}|:smile:|:material/|(?<!\\)(<img|!\[|\]\(|\$x)")


def strings(content):
    if isinstance(content, dict):
        for name, value in content.items():
            if name not in ("id", "key", "url", "userKey", "alt", "fileName", "icon"):
                yield from strings(value)
    elif isinstance(content, list):
        for value in content:
            yield from strings(value)
    elif isinstance(content, str):
        yield content


def nodes(block):
    for child in block.children.values():
        yield child
        if hasattr(child, "children"):
            yield from nodes(child)


def markup(app):
    """Everything planted that a browser would take for markup."""
    assert not app.exception, app.exception[0].message
    found = []
    for node in nodes(app._tree):
        if node.proto is None or node.type in AS_IT_IS:
            continue
        for text in strings(MessageToDict(node.proto)):
            if node.type in ("html", "plotly_chart"):
                found += [(node.type, text)] * any(f"<{tag}" in text for tag in ("img", "a href"))
            elif MARKUP.search(text) and "creativecommons.org" not in text:
                found.append((node.type, text))
    return found


def mentions(app, word="evil"):
    """How often what is planted is shown at all: a test that sees none of it proves nothing."""
    return sum(
        word in text
        for node in nodes(app._tree)
        if node.proto is not None
        for text in strings(MessageToDict(node.proto))
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    plant(folder)
    return folder


@pytest.fixture(autouse=True)
def settings(tmp_path, monkeypatch, results):
    monkeypatch.setenv("KNEEOA_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    monkeypatch.setenv("KNEEOA_RESULTS", str(results))
    monkeypatch.setenv(keys.SETTING, KEY)
    monkeypatch.setattr("pages.shared.clients._TRIES", keys.Tries())
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)


@pytest.mark.parametrize("page", ["runs", "results", "confusion", "data", "robustness"])
@pytest.mark.parametrize("study", ["all runs", None])
def test_results_are_shown_as_they_are(page, study):
    app = opened(page, **({"study": study} if study else {}))
    assert markup(app) == []
    assert mentions(app, "evil" if page in ("runs", "data", "robustness") else "smile")


NOTED = "mobilenet-seed91-00000000"


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("runs", {"runs_part": "across"}),
        ("runs", {"runs_part": "notes", "marked": NOTED}),
        ("results", {"part": "beside", "first": "runs chosen one by one", "first_runs": NOTED}),
        ("confusion", {"source": "mean", "reference": "0", "given": "0", "below": "table"}),
        ("confusion", {"source": "one", "run_mobilenet": "mobilenet-seed90-00000000"}),
    ],
)
def test_parts_of_research_pages_show_it_as_it_is(page, address):
    app = opened(page, **{"study": "all runs", **address})
    assert markup(app) == []
    assert mentions(app, "evil")


def test_titles_and_nicknames_are_shown_as_they_are(tmp_path):
    db = open_store(f"sqlite:///{tmp_path}/store.sqlite")
    films = tuple(ExamFilm(name, 0) for name in list(synthetic_set().films)[:2])
    exam = Exam(PLANTED[:120], 0, (0,), (*films, ExamFilm(PLANTED[:200], 0)))
    group = store.open_group(db, exam, NOW)
    one = store.join(db, group.code, SHORT, NOW)
    for app in (signed_in(), signed_in(session=group.code)):
        assert markup(app) == []
        assert mentions(app)
    learner = opened("join", code=group.code, token=one.token)
    assert markup(learner) == []
    assert mentions(learner)
    for position in (0, 2):
        group = store.change_group(db, group, position=position)
        assert markup(signed_in(session=group.code)) == []
    store.change_group(db, group, state="ended")
    assert markup(signed_in(session=group.code)) == []
    db.dispose()


def test_an_exam_file_and_a_profile_are_shown_as_they_are():
    app = signed_in()
    exam = Exam(PLANTED[:120], 0, (0,), (ExamFilm(PLANTED[:200], 0),))
    app.file_uploader(key="exam_file").set_value([("e.json", to_json(exam).encode(), "x/y")])
    app.button(key="open").click().run()
    assert markup(app) == []
    assert mentions(app)
    own = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()
    own = own.switch_page("own_films/page.py").run()
    upload = own.file_uploader(key="profile_zip_0")
    upload.set_value([("p.zip", profile_zip(PLANTED[:80], towards=4), "application/zip")])
    own.run()
    assert markup(own) == []
    assert mentions(own)


def test_the_name_of_a_film_is_shown_as_it_is():
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()
    app.file_uploader[0].set_value([(f"{PLANTED}.png", b"none", "image/png")])
    app.run()
    assert markup(app) == []
    assert mentions(app)


TRICKS = [
    PLANTED,
    "https://evil.example",
    "HTTPS://EVIL.EXAMPLE",
    "www.evil.example",
    "me@evil.example",
    "&#104;ttps://evil.example",
    ":smile:",
    ":+1:",
    ":material/home:",
    "a\n\n    code",
    "a\n===",
    "    code",
    "\t<b>",
    "[a]: https://evil.example",
    "| a | b |\n|---|---|",
    "1. a",
    "~~gone~~",
]


@pytest.mark.parametrize("text", TRICKS)
def test_what_is_escaped_says_the_same_to_a_reader(text):
    shown = escaped(text)
    # Without the backslashes, and without what nobody sees.
    left = "".join(c for n, c in enumerate(shown) if c != "\\" or shown[n - 1 : n] == "\\")
    assert left.replace("\u2060", "").split() == text.split()
    assert escaped(as_html(text)) != as_html(text) or "&" not in as_html(text)


def test_what_cannot_be_shown_takes_no_page_away():
    odd = "a\ud800b\u202ec\x00d" + "\u0301" * 50
    assert escaped(odd).encode()
    assert json.dumps(as_html(odd)).encode()
    assert "\u202e" not in escaped(odd) + as_html(odd) + style.as_text(odd)
    assert len(escaped("x" * 10_000)) <= 2_000


def test_figures_take_no_tags_from_names():
    assert style.as_text("<a href='x'>%{x}") == "&lt;a href=&#x27;x&#x27;&gt;&#37;{x}"
