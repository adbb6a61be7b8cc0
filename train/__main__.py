"""The command line of the training module: ``python -m train COMMAND --help``."""

import contextlib
import os
import sys

from kneeoa import terminal
from kneeoa.errors import KneeOAError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    # TensorFlow would greet with a page of what it could do; errors still show.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

    def work() -> int:
        from train.commands.parser import parse  # late: Ctrl-C is answered from the start

        command = parse(arguments)
        _settle_libraries()
        return command()

    return terminal.run("train", work, stopped="stopped. The same command goes on from here.")


def _settle_libraries() -> None:
    """Have Keras and PyTorch keep what they keep in our cache; neither is loaded yet.

    And keep Keras from Apple's GPU, which it would take of itself: see `train.machine`.
    """
    if sys.platform == "darwin":
        os.environ.setdefault("KERAS_TORCH_DEVICE", "cpu")
    from kneeoa.data.cache import cache_folder

    # Who has no home for a cache is told so by the commands that need one.
    with contextlib.suppress(KneeOAError):
        cache = cache_folder()
        os.environ.setdefault("KERAS_HOME", str(cache.with_name("keras")))
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache.with_name("torch")))


if __name__ == "__main__":
    sys.exit(main())
