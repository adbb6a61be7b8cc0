"""Settings that cannot work end the program in a sentence, before a page is open.

Whoever starts the dashboard reads that; by the page that would meet it, others would.
"""

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from kneeoa.environment import expect_bare, unknown
from kneeoa.errors import ConfigError, KneeOAError
from kneeoa.films.apart.settings import settings_from
from kneeoa.graders.cards.signature import keys_in, public_key
from kneeoa.records import notes
from kneeoa.records.archive import results_folders
from kneeoa.reports.dicom.pseudonyms import pseudonyms_from
from kneeoa.teaching import keys
from pages.shared.memory.limits import limits_from

_LOG = logging.getLogger(__name__)

_FOLDERS = {"KNEEOA_DATASET": "films", "KNEEOA_MODELS": "published models"}
_SEPARATED = {
    "KNEEOA_RESULTS": "results folders",
    "KNEEOA_OWN_FILMS": "folders of films and profiles",
}


def expect_settings(environment: Mapping[str, str] = os.environ) -> None:
    """Name settings that are mistyped; end the program where one cannot be what it is to be.

    A server of a database or an archive that does not answer yet is none of that: it may later.
    """
    for sentence in (*unknown(environment), *_not_there_yet(environment)):
        _LOG.warning("%s", sentence)
    try:
        _expect(environment)
    except KneeOAError as problem:
        sys.exit(f"The dashboard is not started. {problem}")


def _expect(environment: Mapping[str, str]) -> None:
    expect_bare(environment)
    limits_from(environment)
    settings_from(environment)
    keys.places_in(environment, 1)
    notes.everyone_writes(environment)
    pseudonyms_from(environment)
    if environment.get(keys.SETTING):
        keys.check_setting(environment[keys.SETTING])
    for name, what in _FOLDERS.items():
        folder = Path(environment.get(name) or ".").expanduser()
        if not folder.is_dir():
            raise ConfigError(f"Expected a folder of {what} in {name}. {_what_is(folder)}")
        if not os.access(folder, os.R_OK | os.X_OK):
            raise ConfigError(
                f"Expected a folder in {name} that may be read. {folder} may not: let the user "
                "that runs the dashboard read it."
            )
    for name, what in _SEPARATED.items():
        for folder in _named(environment, name):
            if folder.exists() and not folder.is_dir():
                raise ConfigError(f"Expected {what} in {name}. {_what_is(folder)}")
    for file in keys_in(environment.get("KNEEOA_TRUSTED_KEYS")):
        public_key(file)
    if any(environment.get(name) for name in environment if name.startswith("KNEEOA_CASES_")):
        _expect_cases(environment)
    if environment.get("KNEEOA_DATABASE_URL"):
        # Late: half a second that most starts do without.
        from kneeoa.store.database import expect_place

        expect_place(environment["KNEEOA_DATABASE_URL"])


def _expect_cases(environment: Mapping[str, str]) -> None:
    from kneeoa.store.cases import identity, settings

    if environment.get(settings.KEY):
        settings.check_key(environment[settings.KEY])
    identity.policy_from(environment)
    files = settings.files_from(environment)
    if files.folder.exists() and not files.folder.is_dir():
        raise ConfigError(
            f"Expected a folder for the films of saved cases in {settings.FOLDER}. "
            f"{_what_is(files.folder)}"
        )


def _not_there_yet(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each folder that is not there: training may write it later."""
    return [
        f"There is no folder {folder}, which {name} names. Its pages show it once it is there."
        for name in _SEPARATED
        for folder in _named(environment, name)
        if not folder.exists()
    ]


def _named(environment: Mapping[str, str], name: str) -> tuple[Path, ...]:
    setting = environment.get(name)
    return results_folders(setting, Path()) if setting and setting.strip() else ()


def _what_is(place: Path) -> str:
    here = f", from {Path.cwd()} on" if not place.is_absolute() else ""
    is_there = os.path.lexists(place)
    what = "is no folder" if is_there else "is not there"
    return f"{place} {what}{here}: name another, or leave it unset."
