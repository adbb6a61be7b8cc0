"""What every test of a page shares."""

import functools

import pytest
from streamlit.components.v2 import manifest_scanner


@pytest.fixture(scope="session", autouse=True)
def installed_components():
    """Look through the installed packages once: a server does, but so does each `AppTest`."""
    patch = pytest.MonkeyPatch()
    scan = functools.cache(manifest_scanner.scan_component_manifests)
    patch.setattr(manifest_scanner, "scan_component_manifests", scan)
    yield
    patch.undo()


@pytest.fixture(scope="module", autouse=True)
def each_film_read_once(networks_asked_once):
    """No page depends on whether a network computes its answer or remembers it."""
