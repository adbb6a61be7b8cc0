"""The command line of the training module: ``python -m train COMMAND --help``.

All that it needs is imported late: until `terminal.run` answers Ctrl-C, it is not to be met.
"""

import signal

if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is to be outlived
        signal.signal(signal.SIGINT, signal.SIG_DFL)

import contextlib
import os
import sys

TYPE_CHECKING = False  # typing is slow to import, and mypy knows the name
if TYPE_CHECKING:
    from train.commands.from_fields import Command


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    from kneeoa import terminal

    # TensorFlow would greet with a page of what it could do; errors still show.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    command: Command | None = None

    def work() -> int:
        from train.commands.parser import parse

        nonlocal command
        command = parse(arguments)
        from kneeoa.films.apart.settings import settings_from

        settings_from()  # else every single film would be refused for it
        _settle_libraries()
        return command()

    def stopped() -> str:
        if command is None:
            return "stopped."
        from train.commands.parser import goes_on

        how = "goes on from here" if goes_on(command) else "begins anew"
        return f"stopped. The same command {how}."

    return terminal.run("train", work, stopped=stopped)


def _settle_libraries() -> None:
    """Have Keras and PyTorch keep what they keep in our cache; neither is loaded yet.

    And keep Keras from Apple's GPU, which it would take of itself: see `train.machine`.
    """
    if sys.platform == "darwin":
        os.environ.setdefault("KERAS_TORCH_DEVICE", "cpu")
    from kneeoa.data.cache import cache_folder
    from kneeoa.errors import KneeOAError

    # Who has no home for a cache is told so by the commands that need one.
    with contextlib.suppress(KneeOAError):
        cache = cache_folder()
        os.environ.setdefault("KERAS_HOME", str(cache.with_name("keras")))
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache.with_name("torch")))


if __name__ == "__main__":
    sys.exit(main())
