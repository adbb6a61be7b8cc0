"""Which pinned packages are there: asked before any of them is sure to be, so nothing is imported.

``python -m train.packages FILE`` prints the lines of FILE whose package is missing in any version;
with ``--tell`` it says what training goes on with, and ends with 1 where it cannot.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

WITHOUT = {
    "ray": "cycles train one after the other",
    "python-gdcm": "DICOM films of some compressions cannot be read",
    "onnx": "nothing can start from an .onnx file",
}
"""What training can do without -> what that means."""


def missing(wanted: Iterable[str]) -> list[str]:
    """Return those of the lines ``name==version`` whose package is not there, in any version."""
    return [line for line in wanted if _version(_pin(line)[0]) is None]


def others(wanted: Iterable[str]) -> list[str]:
    """Return what is there in another version than is pinned, as ``numpy 2.5.2, not 2.4.6``."""
    pinned = [(*_pin(line), _version(_pin(line)[0])) for line in wanted]
    return [f"{name} {here}, not {pin}" for name, pin, here in pinned if here and here != pin]


def told(wanted: Sequence[str]) -> tuple[str, bool]:
    """Return a sentence of what is not as it is pinned, and whether training can go on so."""
    lacking = [_pin(line)[0] for line in missing(wanted)]
    if needed := [name for name in lacking if name not in WITHOUT]:
        return (
            f"Expected {', '.join(needed)}, which training needs and pip could not install. "
            "Without a network, put wheels of what is missing into the folder wheels. pip said:",
            False,
        )
    parts = []
    if different := others(wanted):
        parts.append(f"with {'; '.join(different)}")
    parts += [f"without {name} ({WITHOUT[name]})" for name in lacking]
    if not parts:
        return "", True
    how = ", and ".join(parts)
    return f"Note: not all packages could be had as pinned. Training goes on {how}.", True


def main(arguments: Sequence[str]) -> int:
    """Do what the module's first lines say; return the exit code."""
    file, *tells = arguments
    wanted = [line for line in Path(file).read_text("utf-8").split("\n") if "==" in line]
    if not tells:
        sys.stdout.write("".join(f"{line}\n" for line in missing(wanted)))
        return 0
    sentence, goes_on = told(wanted)
    if sentence:
        print(sentence, file=sys.stdout if goes_on else sys.stderr)
    return 0 if goes_on else 1


def _pin(line: str) -> tuple[str, str]:
    """Return name and version of a line such as ``torch==2.13.0`` or ``a[b]==1``."""
    name, _, version = line.partition("==")
    return re.sub(r"\[.*\]", "", name).strip(), version.strip()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
