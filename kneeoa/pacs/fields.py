"""The fields of a settings table, each asked for by its kind; what nobody asks for is refused."""

from collections.abc import Mapping
from typing import Any

from kneeoa.errors import ConfigError


class Fields:
    """A table of a settings file. No message quotes a value: it may be a misplaced secret."""

    def __init__(self, content: Mapping[str, Any], where: str):
        self.content = content
        self.where = where
        self._asked: set[str] = set()

    def table(self, name: str) -> "Fields":
        """Return a table inside this one, empty where it is not there."""
        value = self._value(name, {})
        if not isinstance(value, dict):
            raise ConfigError(f"Expected a table called {name} in {self.where}. Found a value.")
        return Fields(value, self.where)

    def text(self, name: str) -> str:
        """Return a text, empty where it is not there."""
        value = self._value(name, "")
        if not isinstance(value, str) or not value.isprintable():
            raise ConfigError(f"Expected a text as {name} in {self.where}.")
        return value.strip()

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        value = self._value(name, [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise ConfigError(f"Expected a list of texts as {name} in {self.where}.")
        return value

    def yes(self, name: str, default: bool) -> bool:
        """Return true or false."""
        value = self._value(name, default)
        if not isinstance(value, bool):
            raise ConfigError(f"Expected true or false as {name} in {self.where}.")
        return value

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """Return a number within its range."""
        value = self._value(name, default)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not (least <= value <= most)
        ):
            raise ConfigError(
                f"Expected a number from {least:g} to {most:g} as {name} in {self.where}."
            )
        return value

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number within its range."""
        value = self.number(name, default, least, most)
        if value != int(value):
            raise ConfigError(f"Expected a whole number as {name} in {self.where}.")
        return int(value)

    def refuse_the_rest(self) -> None:
        """Raise `ConfigError` where there is more than was asked for: a name that was mistyped."""
        unknown = [name for name in self.content if name not in self._asked]
        if unknown:
            known = ", ".join(sorted(self._asked))
            raise ConfigError(
                f"Expected in {self.where} nothing but {known}. Found {len(unknown)} more: check "
                "the spelling."
            )

    def _value(self, name: str, default: Any) -> Any:
        self._asked.add(name)
        return self.content.get(name, default)
