"""What every test of a page shares."""

import functools
import pickle

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import local_script_runner

from kneeoa.analysis import measuring
from kneeoa.analysis.study_tables import study_tables
from tests.support.case_pages import case_store


@pytest.fixture(scope="session", autouse=True)
def installed_components():
    """Look through the installed packages once: a server does, but so does each `AppTest`."""
    patch = pytest.MonkeyPatch()
    scan = functools.cache(manifest_scanner.scan_component_manifests)
    patch.setattr(manifest_scanner, "scan_component_manifests", scan)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def compiled_pages():
    """Compile each page once: a server does, but so does each run of an `AppTest`."""
    patch = pytest.MonkeyPatch()
    patch.setattr(local_script_runner, "ScriptCache", functools.cache(ScriptCache))
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def ends_heard_of():
    """Wait for the end of a page's run: `AppTest` looks for it a thousand times a second."""
    patch, look = pytest.MonkeyPatch(), local_script_runner.require_widgets_deltas

    def wait(runner, timeout):
        runner._script_thread.join(timeout)
        look(runner, 0 if runner._script_thread.is_alive() else timeout)

    patch.setattr(local_script_runner, "require_widgets_deltas", wait)
    yield
    patch.undo()


@pytest.fixture(scope="module", autouse=True)
def each_film_read_once(networks_asked_once, knees_measured_once):
    """No page depends on whether what is said of a film is computed or remembered."""


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A server's store of saved cases: its database and the files of its films."""
    with case_store(tmp_path, monkeypatch) as (db, files):
        yield db, files


@pytest.fixture
def db(kept):
    """The database of saved cases."""
    return kept[0]


@pytest.fixture
def files(kept):
    """The files of the films of saved cases."""
    return kept[1]


@functools.cache
def computed(made_from):
    """The tables of a set of runs: several lines of Python ask for one of the same set's each."""
    return study_tables(*pickle.loads(made_from))


@pytest.fixture
def tables_once(monkeypatch):
    """Have what a reader runs compute the tables of one set once; a page computes its own."""

    def once(*made_from):
        return {name: table.copy() for name, table in computed(pickle.dumps(made_from)).items()}

    monkeypatch.setattr(measuring, "study_tables", once)
