"""What ``python -m train locate`` does; imports are late, as in `training`."""

import hashlib
from argparse import Namespace
from pathlib import Path

from kneeoa.errors import ConfigError
from train.commands.finished import description_of
from train.commands.options import source_of


def locate(options: Namespace) -> int:
    """Train the localiser, which finds knees and knows what is none, and publish it."""
    try:
        import torch  # noqa: F401
    except ImportError:
        raise ConfigError(
            "Expected PyTorch, which the localiser is trained with. It is not installed: "
            "`pip install torch`."
        ) from None
    from train.locate.batches import Bank
    from train.locate.fit import LocateConfig, fit
    from train.locate.pictures import find_in, find_pictures, held_out, read_pictures
    from train.locate.publish import Measured, publish

    described = description_of(options.source)
    splits = source_of(options).read().splits
    pictures = find_pictures(options.not_knees)
    implants = find_in(options.elsewhere / "implants") if options.elsewhere else []
    bank = Bank(
        splits["train"].images,
        read_pictures([file for file in pictures if not held_out(file)]),
        read_pictures([file for file in implants if not held_out(file)]),
    )
    config = LocateConfig(
        steps=options.steps,
        seed=options.seed,
        learning_rate=options.learning_rate,
        start=hashlib.sha256(options.start.read_bytes()).hexdigest() if options.start else "",
    )
    folder = options.out or options.models / "localiser"
    checkpoint = options.checkpoint or folder.parent / ".localiser-checkpoint.pt"
    network = fit(bank, config, checkpoint, threads=options.threads, start=options.start)
    measured = Measured(splits["val"], pictures, options.elsewhere, _graders(options.models))
    publish(network, config, measured, folder, data=described)
    if not options.checkpoint:
        checkpoint.unlink(missing_ok=True)
    print(f"The localiser is published in {folder}")
    return 0


def _graders(models: Path):
    """Both networks together as they are published, or None where they are not."""
    from kneeoa.graders.grading import Ensemble
    from kneeoa.graders.together import find_together

    together = find_together(models)
    if together is None:
        return None
    temperature = together.card["calibration"]["temperature"]
    return Ensemble(together.members, temperature=temperature).grade_arrays
