"""The research pages as a workbench: sheets, films in place, notes, ways on, exports."""

import io
import os
import zipfile
from urllib.parse import parse_qs

import pandas as pd
import pytest
from PIL import Image

from kneeoa.analysis import confusions
from kneeoa.films.phantom import draw_knee
from kneeoa.records import notes
from kneeoa.records.results import read_predictions
from pages.runs import across
from pages.shared import cached, clients
from pages.shared.research import paper_sheet
from tests.support.opening import opened
from tests.support.research import write_study


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """A study that pages only read: its folder and its runs."""
    results = tmp_path_factory.mktemp("studied") / "results"
    return results, write_study(results, cycles=2)


@pytest.fixture
def results(studied, monkeypatch):
    monkeypatch.setenv("KNEEOA_RESULTS", str(studied[0]))
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    return studied[0]


@pytest.fixture
def names(studied, results):
    return studied[1]


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The runs of a study of the test's own, which it may change."""
    monkeypatch.setenv("KNEEOA_RESULTS", str(tmp_path / "results"))
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    return write_study(tmp_path / "results", cycles=2)


def text(app):
    assert not app.exception
    blocks = [*app.markdown, *app.info, *app.warning, *app.caption]
    html = [block.body for block in app.get("html")]
    return " ".join([*(str(block.value) for block in blocks), *html]).replace("\\", "")


def cards(app):
    return [block.body for block in app.get("html") if 'class="kl-card"' in block.body]


def button(app, key):
    return next(one for one in app.button if one.key == key)


def films_of(results, names, network="mobilenet"):
    files = [
        results / "runs" / name / "predictions.csv" for name in names if name.startswith(network)
    ]
    graded = {file: confusions.graded(read_predictions(file), "test") for file in files}
    return confusions.mean_answers(graded)


def test_cell_sentence_and_sheet_have_one_number(results, names):
    answers = films_of(results, names)
    count = confusions.matrix(answers)[0, 0]
    app = opened("confusion", reference="0", given="0")
    said = text(app)
    assert f"{count} knees with reference KL 0 to which MobileNet gives KL 0" in said
    assert "not the published models" in said
    shown = cards(app)
    assert len(shown) == min(count, 18)
    assert all("reference 0, given 0" in card and "no film here" in card for card in shown)


def in_cell_of(results, names, network):
    answers = films_of(results, names, network)
    return set(answers.query("true_grade == 0 and predicted == 0")["image_id"])


@pytest.mark.parametrize("below", ["beside", "table"])
def test_the_films_of_both_networks_alone_on_demand(results, names, below):
    by_network = [in_cell_of(results, names, network) for network in ("mobilenet", "resnet50")]
    both = by_network[0] & by_network[1]
    assert 0 < len(both) < len(by_network[0])
    app = opened("confusion", reference="0", given="0", agreeing="both", below=below)
    said = text(app)
    # Cell, choice and sheet say how many of how many.
    assert f"{len(by_network[0])} knees with reference KL 0 to which MobileNet gives KL 0" in said
    assert f"Below: the {len(both)} of these {len(by_network[0])} to which both networks" in said
    (choice,) = (one for one in app.button_group if one.key == "agreeing")
    assert choice.options == [f"All {len(by_network[0])}", f"Both networks say so: {len(both)}"]
    assert len(cards(app)) == min(len(both), 18)
    if below == "table":
        assert set(app.dataframe[0].value["image_id"]) == both
    choice.set_value("all").run()
    assert f"Below: all {len(by_network[0])}." in text(app)
    assert "agreeing" not in app.query_params


def test_films_of_both_networks_need_both(names):
    app = opened("confusion", reference="0", given="0", agreeing="both", networks="mobilenet")
    assert "Below: all " in text(app)
    assert not [one for one in app.button_group if one.key == "agreeing"]


def test_a_film_opens_in_place_and_leads_back(tmp_path, results, names, monkeypatch):
    answers = films_of(results, names)
    there = answers[(answers["true_grade"] == 0) & (answers["predicted"] == 0)]
    (tmp_path / "films").mkdir()
    *others, missing = there["image_id"]
    for image_id in others:
        picture = Image.fromarray(draw_knee(0, side=224))
        picture.save(tmp_path / "films" / f"{image_id}.png")
    monkeypatch.setenv("KNEEOA_DATASET", str(tmp_path / "films"))
    app = opened("confusion", reference="0", given="0")
    assert [missing in card for card in cards(app) if "data:image/png" not in card] == [True]
    assert f"1 of these {len(there)} are not in the folder" in text(app)
    assert str(tmp_path) not in text(app)
    first = button(app, "turn_film_0")
    first.click().run()
    said = text(app)
    assert cards(app) == []
    opened_film = app.query_params["film"]
    assert opened_film in first.label.replace("\\", "")
    assert f"**{opened_film}**, 1 of {len(there)}" in said
    assert "MobileNet, reference, seed 0" in said
    assert "The published models" in said
    button(app, "next_film").click().run()
    assert f", 2 of {len(there)}" in text(app)
    button(app, "back_film").click().run()
    text(app)
    assert cards(app)
    assert "film" not in app.query_params


def test_a_film_in_an_address_that_is_not_in_the_cell_is_forgotten(names):
    app = opened("confusion", film="<b>none</b>")
    assert "<b>none" not in text(app)
    assert "film" not in app.query_params


def test_one_tab_alone_is_computed(names):
    assert len(opened("confusion").get("plotly_chart")) == 4  # the matrix, two beside, a difference
    assert len(opened("confusion", below="trust").get("plotly_chart")) == 4
    app = opened("confusion", below="grades")
    assert len(app.get("plotly_chart")) == 3
    assert app.query_params["below"] == "grades"


def test_any_two_sets_stand_side_by_side_as_the_address_says(names):
    app = opened(
        "results",
        part="beside",
        first="runs chosen one by one",
        first_runs=names[:1],
        second="recipe ResNet50, reference",
    )
    said = text(app)
    assert "Both sets on the same 60 films of 30 patients: the difference is paired." in said
    (table,) = (frame.value for frame in app.dataframe)
    assert table["Measure"].iloc[0] == "Accuracy"
    assert " points (" in table["Second minus first (95%)"].iloc[0]
    assert "±" in table["Second"].iloc[0] and "±" not in table["First"].iloc[0]


def test_a_set_without_runs_is_said(names):
    app = opened("results", part="beside", first="runs chosen one by one")
    text(app)
    assert "Expected runs with graded films in the first set" in app.error[0].value


@pytest.fixture
def here(monkeypatch):
    """The browser is on the machine that runs the dashboard."""
    monkeypatch.setattr(clients, "client", lambda: clients.HERE)


def test_notes_are_written_from_this_machine_alone(tmp_path, own, monkeypatch):
    notes.write(tmp_path / "results" / "runs" / own[0], "as it was", [])
    monkeypatch.setattr(clients, "client", lambda: "192.168.1.7")
    app = opened("runs", marked=own[:1], runs_part="notes")
    assert "as it was" in text(app)
    assert not app.text_area
    monkeypatch.setenv("KNEEOA_NOTES", "everyone")
    assert opened("runs", marked=own[:1], runs_part="notes").text_area


@pytest.mark.usefixtures("here")
def test_notes_are_kept_with_a_run_and_found_again(tmp_path, own):
    app = opened("runs", marked=own[:1], runs_part="notes")
    app.text_area[0].set_value("<i>look</i> again")
    (tags,) = (one for one in app.text_input if one.label.startswith("Tags"))
    tags.set_value("paper, doubtful")
    next(one for one in app.button if one.label == "Keep with the run").click().run()
    text(app)
    kept = notes.read(tmp_path / "results" / "runs" / own[0])
    assert kept == notes.Notes("<i>look</i> again", ("doubtful", "paper"))
    app = opened("runs", tags=["paper"])
    assert "1 of them have these tags and words; 4 of 4 runs finished" in text(app)
    table = app.dataframe[0].value
    assert table["run"].tolist() == own[:1]
    assert table["note"].tolist() == ["<i>look</i> again"]


@pytest.mark.usefixtures("here")
def test_notes_that_another_kept_since_the_form_was_opened_are_shown_and_stay(tmp_path, own):
    place = tmp_path / "results" / "runs" / own[0]
    app = opened("runs", marked=own[:1], runs_part="notes")
    (tags,) = (one for one in app.text_input if one.label.startswith("Tags"))
    notes.write(place, "do not use", ["exclude"])
    tags.set_value("mine")
    next(one for one in app.button if one.label == "Keep with the run").click().run()
    said = text(app)
    assert "somebody else kept with this run: do not use; tags: exclude" in said
    assert "Nothing was lost" in app.error[0].value
    assert notes.read(place) == notes.Notes("do not use", ("exclude",))
    next(one for one in app.button if one.label == "Take theirs into the form").click().run()
    assert app.text_area[0].value == "do not use"
    next(one for one in app.button if one.label == "Keep with the run").click().run()
    assert notes.read(place) == notes.Notes("do not use", ("exclude", "mine"))
    assert not [one for one in app.button if one.label == "Take theirs into the form"]


def test_notes_that_are_damaged_are_named_and_the_page_stands(tmp_path, own):
    (tmp_path / "results" / "runs" / own[0] / notes.FILE).write_text("{")
    app = opened("runs", marked=own[:1], runs_part="notes")
    assert "notes.json cannot be read" in text(app)
    assert "notes.json cannot be read" in app.error[0].value.replace("\\", "")
    assert len(app.dataframe[0].value) == 4


@pytest.mark.usefixtures("here")
@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may write everywhere")
def test_without_the_right_to_write_notes_are_read_alone(tmp_path, own):
    place = tmp_path / "results" / "runs" / own[0]
    notes.write(place, "as it was", [])
    place.chmod(0o500)
    app = opened("runs", marked=own[:1], runs_part="notes")
    assert "as it was" in text(app)
    assert not app.text_area


def test_a_marked_run_leads_to_its_confusion_and_films(names):
    app = opened("runs", marked=names[1:2], networks="mobilenet", split="val")
    links = {link.proto.label: parse_qs(link.proto.query_string) for link in app.get("page_link")}
    address = links["Its films to look at twice"]
    app.query_params.clear()
    app.query_params.update(address)
    said = text(app.switch_page("confusion/page.py").run())
    assert "**ResNet50**, 1 run, 60 knees" in said
    assert "from none of 1 run" in said
    # Each address that a page writes is one more to go back through.
    single = {key: names[0] if len(names) == 1 else names for key, names in address.items()}
    assert app.query_params == single


def test_the_runs_page_says_which_runs_are_published_and_by_which_films(names, monkeypatch):
    assert "published" not in text(opened("runs"))
    published = {"resnet50": cached.cards()["resnet50"] | {"run_id": names[1]}}
    monkeypatch.setattr(cached, "cards", lambda: published)
    said = text(opened("runs"))
    assert "Published: ResNet50, reference, seed 0. They were chosen on the validation" in said
    assert "test films choose nothing" in said
    # Where the runs of the other network are shown, none of them is.
    said = text(opened("runs", networks="mobilenet"))
    assert "None of these runs is published; published are: ResNet50, reference, seed 0." in said


def test_when_a_run_finished_stands_before_its_details_and_no_column_is_lost(names):
    (table, *_) = opened("runs").dataframe
    order = list(table.proto.column_order)
    assert set(order) == set(table.value.columns)
    assert order.index("seed") < order.index("finished_at") < order.index("epochs")


def test_settings_stand_against_validation_figures(names):
    app = opened("runs", runs_part="across")
    assert "test films choose nothing" in text(app)
    table = app.dataframe[1].value
    assert list(table.columns[:3]) == ["run", "network", "seed"]
    # As if dragged over the upper end of an axis.
    best = table["accuracy"].idxmax()
    app.session_state[across.BRUSHED] = tuple(table["run"]), {"accuracy": [(0.999, 1.0)]}
    app.run()
    assert list(app.dataframe[1].value["run"]) == [table["run"][best]]
    assert f"**1 of {len(table)} runs** pass where you marked" in text(app)
    next(button for button in app.button if button.label == "Show all runs").click().run()
    assert len(app.dataframe[1].value) == len(table)


DISPLAYED = (
    *("display.max_rows", 5, "display.max_columns", 5),
    *("display.max_colwidth", 50, "display.expand_frame_repr", True),
)


@pytest.mark.usefixtures("tables_once")
@pytest.mark.parametrize(
    ("page", "address", "name"),
    [
        ("confusion", {}, "confusion"),
        ("confusion", {"source": "mean"}, "confusion"),
        ("results", {"split": "val"}, "results"),
        ("results", {"part": "beside"}, "side_by_side"),
    ],
)
def test_everything_for_a_paper_comes_in_one_file(page, address, name, names, monkeypatch, capsys):
    given = {}
    monkeypatch.setattr(
        paper_sheet, "show_button", lambda name, content: given.update({name: content})
    )
    text(opened(page, **address))
    with zipfile.ZipFile(io.BytesIO(given[name]())) as archive:
        files = {path.partition("/")[2]: archive.read(path) for path in archive.namelist()}
    cited = files["CITATION.txt"]
    assert b"f" * 64 in cited
    assert names[0].encode() in cited
    endings = [path.rpartition(".")[2] for path in files]
    assert set(endings) == {"txt", "svg", "pdf", "csv", "py"}
    assert endings.count("svg") == endings.count("pdf") > 3
    tables = [path[len("tables/") : -len(".csv")] for path in files if path.endswith(".csv")]
    assert {f"python/{table}.py" for table in tables} == {
        path for path in files if path.endswith(".py")
    }
    # In what order rows lie, what is in percent: the figures do not say it themselves.
    assert b"reference" in files["README.txt"] or b"test films, always" in files["README.txt"]
    for table in tables:
        printed, lines = [], files[f"python/{table}.py"].decode()
        with pd.option_context(*DISPLAYED):  # what the lines set ends here
            exec(lines, {"print": printed.append})
            print(printed[-1])
        kept = pd.read_csv(io.BytesIO(files[f"tables/{table}.csv"]))
        shown = printed[-1].reset_index(drop=True)
        texts = list(shown.select_dtypes("str"))  # an empty one is an empty cell
        shown[texts] = shown[texts].fillna("")
        for name in texts:  # what a spreadsheet would compute has an apostrophe before it
            kept[name] = kept[name].astype("str").fillna("").str.removeprefix("'")
        pd.testing.assert_frame_equal(shown, kept, check_dtype=False, rtol=1e-6)
        assert len(capsys.readouterr().out.splitlines()) == len(kept) + 1
