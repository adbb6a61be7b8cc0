"""Licences and known vulnerabilities of all packages in a lock: ``make audit``, part of lint.

Licences are read from what is installed. Vulnerabilities are asked for by pip-audit, which needs
the network: where there is none, that is said, and nothing fails, because the project itself must
build and pass its tests without one. What is answered fails where anything is known. With
``--strict``, for who publishes or installs on a server, what nobody answers for fails, too.
"""

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
FREE = re.compile(
    r"(The )?(MIT( License|-0|-CMU)?|0?BSD([ -].*)?|[23]-Clause BSD License|Apache[ -].*|ISC|Zlib"
    r"|PSF-2\.0|Python Software Foundation License|CC0-1\.0|Unlicense|MPL-2\.0"
    r"|Mozilla Public License 2\.0 \(MPL 2\.0\)?)"
)
"""Licences of what may be imported: none of them asks anything of our own source."""
SAID_ELSEWHERE = {"namex": "Apache-2.0"}
"""Packages whose metadata say nothing; read in their source."""
SECONDS = 120


def pins(lock: Path) -> dict[str, set[str]]:
    """Return the versions of each package in a lock; more than one where they differ by Python."""
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall(lock.read_text("utf-8")):
        found.setdefault(name, set()).add(version)
    return found


def licence_of(package: str) -> str:
    """Return the licence that an installed package says it has, empty where it says none."""
    if package in SAID_ELSEWHERE:
        return SAID_ELSEWHERE[package]
    about = metadata.metadata(package)
    classified = [
        one.rsplit(" :: ", 1)[-1]
        for one in about.get_all("Classifier") or ()
        if one.startswith("License ::")
    ]
    text = (about.get("License") or "").strip().partition("\n")[0]
    return about.get("License-Expression") or " AND ".join(classified) or text


def is_free(licence: str) -> bool:
    """Return whether all parts of a licence are `FREE`; of alternatives, whether one is."""
    return any(
        all(FREE.fullmatch(part.strip("() ")) for part in alternative.split(" AND "))
        for alternative in licence.split(" OR ")
    )


def check_licences(lock: Path) -> list[str]:
    """Return a sentence for each package of `lock` that may not be used, or is another version."""
    wrong = []
    for package, versions in pins(lock).items():
        try:
            installed = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue  # of another platform
        if installed not in versions:
            wrong.append(f"{package}: {installed} is installed, {', '.join(versions)} is locked.")
        if not is_free(licence := licence_of(package)):
            wrong.append(f"{package}: the licence {licence[:80]!r} is not one of those allowed.")
    return wrong


def check_vulnerabilities(lock: Path) -> tuple[list[str], int]:
    """Return a sentence for each known vulnerability, and how many packages were asked about.

    Those that nobody answered for, because there is no network, or because what is there does not
    know them, are not counted.
    """
    asked = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--disable-pip"]
    asked += ["--require-hashes", "--format=json", "--progress-spinner=off", "--timeout=10"]
    try:
        done = subprocess.run(
            [*asked, "--cache-dir=build/audit"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, subprocess.TimeoutExpired):
        return [], 0
    answered = [one for one in found if "skip_reason" not in one]
    return vulnerabilities_in(answered), len(answered)


def vulnerabilities_in(found: list[dict]) -> list[str]:
    """Return a sentence for each vulnerability in what pip-audit found."""
    return [
        f"{one['name']} {one['version']}: {known['id']}"
        + (f", mended in {', '.join(known['fix_versions'])}." if known["fix_versions"] else ".")
        for one in found
        for known in one.get("vulns", ())
    ]


def main() -> int:
    """Print what is wrong; return 1 if anything is, or ``--strict`` and anything is not known."""
    lock, is_strict = Path(sys.argv[1]), "--strict" in sys.argv[2:]
    count = len(pins(lock))
    wrong = check_licences(lock)
    known, answered = check_vulnerabilities(lock)
    for sentence in (*wrong, *known):
        print(sentence)
    if not wrong:
        print(f"Licences: {count} packages, all free to use.")
    if answered and not known:
        print(f"Vulnerabilities: none known of {answered} packages.")
    if answered < count:
        print(
            f"Vulnerabilities of {count - answered} packages were NOT checked: nobody was reached "
            "who knows them. Run `make audit STRICT=1` where there is a network."
        )
    return 1 if wrong or known or (is_strict and answered < count) else 0


if __name__ == "__main__":
    sys.exit(main())
