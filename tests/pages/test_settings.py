"""What a dashboard says of its settings before it starts, and that it does not start half."""

from pathlib import Path

import pytest

from pages import settings
from pages.shared.memory.limits import SETTINGS

KEY = "0123456789abcdef"


def end_of(environment):
    """Return what the program ends with; None where it starts."""
    try:
        settings.expect_settings(environment)
    except SystemExit as end:
        return end.code


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "file"
    file.write_text("text")
    return file


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("KNEEOA_PSEUDONYM_KEY", "", "It is set, but empty"),
        ("KNEEOA_PSEUDONYM_KEY", " ", "It is set, but empty"),
        ("KNEEOA_PSEUDONYM_KEY", "short", "Received 5: choose a longer one"),
        ("KNEEOA_PSEUDONYM_KEY", f'"{KEY}"', "without quotes around it"),
        ("KNEEOA_DATABASE_URL", "nonsense", "Expected sqlite:///FILE or postgresql://"),
        ("KNEEOA_DATABASE_URL", " ", "Received: blanks"),
        ("KNEEOA_DATABASE_URL", "sqlite://", "Received: no file"),
        ("KNEEOA_DATABASE_URL", "sqlite:///{tmp}", "Expected"),
        ("KNEEOA_DATABASE_URL", "sqlite:///{file}", "Expected"),
        ("KNEEOA_DATABASE_URL", "sqlite:///{file}/below.sqlite", "The folder cannot be made"),
        ("KNEEOA_DATABASE_URL", "postgresql://u:p@host/db?sslmode=maybe", "Expected sslmode"),
        ("KNEEOA_DATASET", "{file}", "is no folder: name another, or leave it unset."),
        ("KNEEOA_DATASET", "'{tmp}'", "without quotes around it"),
        ("KNEEOA_MODELS", "{file}", "Expected a folder of published models"),
        ("KNEEOA_RESULTS", "{tmp}:{file}", "Expected results folders in KNEEOA_RESULTS"),
        ("KNEEOA_OWN_FILMS", "{file}", "Expected folders of films and profiles"),
        ("KNEEOA_TRUSTED_KEYS", "{tmp}/none.pub", "Expected a public key"),
        ("KNEEOA_TEACHER_KEY", "short", "Expected at least 8 letters"),
        ("KNEEOA_TEACHER_KEY", "  ", "Expected at least 8 letters"),
        ("KNEEOA_CASES_KEY", "short", "Expected at least 8 letters"),
        ("KNEEOA_CASES_SECRET", "abc", "Expected 64 hexadecimal digits"),
        ("KNEEOA_CASES_IDENTITY", "removed", "Expected one of remove, uploads, keep"),
        ("KNEEOA_CASES_FILMS", "{file}", "Expected a folder for the films of saved cases"),
        ("KNEEOA_MODELS", "/" + 300 * "a", "cannot be looked at (File name too long)"),
        ("KNEEOA_DATASET", "~nobody-here/films", "no home folder for the ~ that ~nobody-here/"),
        ("KNEEOA_RESULTS", "{tmp}:~nobody-here", "Expected a place in KNEEOA_RESULTS."),
        ("KNEEOA_CASES_FILMS", "~nobody-here", "Expected a place in KNEEOA_CASES_FILMS."),
        ("KNEEOA_TRUSTED_KEYS", "~nobody-here/key", "Expected a place in KNEEOA_TRUSTED_KEYS."),
        ("KNEEOA_PLACES_PER_ADDRESS", "sixty", "Expected a whole number from 1 to 99999"),
        ("KNEEOA_PLACES_PER_ADDRESS", "0", "Expected a whole number from 1 to 99999"),
        ("KNEEOA_NOTES", "yes", "Expected everyone in KNEEOA_NOTES"),
        *((name, "150MB", f"Expected a number above 0 in {name}") for name in SETTINGS.values()),
        ("KNEEOA_DECODE_MB", "0", "Expected a number above 0 in KNEEOA_DECODE_MB"),
        ("KNEEOA_DECODE_SECONDS", "nan", "Expected a number above 0"),
    ],
)
def test_what_cannot_work_is_said_and_nothing_starts(name, text, sentence, tmp_path, file):
    end = end_of({name: text.format(tmp=tmp_path, file=file)})
    assert end is not None
    assert end.startswith("The dashboard is not started. Expected ")
    assert sentence in end
    assert KEY not in end


def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(settings.os, "access", lambda *_: False)  # whoever runs the tests
    end = end_of({"KNEEOA_DATASET": str(tmp_path)})
    assert f"{tmp_path} may not: let the user that runs" in end


@pytest.mark.parametrize("name", ["KNEEOA_DATASET", "KNEEOA_RESULTS", "KNEEOA_CASES_FILMS"])
def test_a_folder_in_one_that_is_closed_to_the_dashboard_is_named(name, monkeypatch):
    def closed(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(settings.Path, "exists", closed)  # whoever runs the tests
    assert "/closed/films may not: let the user that runs" in end_of({name: "/closed/films"})


def test_what_can_work_starts(tmp_path):
    name = "database.sqlite"
    every = {
        "KNEEOA_PSEUDONYM_KEY": KEY,
        "KNEEOA_DATABASE_URL": f"sqlite:///{tmp_path}/{name}",
        "KNEEOA_DATASET": f"{tmp_path}/",
        "KNEEOA_RESULTS": f" {tmp_path}: ",
        "KNEEOA_TEACHER_KEY": "long enough",
        "KNEEOA_CASES_KEY": "long enough",
        "KNEEOA_CASES_SECRET": "0f" * 32,
        "KNEEOA_CASES_FILMS": f"{tmp_path}/films",
        "KNEEOA_PLACES_PER_ADDRESS": "80",
        "KNEEOA_NOTES": "everyone",
        "KNEEOA_DECODERS": "",
        # As a service of a container gets where nothing is to hold.
        **dict.fromkeys(("KNEEOA_MODELS", "KNEEOA_OWN_FILMS", "KNEEOA_TRUSTED_KEYS"), ""),
    }
    assert end_of(every) is None
    assert [file.name for file in tmp_path.iterdir() if not file.name.startswith(name)] == []
    assert end_of({"KNEEOA_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/db"}) is None  # yet


def test_a_mistyped_setting_and_folders_that_are_not_there_yet_are_in_the_log(tmp_path, caplog):
    later = {"KNEEOA_RESULTS": f"{tmp_path}/later", "KNEEOA_DATASET": "not-here"}
    assert end_of({"KNEEOA_TEACHERS_KEY": "s3cret-key", **later}) is None
    assert f"{Path.cwd()}/not-here, which KNEEOA_DATASET names." in caplog.text
    assert "KNEEOA_TEACHERS_KEY is no setting (did you mean KNEEOA_TEACHER_KEY?)" in caplog.text
    assert f"There is no folder {tmp_path}/later, which KNEEOA_RESULTS names." in caplog.text
    assert "s3cret" not in caplog.text
