"""Settings of every test."""

import gc
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from kneeoa.films import phantom
from tests.support import drawn_once, once
from tests.support.graded_films import write_flat, write_tree

# Decoded films of the tests do not belong into the user's cache, nor answers into the database.
_FOLDER = tempfile.mkdtemp(prefix="kneeoa-test-")
os.environ["KNEEOA_CACHE"] = f"{_FOLDER}/cache"
os.environ["KNEEOA_DATABASE_URL"] = f"sqlite:///{_FOLDER}/store.sqlite"
# One thread in each process, so that sums are the same in all of them.
os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1"}
# Networks are tried on the CPU, also where there is a GPU.
os.environ["KERAS_TORCH_DEVICE"] = "cpu"
# Ray has its workers stand back behind everything else, on a busy machine for minutes.
os.environ |= {"RAY_worker_niceness": "0"}
once.use(Path(_FOLDER, "once"))
drawn_once.use()
# What collecting imports stays: to look for garbage in it, again and again, took an eighth of the
# time.
gc.disable()

LONGEST = (
    *("test_study", "test_cluster", "test_sharing", "test_tune"),
    *("test_served", "test_backends", "test_fit", "test_commands", "test_gradcam_reference"),
    *("test_group", "test_own_films", "test_research", "test_practice", "test_reading"),
    *("test_several", "test_beside", "test_viewer", "test_orthanc", "test_receiver"),
)


def pytest_unconfigure():
    """Leave nothing behind."""
    shutil.rmtree(_FOLDER, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Have a file of tests be compiled by the first process that loads it; others read that."""
    if not isinstance(collector, pytest.Module):
        return (yield)
    with once.alone(hashlib.sha256(str(collector.path).encode()).hexdigest()):
        return (yield)


def pytest_collection_finish():
    """From here on there is garbage."""
    gc.enable()


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that no process is left alone with one."""
    order = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(LONGEST)))


@pytest.fixture(scope="module", autouse=True)
def little_to_collect():
    """Spare the garbage collector the half million objects that libraries keep for good.

    Keras has it go through all of them before each training, and Python itself now and then.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def drawn_anew():
    """Have films be drawn, and not read as `tests.support.drawn_once` has them."""
    patch = pytest.MonkeyPatch()
    patch.setattr(phantom, "_film", drawn_once.draw)
    yield
    patch.undo()


@pytest.fixture
def tree(tmp_path):
    """A folder of films as published: train, val and test, each with the grades."""
    return write_tree(tmp_path / "tree")


@pytest.fixture
def flat(tmp_path):
    """A folder of films in the grades alone."""
    return write_flat(tmp_path / "flat")


@pytest.fixture(scope="module")
def tiny_networks():
    """Have both networks be tiny ones, see `tests.support.tiny`."""
    from tests.support import tiny

    undo = tiny.use()
    yield
    undo()


@pytest.fixture(scope="module")
def networks_asked_once():
    """Have the networks say again what they said before, see `asked_once`."""
    from tests.support import asked_once

    undo = asked_once.use()
    yield
    undo()


@pytest.fixture(scope="module")
def knees_measured_once():
    """Have the joint space of a knee be measured once, see `measured_once`."""
    from tests.support import measured_once

    undo = measured_once.use()
    yield
    undo()
