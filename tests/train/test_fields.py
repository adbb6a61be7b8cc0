"""What a field may hold, read from text: values, bounds, and the words for them."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta

from train.config import Stage
from train.fields import expected, fits, read

COUNT = Annotated[int, Meta(ge=1)]
PART = Annotated[float, Meta(ge=0, lt=1)]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (float, "3e-4", 3e-4),
        (COUNT, "16", 16),
        (COUNT | None, "16", 16),
        (bool, "no", False),
        (bool, "TRUE", True),
        (Literal["adam", "adamw"], "adamw", "adamw"),
        (str | None, "None", "None"),
        (Path, "f\udcfcr", Path("f\udcfcr")),
        (Annotated[Path, Path.absolute], "x", Path.cwd() / "x"),
        (tuple[Stage, ...], "head:2,conv5:3:0.5", (Stage("head", 2), Stage("conv5", 3, 0.5))),
        (tuple[Stage, ...], "all:3:1:160", (Stage("all", 3, 1, 160),)),
    ],
)
def test_text_is_read_as_its_type(kind, text, value):
    assert read(kind, text) == value


def test_stages_are_read_as_they_are_written():
    stages = (Stage("head", 2), Stage("conv5", 3, 0.5), Stage("all", 1, 1.0, 160))
    assert read(tuple[Stage, ...], ",".join(map(str, stages))) == stages


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (int, "16.5", "a whole number"),
        (COUNT, "0", "a whole number, at least 1"),
        (COUNT | None, "-1", "a whole number, at least 1"),
        (PART, "much", "a number, at least 0, below 1"),
        (PART, "1", "a number, at least 0, below 1"),
        (Annotated[float, Meta(gt=0, le=2.5)], "nan", "a number, above 0, at most 2.5"),
        (float, "nan", "a number"),
        (Path, "", "a file or folder"),
        (Annotated[Path, Path.absolute], "", "a file or folder"),
        (Annotated[int, Meta(le=1_000_000)], "9" * 30, "a whole number, at most 1,000,000"),
        (float | None, "-inf", "a number"),
        (Annotated[float, Meta(gt=0)], "1e999", "a number, above 0"),
        (bool, "maybe", "true or false"),
        (Literal["constant", "cosine"], "linear", "constant or cosine"),
        (tuple[Stage, ...], "head", f"{Stage.WRITTEN}, joined by commas"),
        (tuple[Stage, ...], ":3", f"{Stage.WRITTEN}, joined by commas"),
        (tuple[Stage, ...], "head:1:2:3:4", f"{Stage.WRITTEN}, joined by commas"),
    ],
)
def test_text_that_does_not_fit_is_refused(kind, text, words):
    with pytest.raises(ValueError):
        read(kind, text)
    assert expected(kind) == words


@pytest.mark.parametrize("limit", ["gt", "ge", "lt", "le"])
def test_each_bound_is_kept(limit):
    kind = Annotated[float, Meta(**{limit: 1})]
    inside = {"gt": (2,), "ge": (1, 2), "lt": (0,), "le": (0, 1)}[limit]
    assert tuple(value for value in (0, 1, 2) if fits(kind, value)) == inside
