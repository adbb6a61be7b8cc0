"""What About says of published models that are not all of one split."""

import json
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.graders.published import DEFAULT_MODELS
from pages.shared import cached
from tests.support.places import MAIN_SCRIPT


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Published models of which both together are left from another split."""
    models = shutil.copytree(DEFAULT_MODELS, tmp_path / "models")
    for name in ("mobilenet", "resnet50"):
        file = models / name / "card.json"
        card = json.loads(file.read_text())
        card["split_hash"] = "0" * 64
        card["data"]["author"] = "Another hospital"
        card["metrics"]["test"] |= {"knees": 40, "patients": 20}
        card["metrics"]["test"]["confusion"] = [[8 * (i == j) for j in range(5)] for i in range(5)]
        file.write_text(json.dumps(card))
    monkeypatch.setenv("KNEEOA_MODELS", str(models))
    cached.graders.clear()
    cached.signature.clear()
    yield models
    cached.graders.clear()
    cached.signature.clear()


def test_models_of_two_splits_do_not_stand_in_one_table(models):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    app.switch_page("about/page.py").run()
    assert not app.exception
    tables = [table.value for table in app.table if "Measure" in table.value]
    assert [list(table)[1:] for table in tables] == [["MobileNet", "ResNet50"], ["Both together"]]
    text = " ".join(block.value for block in app.markdown)
    together = json.loads((models / "together" / "card.json").read_text())
    assert "figures of two tables do not compare" in text
    assert "On 40 test knees of 20 patients" in text
    test = together["metrics"]["test"]
    assert f"On {test['knees']} test knees of {test['patients']} patients" in text
    captions = " ".join(caption.value for caption in app.caption)
    assert "Split hash 0000000000000000" in captions
    assert f"Split hash {together['split_hash'][:16]}" in captions
    assert "Another hospital" in text
    assert together["data"]["author"] in text.replace("\\", "")


@pytest.mark.parametrize("page", ["about", "data"])
def test_films_of_every_model_are_attributed(models, page):
    file = models / "mobilenet" / "card.json"
    card = json.loads(file.read_text())
    card["data"]["licence"] = "Another licence"
    file.write_text(json.dumps(card))
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    app.switch_page(f"{page}/page.py").run()
    assert not app.exception
    text = [block.value.replace("\\", "") for block in app.markdown]
    together = json.loads((models / "together" / "card.json").read_text())["data"]["author"]
    for whose in (
        "MobileNet: Another hospital",
        "ResNet50: Another hospital",
        f"Both together: {together}",
    ):
        assert sum(block.startswith(whose) for block in text) == 1
    assert [head.value for head in app.subheader].count("Data and attribution") == 1


def test_models_of_one_split_stand_in_one_table():
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    app.switch_page("about/page.py").run()
    (table,) = [table.value for table in app.table if "Measure" in table.value]
    assert list(table)[1:] == ["MobileNet", "ResNet50", "Both together"]
    assert "do not compare" not in " ".join(block.value for block in app.markdown)
