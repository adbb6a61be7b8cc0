"""What was tried, on Results: its tables, the way to two sets side by side, old addresses."""

import os

import pandas as pd
import pytest

from tests.support.opening import opened
from tests.support.research import write_robustness, write_search, write_study, write_tried


def text(app):
    assert not app.exception
    blocks = [*app.markdown, *app.warning, *app.caption, *app.subheader]
    return " ".join(str(block.value) for block in blocks)


def said_by(app):
    return text(app).replace("\\", "")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_RESULTS", str(tmp_path))
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    return tmp_path


def test_tables_of_several_folders_stand_side_by_side(tmp_path, monkeypatch):
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        write_study(folder, cycles=2)
        write_robustness(folder)
        write_tried(folder)
    monkeypatch.setenv("KNEEOA_RESULTS", os.pathsep.join(map(str, folders)))
    app = opened("robustness")
    text(app)
    assert len(app.get("plotly_chart")) == 2
    app = opened("results", part="tried")
    assert "What was tried" in text(app)
    changed = [sorted(one.value["changed"]) for one in app.dataframe if "changed" in one.value]
    assert changed == [["learning_rate 0.001", "nothing"]] * 2


def test_what_was_tried_leads_to_the_same_runs_side_by_side(folder):
    write_study(folder, cycles=2)
    write_tried(folder)
    app = opened("results", part="tried")
    assert "MobileNet with learning rate 0.001: cross-entropy " in said_by(app)
    next(one for one in app.button if one.key == "to_beside_tried").click().run()
    said = text(app)
    assert "Both sets on the same 60 films" in said
    assert "Validation films." in said
    assert app.query_params["first_runs"] == "mobilenet-seed0-00000000"
    assert app.query_params["second_runs"] == "mobilenet-seed1-00000000"


def test_thousands_of_recipes_are_a_table_and_a_dozen_sentences(folder):
    write_study(folder, cycles=2)
    table = write_tried(folder)
    changed = table[table["changed"] != "nothing"]
    many = [changed.assign(changed=f"<b>{n}</b> {n}") for n in range(3000)]
    pd.concat([table, *many]).to_csv(folder / "tried.csv", index=False)
    app = opened("results", part="tried")
    said = text(app)
    assert "And 2989 more, in the table." in said
    assert "<b>" not in said
    assert len(app.dataframe[0].value) == 3002


def test_a_search_is_found_by_its_old_address_and_without_any_run(folder):
    write_search(folder)
    app = opened("robustness", tuning="search")
    assert "9 trials (8 complete, 1 pruned)" in said_by(app)
    assert app.title[0].value == "Results"
    assert app.query_params["part"] == "tried"
