"""Settings of a config as text: what the command line reads."""

import typing
from dataclasses import fields
from typing import Any, Literal

from kneeoa.errors import ConfigError
from train.config import Stage, TrainConfig

SETTABLE = tuple(
    item.name
    for item in fields(TrainConfig)
    if item.name not in ("architecture", "init", "preset", "seed")
)
"""Fields that the command line sets by name; the other four have options of their own."""


def parse_field(name: str, text: str) -> Any:
    """Return `text` as the type of the field `name`; raise `ConfigError` if it does not fit."""
    if name not in SETTABLE:
        raise ConfigError(f"Expected a setting out of {', '.join(SETTABLE)}. Received: {name}.")
    kind = typing.get_type_hints(TrainConfig)[name]
    if name == "stages":
        return tuple(_parse_stage(part) for part in text.split(","))
    if typing.get_origin(kind) is Literal:
        if text not in typing.get_args(kind):
            raise _unfit(name, " or ".join(typing.get_args(kind)), text)
        return text
    if kind is bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.lower() not in words:
            raise _unfit(name, "true or false", text)
        return words[text.lower()]
    try:
        return kind(text)
    except ValueError:
        expected = {int: "a whole number", float: "a number"}[kind]
        raise _unfit(name, expected, text) from None


def _parse_stage(text: str) -> Stage:
    layer, *numbers = text.strip().split(":")
    kinds = (int, float, int)
    try:
        if not layer or not 1 <= len(numbers) <= 3:
            raise ValueError
        return Stage(layer, *(kind(number) for kind, number in zip(kinds, numbers, strict=False)))
    except ValueError:
        expected = "LAYER:EPOCHS[:FACTOR[:SIDE]] joined by commas, such as head:5,conv5:10,all:35"
        raise _unfit("stages", expected, text) from None


def _unfit(name: str, expected: str, text: str) -> ConfigError:
    return ConfigError(f"Expected {name} to be {expected}. Received: {text}.")
