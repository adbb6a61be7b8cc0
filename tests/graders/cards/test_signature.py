"""Who stands for the models: signed, unsigned, signed by a stranger, changed since."""

import base64
import json
import os
import shutil
import stat

import pytest

from kneeoa.__main__ import main as kneeoa
from kneeoa.errors import ConfigError, ModelError
from kneeoa.films.phantom import knee_png
from kneeoa.graders.cards import signature
from kneeoa.graders.published import DEFAULT_MODELS, check_bytes
from train.__main__ import main as train


@pytest.fixture
def key(tmp_path):
    signature.new_key(tmp_path / "own")
    return tmp_path / "own"


@pytest.fixture
def models(tmp_path):
    """A folder of files in the place of models."""
    folder = tmp_path / "models"
    for name in ("mobilenet/model.onnx", "mobilenet/card.json", "resnet50/card.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def state(models, key=None):
    keys = [key.with_name(f"{key.name}.pub")] if key else []
    return signature.signature_of([models], keys=keys).state


def test_the_models_that_come_along_are_signed():
    found = signature.signature_of([DEFAULT_MODELS])
    assert found.state == "signed", "sign them: python -m train sign assets/models --key FILE"
    assert found.warning == ""
    assert found.key == signature.fingerprint(signature.public_key(signature.KNOWN_KEY))


def test_a_key_signs_and_its_public_half_knows_it(models, key, now):
    assert state(models, key) == "unsigned"
    signed = signature.sign(models, key, now=now)
    found = signature.signature_of([models], keys=[key.with_name("own.pub")])
    assert (found.state, found.key, found.signed_at) == ("signed", signed.key, now.isoformat())
    assert state(models) == "foreign"
    assert signature.signature_of([DEFAULT_MODELS, models]).state == "foreign"


@pytest.fixture
def now():
    from datetime import UTC, datetime

    return datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("change", ["edit", "add", "remove", "rename"])
def test_a_change_is_noticed_and_named(models, key, now, change):
    signature.sign(models, key, now=now)
    file = models / "mobilenet" / "card.json"
    if change == "edit":
        file.write_text(file.read_text() + " ")
    elif change == "add":
        (models / "mobilenet" / "b.onnx").touch()
    elif change == "remove":
        file.unlink()
    else:
        file.rename(models / "resnet50" / "other.json")
    found = signature.signature_of([models], keys=[key.with_name("own.pub")])
    assert found.state == "changed"
    assert "changed after they were signed" in found.warning
    assert found.file.startswith(("mobilenet/", "resnet50/"))


def test_a_list_or_signature_that_was_tampered_with_is_nobodys(models, key, now):
    signature.sign(models, key, now=now)
    listed, signed = models / signature.LIST, models / signature.SIGNATURE
    good_list, good = listed.read_bytes(), signed.read_bytes()
    for text in (b"", b"x", b"=" * 88, base64.b64encode(b"0" * 64), good[:-5], b"a" * 2_000_000):
        signed.write_bytes(text)
        assert state(models, key) == "foreign"
    signed.write_bytes(good)
    listed.write_bytes(good_list.replace(b"mobilenet/card", b"mobilenet/kard"))
    assert state(models, key) == "foreign"
    listed.write_bytes(good_list)
    assert state(models, key) == "signed"
    listed.unlink()
    assert state(models, key) == "unsigned"


def test_what_a_key_signed_besides_models_stands_for_none(models, key):
    from kneeoa.graders.cards.signature import _private_key

    for data in (b"a letter", json.dumps({"schema_version": 1}).encode(), b"[]"):
        (models / signature.LIST).write_bytes(data)
        signed = base64.b64encode(_private_key(key).sign(data))
        (models / signature.SIGNATURE).write_bytes(signed)
        assert state(models, key) == "foreign"


def test_a_private_key_is_its_owners_and_never_in_a_repository(tmp_path, key, capsys):
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "PRIVATE" not in key.with_name("own.pub").read_text()
    with pytest.raises(ConfigError, match="there already"):
        signature.new_key(key)
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    (tmp_path / "checkout" / "deep").mkdir()
    assert train(["new-key", str(tmp_path / "checkout" / "deep" / "key.pem")]) == 2
    assert "outside any repository" in capsys.readouterr().err
    assert list((tmp_path / "checkout" / "deep").iterdir()) == []


def test_what_is_no_key_is_said(models, key, tmp_path, now, capsys):
    (tmp_path / "text").write_text("no key")
    with pytest.raises(ConfigError, match="public key"):
        signature.signature_of([models], keys=[tmp_path / "text"])
    with pytest.raises(ConfigError, match="private key"):
        signature.sign(models, key.with_name("own.pub"), now=now)
    assert train(["sign", str(models), "--key", str(tmp_path / "none")]) == 2
    assert "Expected a" in capsys.readouterr().err


def test_one_command_signs_and_readings_say_who_nobody_knows(tmp_path, key, monkeypatch, capsys):
    models = shutil.copytree(DEFAULT_MODELS, tmp_path / "published")
    assert train(["sign", str(models), "--key", str(key)]) == 0
    assert "not the one known here" in capsys.readouterr().out
    (tmp_path / "a.png").write_bytes(knee_png(2, seed=1))
    graded = ["grade", str(tmp_path / "a.png"), "--models", str(models)]
    assert kneeoa(graded) == 0
    assert "somebody who is not known here" in capsys.readouterr().err
    monkeypatch.setenv("KNEEOA_TRUSTED_KEYS", f"{key}.pub")
    assert kneeoa(graded) == 0
    assert capsys.readouterr().err == ""
    # What would be refused is not signed.
    card = models / "mobilenet" / "card.json"
    card.write_text(card.read_text().replace('"temperature": 0.8', '"temperature": 0.008'))
    assert train(["sign", str(models), "--key", str(key)]) == 2
    assert "a temperature from 0.05" in capsys.readouterr().err


def test_a_folder_elsewhere_is_nothing_that_was_signed(models, key, now, tmp_path):
    signature.sign(models, key, now=now)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "card.json").write_text("{}")
    (models / "together").symlink_to(elsewhere)
    assert state(models, key) == "changed"
    with pytest.raises(ModelError, match="can be read"):
        signature.sign(models, key, now=now)


def test_nobody_waits_at_a_pipe(models, key, now):
    signature.sign(models, key, now=now)
    os.mkfifo(models / "mobilenet" / "pipe")
    assert state(models, key) == "changed"
    (models / "signed.json").unlink()
    os.mkfifo(models / "signed.json")
    assert state(models, key) == "unsigned"
    with pytest.raises(ModelError, match="missing or unreadable"):
        check_bytes(models / "mobilenet" / "pipe", "0" * 64)
