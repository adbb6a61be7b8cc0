"""Settings of every test."""

import os
import tempfile

import pytest
from graded_films import write_flat, write_tree

# Decoded films of the tests do not belong into the user's cache.
os.environ["KNEEOA_CACHE"] = tempfile.mkdtemp(prefix="kneeoa-test-cache-")
# Nor their answers into the user's database.
_FOLDER = tempfile.mkdtemp(prefix="kneeoa-test-store-")
os.environ["KNEEOA_DATABASE_URL"] = f"sqlite:///{_FOLDER}/store.sqlite"


@pytest.fixture
def tree(tmp_path):
    """A folder of films as published: train, val and test, each with the grades."""
    return write_tree(tmp_path / "tree")


@pytest.fixture
def flat(tmp_path):
    """A folder of films in the grades alone."""
    return write_flat(tmp_path / "flat")
