"""The command line of the training module: ``python -m train COMMAND --help``."""

import os
import sys

from kneeoa.errors import KneeOAError
from train.commands.parser import parse


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0, or 2 with a sentence when something cannot be done."""
    # TensorFlow would greet with a page of what it could do; errors still show.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        options = parse(arguments)
        return options.run(options)
    except KneeOAError as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"train: {error.filename or 'A file'}: {error.strerror or error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train: stopped. The same command goes on from here.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
