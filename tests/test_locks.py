"""What is installed is what was locked: every package, with the hash of every file."""

import re
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import audit
from tests.support.places import ROOT

LOCKS = ("requirements", "requirements-cluster", "requirements-test")
CUDA = ("nvidia-", "cuda-", "triton")


def written(name):
    """Return what was written by hand for a lock, what it includes, too."""
    found = []
    for line in (ROOT / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("-r "):
            found += written(line.removeprefix("-r ").removesuffix(".txt"))
        elif line and not line.startswith("#"):
            found.append(Requirement(line))
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_was_written_and_a_hash_of_each_file(name):
    text = (ROOT / f"{name}.lock").read_text("utf-8")
    locked = audit.pins(ROOT / f"{name}.lock")
    for requirement in written(name):
        (pin,) = requirement.specifier
        assert pin.version in locked[canonicalize_name(requirement.name)], "run: make lock"
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(entries) >= len(locked) > 60
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert "://" not in text
    assert "win32" not in text


def test_what_is_locked_is_installed_and_free_to_use():
    assert audit.check_licences(ROOT / "requirements-test.lock") == []


def test_all_that_packages_need_is_locked_too():
    locked = audit.pins(ROOT / "requirements-test.lock")
    for package in [*locked, "torch"]:
        try:
            needed = metadata.requires(package) or ()
        except metadata.PackageNotFoundError:  # of another platform
            continue
        for requirement in map(Requirement, needed):
            here = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if here and not requirement.name.startswith(CUDA):
                assert canonicalize_name(requirement.name) in locked, package


@pytest.mark.parametrize(
    ("licence", "free"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("MPL-2.0 AND MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-2.0 OR MIT", True),
        ("MIT AND LGPL-3.0", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("", False),
        ("Proprietary", False),
    ],
)
def test_a_licence_is_one_of_those_allowed(licence, free):
    assert audit.is_free(licence) == free


def test_a_known_vulnerability_has_a_sentence():
    found = [
        {"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]},
        {"name": "b", "version": "1", "vulns": []},
    ]
    assert audit.vulnerabilities_in(found) == ["a 1: X-1, mended in 2."]


@pytest.mark.parametrize(
    ("words", "answered", "known", "code"),
    [
        ([], 0, [], 0),
        (["--strict"], 0, [], 1),
        (["--strict"], 10_000, [], 0),
        ([], 10_000, ["a 1: X-1."], 1),
    ],
)
def test_what_nobody_answers_for_is_said_and_fails_where_that_is_asked(
    words, answered, known, code, monkeypatch, capsys
):
    lock = str(ROOT / "requirements-test.lock")
    monkeypatch.setattr(audit.sys, "argv", ["audit", lock, *words])
    monkeypatch.setattr(audit, "check_vulnerabilities", lambda lock: (known, answered))
    assert audit.main() == code
    assert ("NOT checked" in capsys.readouterr().out) == (answered == 0)
