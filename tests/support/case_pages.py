"""A store of saved cases for tests of pages, with its key; and what a reader does on them."""

import contextlib
import time

from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

from kneeoa.films.phantom import knee_png
from kneeoa.store.cases import readers, settings
from kneeoa.store.cases.films import FilmFiles
from kneeoa.teaching import keys
from pages.shared.cases import book, saved
from tests.support import opening
from tests.support.rows import tables
from tests.support.stores import new_store
from tests.support.teaching_pages import press, submit

KEY = "a key long enough"
SECRET = "0f" * 32
FILM = knee_png(3, seed=2)


def environment(folder):
    """The settings of a server that saves cases below `folder`."""
    return {
        "KNEEOA_DATABASE_URL": f"sqlite:///{folder}/store.sqlite",
        settings.KEY: KEY,
        settings.FOLDER: str(folder / "kept"),
        settings.SECRET: SECRET,
        "KNEEOA_DATASET": "",
    }


@contextlib.contextmanager
def case_store(folder, monkeypatch):
    """Give the database and the films of such a server, whose key nobody has tried yet."""
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("pages.shared.clients._TRIES", keys.Tries())
    engine = new_store(folder)
    yield engine, FilmFiles(folder / "kept", bytes.fromhex(SECRET))
    engine.dispose()


def started(page="reading", **state):
    """The app at a page that was asked for by its address, with what the session remembers."""
    app = opening.at(page)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run()


def signed_in(initials=""):
    """What a session remembers once `sign_in` has been through."""
    return {saved.DOOR.name: True, book.READER: readers.reader_of(initials)}


def at_list(initials=""):
    """The list of saved cases as who has signed in sees it."""
    return started("cases", **signed_in(initials))


def arrived(initials="", **film):
    """A film that who has signed in has opened on Read."""
    return upload(started(**signed_in(initials)), **film)


def sign_in(app, initials=""):
    app.text_input(key="key").set_value(KEY)
    app.text_input(key="initials").set_value(initials)
    return submit(app)


def upload(app, name="one.png", data=FILM):
    app.file_uploader[0].set_value([(name, data, "image/png")])
    return app.run()


def read_and_saved(initials="", **film):
    return press(arrived(initials, **film), "save_case")


def listed(app):
    """The rows of the list, as its program in the browser gets them."""
    assert not app.exception
    (table,) = tables(app)
    return table["rows"]


def opened(app, case_id, place=0):
    """Do what Enter on a row of the list does: the page then turns to Read."""
    app.session_state["wanted_case"] = case_id, place
    return app.switch_page("reading/page.py").run()


def asked(app, key):
    """Open the question in which the button `key` does what cannot be undone."""
    app.session_state[f"{key}_asked_{app.session_state[f'{key}_round']}"] = True
    return app.run()


def kept_name(case):
    """What a film is called that is kept without its patient."""
    return f"Film {case.film[:6].upper()}"


def labels(app):
    return {button.label for button in app.button}


def read_behind(app):
    """What was read behind the page, once all of it is."""
    last = time.monotonic() + 60
    while app.session_state["batch"].left and time.monotonic() < last:
        time.sleep(0.05)
    return list(app.session_state["arriving"])


@contextlib.contextmanager
def something_else_done_after(module, name):
    """Have the reader do something else, once, while `name` of a module is at work.

    As a browser asks for it: Streamlit ends the run at the next access of the session or element.
    """
    real, left = getattr(module, name), [True]

    def cut_off(*args, **options):
        answer = real(*args, **options)
        if left and left.pop():
            get_script_run_ctx().script_requests.request_rerun(RerunData())
        return answer

    setattr(module, name, cut_off)
    try:
        yield
    finally:
        setattr(module, name, real)
    assert not left, f"{name} was not called."
