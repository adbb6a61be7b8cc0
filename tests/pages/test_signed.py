"""Models that nobody known stands for are marked on every page; those that come along are not."""

import html
import shutil

import pytest
from streamlit import cache_resource
from streamlit.testing.v1 import AppTest

from kneeoa.graders.cards import signature
from kneeoa.graders.published import DEFAULT_MODELS
from tests.support.places import MAIN_SCRIPT


def marks(app):
    return [block.body for block in app.get("html") if "networks in use" in block.body]


@pytest.fixture
def models(monkeypatch, tmp_path):
    """Published models that were changed after they were signed."""
    folder = shutil.copytree(DEFAULT_MODELS, tmp_path / "models")
    (folder / "<b>x").write_text("more")
    monkeypatch.setenv("KNEEOA_MODELS", str(folder))
    cache_resource.clear()
    yield folder
    cache_resource.clear()


def test_models_that_come_along_are_not_marked():
    cache_resource.clear()
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()
    assert marks(app) == []
    app.switch_page("about/page.py").run()
    assert marks(app) == []
    assert "byte for byte" in " ".join(block.value for block in app.markdown)


def test_models_that_nobody_stands_for_are_marked_on_every_page(models):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()
    for page in ("join", "runs", "about"):
        app.switch_page(f"{page}/page.py").run()
        (mark,) = marks(app)
        assert html.escape("<b>x") in mark
    assert "**Signature**: The networks" in " ".join(block.value for block in app.markdown)


def test_a_key_that_is_none_is_said_and_takes_no_page_away(models, monkeypatch):
    (models / signature.SIGNATURE).unlink()
    monkeypatch.setenv("KNEEOA_TRUSTED_KEYS", str(models / "none"))
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()
    assert not app.exception
    assert any("Expected a public key" in block.body for block in app.get("html"))
