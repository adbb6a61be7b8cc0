"""Films as cards of a contact sheet: what is known of each, in the order they are shown in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from kneeoa.analysis import confusions
from kneeoa.data.listing import name_patterns, patient_and_side
from kneeoa.networks import DISPLAY_NAME, Architecture
from kneeoa.records.results import PROBABILITY_COLUMNS
from kneeoa.wording import counted

SIDES = {"L": "left", "R": "right", "": "side not known"}
_PATTERNS = name_patterns(None)


@dataclass(frozen=True, slots=True)
class FilmCard:
    """One film of a sheet.

    Attributes
    ----------
    reference, given : grades in 0-4
    side : ``"L"``, ``"R"``, or empty where the film's name does not tell it
    probability : of the given grade, in [0, 1]
    note : what else there is to say of it, or nothing
    """

    image_id: str
    reference: int
    given: int
    side: str
    probability: float
    note: str = ""

    def lines(self) -> tuple[str, ...]:
        """Return what stands on the card: grades, side and probability, and the note."""
        return (
            f"reference {self.reference}, given {self.given}",
            f"{SIDES[self.side]}, {self.probability:.0%}",
            *([self.note] if self.note else []),
        )


def cell_sentence(films: Mapping[str, pd.DataFrame], network: str, true: int, given: int) -> str:
    """Say how a cell of the matrix and its films, as `confusions.in_cell` lists them, go together.

    ``films`` are `confusions.graded` films by run, ``network`` is the name shown. A cell is the
    mean over runs; the list has every film that any run puts there, so it is longer.
    """
    cell_films = confusions.in_cell(films, true, given)
    of_reference = [int((table["true_grade"] == true).sum()) for table in films.values()]
    knees = sum(of_reference) / len(films)
    cell = cell_films["runs_here"].sum() / len(films)
    share = f" ({100 * cell / knees:.0f}% of {knees:.0f})" if knees else ""
    description = f"with reference KL {true} to which {network} gives KL {given}"
    if len(films) == 1:
        return f"{counted(int(cell), 'knee')} {description}{share}."
    every = int((cell_films["runs_here"] == len(films)).sum())
    return (
        f"In a run, on average, there are {cell:.1f} knees {description}{share}. One or more of "
        f"the {len(films)} runs put {counted(len(cell_films), 'film')} there; all of the runs put "
        f"{every} of them there."
    )


def of_cell(
    films: Mapping[str, pd.DataFrame],
    true: int,
    given: int,
    *,
    also: Sequence[Mapping[str, pd.DataFrame]] = (),
) -> tuple[FilmCard, ...]:
    """Return the films of a cell, the surest first: as many as `confusions.in_cell` lists.

    ``films`` are `confusions.graded` films by run, `also` those of other networks that have to put
    a film there, too. Where there are several runs the probability is their mean, and the note says
    in how many of them a film is in this cell.
    """
    cell_films = confusions.in_cell(films, true, given, also=also)
    several = len(films) > 1
    return tuple(
        FilmCard(
            row.image_id,
            true,
            given,
            side_of(row.image_id),
            float(row.confidence),
            f"so in {row.runs_here} of {row.runs} runs" if several else "",
        )
        for row in cell_films.itertuples()
    )


def below_sentence(listed: int, both: int | None = None, *, several: bool = False) -> str:
    """Say which of the `listed` films of a cell stand below.

    All of them; or, with `both`, as many as both networks put there, of which one run each is
    enough where there are `several`.
    """
    if not listed:
        return "There is no film to show."
    if both is None:
        return "Below: that film." if listed == 1 else f"Below: all {listed}."
    each = "a run of each network gives" if several else "both networks give"
    if listed == 1:
        return (
            f"Below: that film, to which {each} this grade."
            if both
            else f"The one film here is none to which {each} this grade: there is no film to show."
        )
    if not both:
        return f"To none of these {listed} {each} this grade: there is no film to show."
    return f"Below: the {both} of these {listed} to which {each} this grade."


def of_wrong(table: pd.DataFrame) -> tuple[FilmCard, ...]:
    """Return the films of `confusions.always_wrong`, with the mean probability of the answer."""
    return tuple(
        FilmCard(
            row.image_id,
            int(row.true_grade),
            int(row.given),
            side_of(row.image_id),
            float(row.confidence),
            f"off by {row.mean_error:.1f} grades on average",
        )
        for row in table.itertuples()
    )


def of_apart(
    table: pd.DataFrame, pair: tuple[Architecture, Architecture], answers: pd.DataFrame
) -> tuple[FilmCard, ...]:
    """Return the films of `confusions.most_apart`; `answers` are those of the first network.

    The note has the mean expected grade of both.
    """
    by_film = answers.set_index("image_id")
    rows = by_film.loc[list(table["image_id"])]
    shares = rows[PROBABILITY_COLUMNS].to_numpy().reshape(-1, 5).max(axis=1)
    first, second = (DISPLAY_NAME[name] for name in pair)
    return tuple(
        FilmCard(
            row.image_id,
            int(row.true_grade),
            int(given),
            side_of(row.image_id),
            float(share),
            f"on average {first} {row.first:.1f}, {second} {row.second:.1f}",
        )
        for row, given, share in zip(table.itertuples(), rows["predicted"], shares, strict=True)
    )


def side_of(image_id: str) -> str:
    """Return the side that a film's name tells, ``"L"`` or ``"R"``, or an empty string."""
    return patient_and_side(image_id, _PATTERNS)[1]


def of_film(films: Mapping[str, pd.DataFrame], image_id: str) -> pd.DataFrame:
    """Return what each run says of one film: ``run, predicted`` and ``p0`` to ``p4``.

    Runs that have no such film are left out.
    """
    shown = ["predicted", *PROBABILITY_COLUMNS]
    rows = [
        {"run": run, **answers.loc[answers["image_id"] == image_id, shown].iloc[0]}
        for run, answers in films.items()
        if (answers["image_id"] == image_id).any()
    ]
    table = pd.DataFrame(rows, columns=["run", *shown])
    return table.astype({"predicted": int})
