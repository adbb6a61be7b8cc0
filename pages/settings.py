"""Settings that cannot work end the program in a sentence, before a page is open.

Whoever starts the dashboard reads that; by the page that would meet it, others would.
"""

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from kneeoa.environment import expect_bare, expect_homes, unknown
from kneeoa.errors import ConfigError, KneeOAError
from kneeoa.films.apart.settings import settings_from
from kneeoa.graders.cards.signature import keys_in, public_key
from kneeoa.records import notes
from kneeoa.records.archive import results_folders
from kneeoa.reports.dicom.pseudonyms import pseudonyms_from
from kneeoa.teaching import keys
from pages.shared.memory.limits import limits_from

_LOG = logging.getLogger(__name__)

_FOLDERS = {
    "KNEEOA_DATASET": "a folder of films",
    "KNEEOA_MODELS": "a folder of published models",
    "KNEEOA_RESULTS": "results folders",
    "KNEEOA_OWN_FILMS": "folders of films and profiles",
}
_SEPARATED = {"KNEEOA_RESULTS", "KNEEOA_OWN_FILMS"}
"""Those of several folders, as in ``PATH``."""


def expect_settings(environment: Mapping[str, str] = os.environ) -> None:
    """Name settings that are mistyped; end the program where one cannot be what it is to be.

    A server of a database or an archive that does not answer yet, and a folder that is not there
    yet, are none of that: they may be later.
    """
    for sentence in unknown(environment):
        _LOG.warning("%s", sentence)
    try:
        _expect(environment)
        for sentence in _not_there_yet(environment):
            _LOG.warning("%s", sentence)
    except KneeOAError as problem:
        sys.exit(f"The dashboard is not started. {problem}")


def _expect(environment: Mapping[str, str]) -> None:
    expect_bare(environment)
    expect_homes(environment)
    limits_from(environment)
    settings_from(environment)
    keys.places_in(environment, 1)
    notes.everyone_writes(environment)
    pseudonyms_from(environment)
    if environment.get(keys.SETTING):
        keys.check_setting(environment[keys.SETTING])
    for name, what in _FOLDERS.items():
        for folder in _named(environment, name):
            if not _is_there(folder, name, what):
                continue
            if not folder.is_dir():
                raise ConfigError(
                    f"Expected {what} in {name}. {folder} is no folder: name another, or leave it "
                    "unset."
                )
            if not os.access(folder, os.R_OK | os.X_OK):
                raise _unreadable(folder, name, what)
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
    folder, what = settings.files_from(environment).folder, "a folder for the films of saved cases"
    if _is_there(folder, settings.FOLDER, what) and not folder.is_dir():
        raise ConfigError(
            f"Expected {what} in {settings.FOLDER}. {folder} is no folder: name another, or leave "
            "it unset."
        )


def _is_there(folder: Path, name: str, what: str) -> bool:
    """Return whether a folder is there; raise `ConfigError` where that cannot even be seen."""
    try:
        return folder.exists()
    except PermissionError:
        raise _unreadable(folder, name, what) from None
    except OSError as error:
        raise ConfigError(
            f"Expected {what} in {name}. {folder} cannot be looked at ({error.strerror}): name "
            "another, or leave it unset."
        ) from None


def _unreadable(folder: Path, name: str, what: str) -> ConfigError:
    return ConfigError(
        f"Expected {what} in {name} that may be read. {folder} may not: let the user that runs the "
        "dashboard read it."
    )


def _not_there_yet(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each folder that is not there: a disk may be mounted later."""
    return [
        f"There is no folder {folder.absolute()}, which {name} names. What needs it says so."
        for name in _FOLDERS
        for folder in _named(environment, name)
        if not folder.exists()
    ]


def _named(environment: Mapping[str, str], name: str) -> tuple[Path, ...]:
    setting = environment.get(name, "").strip()
    if not setting:
        return ()
    if name in _SEPARATED:
        return results_folders(setting, Path())
    return (Path(setting).expanduser(),)
