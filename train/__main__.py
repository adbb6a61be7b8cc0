"""The command line of the training module: ``python -m train COMMAND --help``."""

import os
import sys

from kneeoa import terminal


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    # TensorFlow would greet with a page of what it could do; errors still show.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

    def work():
        from train.commands.parser import parse  # late: Ctrl-C is answered from the start

        options = parse(arguments)
        return options.run(options)

    return terminal.run("train", work, stopped="stopped. The same command goes on from here.")


if __name__ == "__main__":
    sys.exit(main())
