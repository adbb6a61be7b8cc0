"""What tests of several commands begin with."""

import pytest

from tests.support.knees import write_tree


@pytest.fixture(scope="module")
def given(tiny_networks, tmp_path_factory):
    """Options of a study of seconds, one file of which is shared by name and prefix."""
    # Late: who hands out the tests loads this file, and needs no Keras.
    from tests.support import tiny

    folder = tmp_path_factory.mktemp("given")
    tree = write_tree(folder / "knees", train=3, val=1, test=1)
    start = tiny.write_weights(folder / "start.npz")
    settings = "--preset smoke --cycles 2 --architectures mobilenet --stages head:1"
    return ["--data", str(tree), "--init", f"mobilenet={start}", *settings.split()]
