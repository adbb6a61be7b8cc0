"""What the server's owner settles about saved cases: whether there are any, and who sees them."""

import re
from collections.abc import Mapping
from pathlib import Path

from kneeoa.environment import expect_known
from kneeoa.errors import ConfigError
from kneeoa.store.cases.films import FilmFiles
from kneeoa.teaching import keys

KEY = "KNEEOA_CASES_KEY"
"""What opens the list; without it nothing is saved."""
FOLDER = "KNEEOA_CASES_FILMS"
SECRET = "KNEEOA_CASES_SECRET"
"""What films are encrypted with."""
OLD_SECRET = "KNEEOA_CASES_OLD_SECRET"
"""What they were encrypted with before, for the command that changes it."""
DEFAULT_FOLDER = Path(__file__).parents[3] / "var" / "films"
_HEX = re.compile(r"[0-9a-fA-F]{64}")


def check_key(setting: str | None) -> None:
    """Raise `ConfigError` where no key is set, or one that is guessed too easily."""
    keys.check_setting(setting, KEY, "the key of the case list", "to save cases")


def secret_from(environment: Mapping[str, str], setting: str = SECRET) -> bytes | None:
    """Return what is kept is encrypted with, or None; raise `ConfigError` for what is no secret.

    Where a setting of cases is mistyped, it may be this one: films would be kept as they are. So
    they would where it is empty, as by ``$(cat FILE)`` in another folder than that of the file.
    """
    expect_known(environment, "KNEEOA_CASES_")
    if setting not in environment:
        return None
    secret = environment[setting].strip()
    if not secret:
        raise ConfigError(
            f"Expected 64 hexadecimal digits in {setting}. It is set, but empty: look whether the "
            "file is there that it is read from, or leave it unset, and films lie as they are."
        )
    if not _HEX.fullmatch(secret):
        raise ConfigError(
            f"Expected 64 hexadecimal digits in {setting}. Received {len(secret)} characters. Make "
            "one with: python -c 'import secrets; print(secrets.token_hex(32))', and keep a copy "
            "apart from the films: without it they cannot be read."
        )
    return bytes.fromhex(secret)


def how_films_lie(environment: Mapping[str, str]) -> str:
    """Return, as a sentence, whether films that are saved are encrypted."""
    try:
        secret = secret_from(environment)
    except ConfigError:
        return "No film can be saved: what they are to be encrypted with is set wrongly."
    if secret:
        return "Films are saved encrypted."
    return "Films are saved unencrypted: whoever can read this server's disk can see them."


def files_from(environment: Mapping[str, str]) -> FilmFiles:
    """Return where films of cases are kept; raise `ConfigError` for a secret that is none.

    Nothing is made or opened yet.
    """
    folder = Path(environment.get(FOLDER) or DEFAULT_FOLDER).expanduser()
    return FilmFiles(folder, secret_from(environment))
