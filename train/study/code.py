"""The code that trains, as a folder that goes to other machines."""

import shutil
from pathlib import Path

from kneeoa.graders.locating.localiser import FOLDER
from kneeoa.graders.published import DEFAULT_MODELS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("kneeoa", "train")


def copy_code(folder: Path) -> list[Path]:
    """Copy the packages into `folder`, with the networks that find the joint; return their places.

    Films that are no squares of a joint are framed by those networks, there as here.
    """
    for name in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "assets")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    # Where an installed package has them.
    shutil.copytree(DEFAULT_MODELS / FOLDER, folder / "kneeoa" / "assets" / "models" / FOLDER)
    return [folder / name for name in PACKAGES]
