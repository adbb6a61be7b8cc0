"""Where the films of a study come from, as it travels to the machines that train on them."""

from dataclasses import dataclass
from pathlib import Path

from kneeoa.data.arrays import Films
from kneeoa.data.dataset import Dataset, read_dataset, read_ungraded
from kneeoa.data.listing import SPLITS
from kneeoa.errors import ConfigError
from kneeoa.room import real


@dataclass(frozen=True, slots=True)
class Source:
    """What the command line said of the films; see `kneeoa.data.dataset.read_dataset`.

    `films` is how many of each split to rehearse on, or None for all.
    """

    path: Path
    split_file: Path | None = None
    resplit: bool = False
    ratios: tuple[float, float, float] = (70, 15, 15)
    seed: int = 0
    patient_pattern: str | None = None
    max_unreadable: float = 0.01
    films: int | None = None

    def read(self, *, check: bool = True) -> Dataset:
        """Return the films, decoded; with `check`, raise `DataError` if they cannot be used."""
        dataset = read_dataset(
            self.path,
            split_file=self.split_file,
            resplit=self.resplit,
            ratios=self.ratios,
            seed=self.seed,
            patient_pattern=self.patient_pattern,
            max_unreadable=self.max_unreadable,
            check=check,
        )
        return dataset.first(self.films) if self.films else dataset

    def read_ungraded(self, folders: tuple[Path, ...]) -> dict[str, Films]:
        """Return the films of each folder under its name, which predictions carry as their split.

        Raises `ConfigError` when two folders, or a folder and a split, have the same name.
        """
        names = [real(folder).name for folder in folders]
        for name in names:
            if name in SPLITS or names.count(name) > 1:
                raise ConfigError(
                    "Expected folders to --predict whose names differ from each other and from "
                    f"{', '.join(SPLITS)}. Received {name}: rename or link it."
                )
        pattern = self.patient_pattern
        return {
            name: read_ungraded(folder, patient_pattern=pattern, max_unreadable=self.max_unreadable)
            for name, folder in zip(names, folders, strict=True)
        }
