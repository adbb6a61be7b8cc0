"""What every test of a profile shares."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def each_film_read_once(networks_asked_once):
    """What is learnt does not depend on whether a network computes its answer or remembers it."""
