"""What every test of a page shares."""

import functools
import pickle
from unittest.mock import MagicMock

import numpy as np
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import app_test, local_script_runner

from kneeoa.analysis import measuring
from kneeoa.analysis.study_tables import study_tables
from kneeoa.reports import burned_in
from pages.shared.pacs import running
from pages.shared.research import cached_runs
from tests.support.archive import running_archive
from tests.support.case_pages import case_store


@pytest.fixture(scope="session")
def all_along():
    """Patch for as long as there are tests of pages."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="session", autouse=True)
def installed_components(all_along):
    """Look through the installed packages once: a server does, but so does each `AppTest`."""
    scan = functools.cache(manifest_scanner.scan_component_manifests)
    all_along.setattr(manifest_scanner, "scan_component_manifests", scan)


@pytest.fixture(scope="session", autouse=True)
def compiled_pages(all_along):
    """Compile each page once: a server does, but so does each run of an `AppTest`."""
    one = functools.cache(ScriptCache)
    for module in (app_test, local_script_runner):
        all_along.setattr(module, "ScriptCache", one)


@pytest.fixture(scope="session", autouse=True)
def one_runtime(all_along):
    """Take one stand-in of the server for all runs: `AppTest` makes it anew, in every part."""

    @functools.cache
    def stand_in(spec):
        return MagicMock(spec=spec)

    def emptied(spec):
        made = stand_in(spec)
        made.reset_mock()
        return made

    all_along.setattr(app_test, "MagicMock", emptied)


@pytest.fixture(scope="session", autouse=True)
def text_looked_for_once(all_along):
    """Have text be looked for once in the pixels of a film: where it stands is always the same."""
    look = burned_in.text_regions

    @functools.lru_cache(maxsize=64)
    def looked(pixels, shape):
        return look(np.frombuffer(pixels, np.float32).reshape(shape))

    def once(pixels):
        pixels = np.asarray(pixels, np.float32)
        return looked(pixels.tobytes(), pixels.shape)

    all_along.setattr(burned_in, "text_regions", once)


@pytest.fixture(scope="session", autouse=True)
def ends_heard_of(all_along):
    """Wait for the end of a page's run: `AppTest` looks for it a thousand times a second."""
    look = local_script_runner.require_widgets_deltas

    def wait(runner, timeout):
        runner._script_thread.join(timeout)
        look(runner, 0 if runner._script_thread.is_alive() else timeout)

    all_along.setattr(local_script_runner, "require_widgets_deltas", wait)


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


@functools.lru_cache(maxsize=32)
def computed(made_from, **options):
    """The tables of a set of runs: several lines of Python ask for one of the same set's each."""
    return study_tables(*pickle.loads(made_from), **options)


def remembered(*made_from, **options):
    """Return `study_tables` of a set of runs, computed once."""
    tables = computed(pickle.dumps(made_from), **options)
    return {name: table.copy() for name, table in tables.items()}


@pytest.fixture(scope="session", autouse=True)
def sets_compared_once(all_along):
    """Have pages compare runs of one content once, in whichever folder they lie."""
    all_along.setattr(cached_runs, "tables_of", remembered)


@pytest.fixture
def tables_once(monkeypatch):
    """Have what a reader runs compute the tables of one set once; a page computes its own."""
    monkeypatch.setattr(measuring, "study_tables", remembered)


@pytest.fixture(scope="module")
def archive():
    with running_archive() as running_one:
        yield running_one


@pytest.fixture
def configured(archive, monkeypatch):
    """An archive that is well and a receiver without anything in it."""
    archive.films, archive.mood = {}, "well"
    monkeypatch.setenv("KNEEOA_PACS_URL", archive.url)
    monkeypatch.setenv("KNEEOA_RECEIVER_PORT", "0")
    running.stop()
    yield archive
    running.stop()
