"""``pip install .`` gives a library and a command that need nothing of the checkout."""

import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from kneeoa.films.phantom import knee_png
from tests.support.opening import opened
from tests.support.places import ROOT
from tests.support.research import write_robustness, write_study

NOT_THERE = (
    "streamlit",
    "keras",
    "tensorflow",
    "torch",
    "optuna",
    "ray",
    "train",
    "pages",
    "tests",
)
"""What a fresh environment that holds `kneeoa` alone has not."""

RUNNER = f"""
import sys

class NotInstalled:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in {NOT_THERE!r}:
            raise ModuleNotFoundError(f"No module named {{name}}", name=name)

sys.meta_path.insert(0, NotInstalled)
sys.path.insert(0, sys.argv.pop(1))
exec(sys.argv.pop(1))
"""

ONCE = """
import pickle
from kneeoa.analysis import measuring

made, kept = measuring.study_tables, {}

def once(*made_from):
    key = pickle.dumps(made_from)
    if key not in kept:
        kept[key] = made(*made_from)
    return {name: table.copy() for name, table in kept[key].items()}

measuring.study_tables = once
"""
"""Computes the tables of a set of runs once, for which the lines of several pages ask."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel, unpacked as an installer does."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    # It is unpacked at once.
    command += ["--config-settings", "--build-option=--compression=stored"]
    subprocess.run([*command, "-w", folder, ROOT], check=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed, lines, folder, *arguments):
    """Run lines of Python elsewhere, with `kneeoa` from the wheel; return what they print."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", RUNNER, installed, lines, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_grades_a_film(installed, tmp_path):
    (tmp_path / "film.png").write_bytes(knee_png(3, seed=1))
    # As the console script does.
    lines = "from kneeoa.__main__ import main; import kneeoa; print(kneeoa.__file__); main()"
    printed = run(installed, lines, tmp_path, "grade", "film.png").splitlines()
    assert printed[0].startswith(str(installed))
    assert printed[1].startswith("file,architecture,grade")
    assert [line.split(",")[1] for line in printed[2:4]] == ["mobilenet", "resnet50"]


def test_the_python_that_pages_print_runs(installed, tmp_path, monkeypatch):
    results = tmp_path / "results"
    write_study(results, cycles=1)
    write_robustness(results)
    monkeypatch.setenv("KNEEOA_RESULTS", str(results))
    printed = []
    # Only what is open is computed, and printed.
    for page, address in (
        ("runs", {}),
        ("runs", {"runs_part": "across"}),
        *(("results", {"part": part}) for part in ("claim", "beside", "rules", "whole")),
        *(("confusion", {"below": part}) for part in ("beside", "table", "grades", "trust")),
        ("robustness", {}),
    ):
        app = opened(page, **address)
        printed += [code.value for code in app.code if "import" in code.value]
    assert len(printed) > 8
    said = run(installed, ONCE + "\nprint('---')\n".join(printed), tmp_path)
    assert len([block for block in said.split("---") if block.strip()]) == len(printed)


def declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [Requirement(text) for text in project["dependencies"]]


EXTRA = ("keras", "tf_keras_vis")
"""Imported late, and what the extra `keras` brings."""


def test_what_is_imported_is_declared():
    graph = grimp.build_graph("kneeoa", include_external_packages=True)
    imported = {
        found.split(".")[0]
        for module in graph.modules
        if module.split(".")[0] == "kneeoa"
        for found in graph.find_modules_directly_imported_by(module)
    } - {"kneeoa", *EXTRA, *sys.stdlib_module_names}
    names = metadata.packages_distributions()
    needed = {canonicalize_name(names[module][0]) for module in imported} - {"protobuf"}  # onnx's
    assert len(needed) > 10
    assert needed <= {canonicalize_name(requirement.name) for requirement in declared()}


@pytest.mark.parametrize("requirement", declared(), ids=lambda requirement: requirement.name)
def test_what_is_pinned_fits_what_is_declared(requirement):
    assert metadata.version(requirement.name) in requirement.specifier
