"""What ``python -m train locate`` does; imports are late, as in `training`."""

import hashlib
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kneeoa.errors import ConfigError
from train.commands import signing
from train.commands.finished import description_of
from train.commands.options import source_of

if TYPE_CHECKING:
    from train.locate.fit import LocateConfig
    from train.locate.network import Network
    from train.locate.publish import Grade


def locate(options: Namespace) -> int:
    """Train the localiser, which finds knees and knows what is none, and publish it."""
    try:
        import torch  # noqa: F401
    except ImportError:
        raise ConfigError(
            "Expected PyTorch, which the localiser is trained with. It is not installed: "
            "`pip install torch`."
        ) from None
    from train.locate.pictures import find_pictures
    from train.locate.publish import Measured, measure, publish

    described = description_of(options.source)
    splits = source_of(options).read().splits
    pictures = find_pictures(options.not_knees)
    grade = _graders(options.models)
    measured = Measured(splits["val"], splits["test"], pictures, options.elsewhere, grade)
    folder = options.out or options.models / "localiser"
    if options.only_measure:
        measure(folder, measured)
        print(f"The card in {folder} has the figures of now.")
        signing.remind(folder.parent)
        return 0
    network, config, checkpoint = _trained(options, splits["train"].images, pictures, folder)
    publish(network, config, measured, folder, data=described)
    if not options.checkpoint:
        checkpoint.unlink(missing_ok=True)
    print(f"The localiser is published in {folder}")
    signing.remind(folder.parent)
    return 0


def _trained(
    options: Namespace, images: np.ndarray, pictures: Sequence[Path], folder: Path
) -> tuple["Network", "LocateConfig", Path]:
    """Return the trained network, how it was trained, and the file with its state."""
    from train.locate.batches import Bank
    from train.locate.fit import LocateConfig, fit
    from train.locate.pictures import find_in, held_out, read_pictures

    implants = find_in(options.elsewhere / "implants") if options.elsewhere else []
    bank = Bank(
        images,
        read_pictures([file for file in pictures if not held_out(file)]),
        read_pictures([file for file in implants if not held_out(file)]),
    )
    config = LocateConfig(
        steps=options.steps,
        seed=options.seed,
        learning_rate=options.learning_rate,
        start=hashlib.sha256(options.start.read_bytes()).hexdigest() if options.start else "",
    )
    checkpoint = options.checkpoint or folder.parent / ".localiser-checkpoint.pt"
    network = fit(bank, config, checkpoint, threads=options.threads, start=options.start)
    return network, config, checkpoint


def _graders(models: Path) -> "Grade | None":
    """Both networks together as they are published, or None where they are not."""
    from kneeoa.graders.grading import Ensemble
    from kneeoa.graders.together import find_together

    together = find_together(models)
    if together is None:
        return None
    temperature = together.card["calibration"]["temperature"]
    return Ensemble(together.members, temperature=temperature).grade_arrays
