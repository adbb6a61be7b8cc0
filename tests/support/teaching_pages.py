"""The pages of a group session without a browser: opened, signed in to, pressed, read."""

import contextlib
import io

from pypdf import PdfReader

from kneeoa.teaching import keys
from tests.support.opening import opened
from tests.support.stores import new_store

KEY = "a long enough key"


def signed_in(**query):
    app = opened("teach", **query)
    app.text_input(key="key").set_value(KEY)
    return submit(app)


def submit(app):
    """Press the only button that sends a form."""
    (button,) = (one for one in app.button if one.proto.is_form_submitter)
    button.click().run()
    assert not app.exception
    return app


def keyed(controls, name):
    """The one of `controls` that is called so: its key may go on with what it acts on."""
    (control,) = (control for control in controls if called(control) == name)
    return control


def called(control):
    return (control.key or "").partition("--")[0]


def press(app, name):
    keyed(app.button, name).click().run()
    assert not app.exception
    return app


def text(app):
    assert not app.exception
    parts = (app.title, app.markdown, app.caption, app.info, app.warning, app.error, app.subheader)
    return " ".join(str(one.value) for part in parts for one in part)


def pdf_text(data):
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
    return " ".join(" ".join(pages).split())


def html(app):
    return " ".join(block.body for block in app.get("html"))


@contextlib.contextmanager
def class_store(folder, monkeypatch):
    """A store of its own below `folder`, drawn films, and a teacher's key nobody has tried yet."""
    monkeypatch.setenv("KNEEOA_DATABASE_URL", f"sqlite:///{folder}/store.sqlite")
    monkeypatch.setenv(keys.SETTING, KEY)
    monkeypatch.setattr("pages.shared.clients._TRIES", keys.Tries())
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    engine = new_store(folder)
    yield engine
    engine.dispose()
