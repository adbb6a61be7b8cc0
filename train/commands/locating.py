"""What ``python -m train locate`` does; imports are late, as in `training`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from msgspec import Meta

from kneeoa.errors import ConfigError
from kneeoa.graders.cards.digest import sha256_of
from kneeoa.graders.published import DEFAULT_MODELS
from train.commands import options, signing, sources
from train.commands.from_fields import option

if TYPE_CHECKING:
    from train.locate.fit import LocateConfig
    from train.locate.network import Network
    from train.locate.pictures import Pictures
    from train.locate.publish import Grade, Measured
    from train.locate.spoilt.publish import Trained

    Material = tuple[np.ndarray, Pictures, Pictures]
    """Training knees, pictures that are no knees, and knees with an implant."""


@dataclass(frozen=True, kw_only=True)
class Locate(options.Films):
    """Train the localiser, which finds knees and knows what is none, and publish it."""

    not_knees: Path = option("DIR", "a folder a kind of picture")
    elsewhere: Path | None = option("DIR", "another hospital's films, to measure on", None)
    out: Path | None = option("FOLDER", "where model and card go", None, exclusive=True)
    models: Path = option("DIR", default=DEFAULT_MODELS, exclusive=True)
    steps: options.Count = option("N", default=4000)
    seed: options.Seed = option("SEED", default=0)
    learning_rate: Annotated[float, Meta(gt=0)] = option("RATE", default=4e-3)
    checkpoint: Path | None = option("FILE", "where the state is kept, to go on from", None)
    start: Path | None = option("FILE", "a finished training's checkpoint to begin with", None)
    threads: options.Count = option("N", "of PyTorch", 1)
    only_measure: bool = option(None, "put new figures on the published one's card", False)
    only: Literal["spoilt"] | None = option(
        None, "train what knows spoilt knees, and keep the published localiser", None
    )
    spoilt_steps: options.Count = option("N", "of what knows spoilt knees", 2600)
    source: Path | None = option("FILE", "what the data is, if it is not known", None)

    @property
    def goes_on(self) -> bool:
        """What measures anew keeps no state."""
        return not self.only_measure

    def __call__(self) -> int:
        if self.out:
            _expect_ours(self.out)
        try:
            import torch  # noqa: F401
        except ImportError:
            raise ConfigError(
                "Expected PyTorch, which the localiser is trained with. It is not installed: "
                "`pip install torch`."
            ) from None
        from train.locate.pictures import find_pictures
        from train.locate.publish import Measured, measure, publish

        dataset = options.source_of(self).read()
        splits = dataset.splits
        pictures = find_pictures(self.not_knees)
        new = not self.only_measure and self.only is None
        described = sources.described(self.source, dataset.split_hash) if new else {}
        grade = _graders(self.models)
        measured = Measured(splits["val"], splits["test"], pictures, self.elsewhere, grade)
        folder = self.out or self.models / "localiser"
        if self.only_measure:
            measure(folder, measured)
            print(f"The card in {folder} has the figures of now.")
            signing.remind(folder.parent)
            return 0
        checkpoint = self._checkpoint(folder)
        material = splits["train"].images, *_other_pictures(self, pictures)
        if self.only == "spoilt":
            _publish_spoilt(_knows_spoilt(self, material, checkpoint), measured, folder)
        else:
            network, config = _trained(self, material, checkpoint)
            spoilt = _knows_spoilt(self, material, _beside(checkpoint))
            publish(network, config, spoilt, measured, folder, data=described)
        if not self.checkpoint:
            for file in (checkpoint, _beside(checkpoint)):
                file.unlink(missing_ok=True)
        print(f"The localiser is published in {folder}")
        signing.remind(folder.parent)
        return 0

    def _checkpoint(self, folder: Path) -> Path:
        name = "localiser" if self.only is None else f"localiser-{self.only}"
        return self.checkpoint or folder.parent / f".{name}-checkpoint.pt"


def _expect_ours(folder: Path) -> None:
    """Refuse a folder of something else: it would be replaced, with all that is in it."""
    if not folder.exists() or (folder / "card.json").is_file():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise ConfigError(
            f"Expected --out to be a new folder, or one of a localiser. {folder} is there and is "
            "none: name another."
        )


def _beside(checkpoint: Path) -> Path:
    """Return where the state is kept of the second network that is trained."""
    return checkpoint.with_stem(f"{checkpoint.stem}-spoilt")


def _publish_spoilt(trained: "Trained", measured: "Measured", folder: Path) -> None:
    from train.locate.publish import films_of, measure
    from train.locate.spoilt.publish import publish

    publish(
        trained,
        films_of(measured.val),
        folder,
        measure=lambda beside: measure(beside, measured),
    )


def _knows_spoilt(command: Locate, material: "Material", checkpoint: Path) -> "Trained":
    """Return the trained network that knows spoilt knees."""
    from train.locate.spoilt.batches import Bank
    from train.locate.spoilt.fit import SpoiltConfig, fit
    from train.locate.spoilt.publish import Trained

    _, others, _ = material
    bank = Bank(*material, taken_for_knees=_taken_for_knees(command, others))
    start = command.start if command.only == "spoilt" else None
    config = SpoiltConfig(
        steps=command.spoilt_steps,
        seed=command.seed,
        learning_rate=command.learning_rate,
        start=_digest_of(start) if start else "",
    )
    network = fit(bank, config, checkpoint, threads=command.threads, start=start)
    return Trained(network, config)


def _taken_for_knees(command: Locate, others: "Pictures") -> np.ndarray | None:
    """Return parts of other pictures that the published localiser takes for knees, if there is one.

    Not of knees from another side, see `train.locate.spoilt.batches.Bank`.
    """
    from kneeoa.graders.locating.localiser import FOLDER, Localiser
    from train.locate.spoilt.mined import taken_for_knees

    if not (command.models / FOLDER / "card.json").exists():
        return None
    rng = np.random.default_rng(command.seed)
    files = [file for file, aside in zip(others.files, others.lateral, strict=True) if not aside]
    # Of one of before, whose second network is what is trained here, the first is enough.
    parts = taken_for_knees(Localiser(command.models, in_making=True), files, rng)
    print(f"{len(parts)} parts of other pictures are taken for knees.", flush=True)
    return parts


def _trained(
    command: Locate, material: "Material", checkpoint: Path
) -> tuple["Network", "LocateConfig"]:
    """Return the trained localiser, and how it was trained."""
    from train.locate.batches import Bank
    from train.locate.fit import LocateConfig, fit

    bank = Bank(*material)
    config = LocateConfig(
        steps=command.steps,
        seed=command.seed,
        learning_rate=command.learning_rate,
        start=_digest_of(command.start) if command.start else "",
    )
    network = fit(bank, config, checkpoint, threads=command.threads, start=command.start)
    return network, config


def _other_pictures(command: Locate, pictures: Sequence[Path]) -> tuple["Pictures", "Pictures"]:
    """Return the pictures that are no knees, and knees with an implant; none that is held out."""
    from train.locate.pictures import find_in, held_out, read_pictures

    implants = find_in(command.elsewhere / "implants") if command.elsewhere else []
    others, knees = (
        read_pictures([file for file in files if not held_out(file)])
        for files in (pictures, implants)
    )
    return others, knees


def _digest_of(file: Path) -> str:
    if not file.is_file():
        raise ConfigError(f"Expected --start to be a checkpoint. There is no file {file}.")
    return sha256_of(file)


def _graders(models: Path) -> "Grade | None":
    """Both networks together as they are published, or None where they are not."""
    from kneeoa.graders.grading import Ensemble
    from kneeoa.graders.together import find_together

    together = find_together(models)
    if together is None:
        return None
    temperature = together.card["calibration"]["temperature"]
    return Ensemble(together.members, temperature=temperature).grade_arrays
