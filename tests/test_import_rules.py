"""The layers hold: who may import what, where, and how long a file may grow."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST_FILE = 300

GRADIENT_STACK = ("keras", "tensorflow", "tf_keras_vis")
KERAS_MODULES = ("kneeoa/architectures.py", "kneeoa/heatmaps.py")
"""The only modules of kneeoa that may load Keras when they are imported."""
DOMAIN_WORK = (*GRADIENT_STACK, "onnx", "onnxruntime", "PIL", "pydicom", "sklearn", "scipy")
"""What the pages leave to kneeoa."""


@dataclass(frozen=True)
class Rule:
    """No file under `places` may import `modules`; `early` means: not while being imported."""

    places: tuple[str, ...]
    modules: tuple[str, ...]
    early: bool = False
    exempt: tuple[str, ...] = ()

    def covers(self, path: str) -> bool:
        return path.startswith(self.places) and path not in self.exempt


RULES = (
    Rule(("kneeoa/",), ("streamlit", "views", "app", "train")),
    Rule(("train/",), ("streamlit", "views", "app")),
    Rule(("views/", "app.py"), ("train", *DOMAIN_WORK)),
    Rule(
        ("kneeoa/", "views/", "app.py"),
        (*GRADIENT_STACK, "kneeoa.architectures", "kneeoa.heatmaps"),
        early=True,
        exempt=KERAS_MODULES,
    ),
)


@dataclass(frozen=True)
class Import:
    module: str
    line: int
    early: bool
    """Whether it runs while the file is being imported."""


def imports_of(tree: ast.Module, path: str) -> Iterator[Import]:
    """Yield every import in `tree`; those for type checkers alone load nothing and are left out."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, True)]
    while waiting:
        node, early = waiting.pop()
        for module in _modules_named(node, path):
            yield Import(module, node.lineno, early)
        inside = early and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        waiting += [(child, inside) for child in _children_that_run(node)]


def _children_that_run(node: ast.AST) -> Iterable[ast.AST]:
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        return node.orelse
    return ast.iter_child_nodes(node)


def _modules_named(node: ast.AST, path: str) -> list[str]:
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom():
            package = Path(path).parent.parts[: 1 - node.level or None] if node.level else ()
            base = ".".join([*package, *([node.module] if node.module else [])])
            return [f"{base}.{alias.name}" for alias in node.names]
        case ast.Call(args=[ast.Constant(value=str(module)), *_]):
            called = ast.unparse(node.func).rpartition(".")[2]
            return [module] if called in {"import_module", "__import__"} else []
    return []


def import_violations(source: str, path: str) -> list[str]:
    """Return a sentence for each import in `source`, the file at `path`, that breaks a rule."""
    found = []
    for each in imports_of(ast.parse(source), path):
        for rule in RULES:
            if not rule.covers(path) or (rule.early and not each.early):
                continue
            for module in rule.modules:
                if f"{each.module}.".startswith(f"{module}."):
                    when = " while being imported" if rule.early else ""
                    found.append(f"{path}:{each.line} must not import {each.module}{when}")
    return found


def cache_violations(source: str, path: str) -> list[str]:
    """Return a sentence for each st.cache_* in `source`, unless `path` is views/_shared.py."""
    if path == "views/_shared.py":
        return []
    return [
        f"{path}:{node.lineno} uses a Streamlit cache; they live in views/_shared.py"
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Attribute) and node.attr.startswith("cache_"))
        or (isinstance(node, ast.alias) and node.name.startswith("cache_"))
    ]


def modules_loaded_by(modules: Iterable[str], *, root: Path = ROOT) -> set[str]:
    """Return which of the gradient stack a fresh interpreter holds after importing `modules`."""
    code = (
        "import importlib, json, sys\n"
        "for name in sys.argv[2:]:\n"
        "    importlib.import_module(name)\n"
        "print(json.dumps([m for m in json.loads(sys.argv[1]) if m in sys.modules]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(GRADIENT_STACK), *modules],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def app_files() -> list[str]:
    folders = ("kneeoa", "train", "views")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in [*found, ROOT / "app.py"])


FILES = app_files()


def test_every_layer_is_walked():
    assert {path.split("/")[0] for path in FILES} == {"app.py", "kneeoa", "views", "train"}


@pytest.mark.parametrize("path", FILES)
def test_layers_hold(path):
    source = (ROOT / path).read_text(encoding="utf-8")
    assert import_violations(source, path) + cache_violations(source, path) == []


@pytest.mark.parametrize("path", FILES)
def test_files_stay_short(path):
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) < LONGEST_FILE


def test_reading_and_pages_do_without_tensorflow():
    light = [path for path in FILES if path.startswith("kneeoa/") and path not in KERAS_MODULES]
    # views/<name>.py draws when it is imported; the modules that those share do not.
    shared = [path for path in FILES if path.startswith("views/_")]
    modules = [path.removesuffix(".py").replace("/", ".") for path in light + shared]
    assert modules_loaded_by([*modules, "streamlit"]) == set()


def test_the_machine_is_prepared_before_keras_is_loaded():
    data = [path for path in FILES if path.startswith("kneeoa/data/")]
    modules = [path.removesuffix(".py").replace("/", ".") for path in data]
    names = ("commands", "finished", "config", "chance", "machine", "schedule", "progress")
    first = [f"train.{name}" for name in names]
    assert modules_loaded_by([*modules, *first]) == set()


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("kneeoa/grading.py", "import streamlit as st"),
        ("kneeoa/grading.py", "def f():\n    from train.config import TrainConfig"),
        ("kneeoa/grading.py", "import keras"),
        ("kneeoa/grading.py", "try:\n    import tensorflow.lite\nexcept ImportError:\n    pass"),
        ("kneeoa/grading.py", "if TYPE_CHECKING:\n    pass\nelse:\n    import keras"),
        ("kneeoa/grading.py", "from kneeoa import architectures"),
        ("kneeoa/grading.py", "from .architectures import build"),
        ("kneeoa/deep/er.py", "from .. import architectures"),
        ("kneeoa/grading.py", "import importlib\nimportlib.import_module('keras')"),
        ("train/fit.py", "from views import _shared"),
        ("train/fit.py", "def f():\n    import streamlit"),
        ("views/reading.py", "def f():\n    from PIL import Image"),
        ("views/reading.py", "import scipy.ndimage"),
        ("views/_shared.py", "import train"),
        ("app.py", "import onnxruntime"),
    ],
)
def test_checker_catches_a_wrong_import(path, source):
    assert len(import_violations(source, path)) >= 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("kneeoa/heatmaps.py", "import tensorflow as tf"),
        ("kneeoa/grading.py", "def f():\n    import keras"),
        ("kneeoa/grading.py", "if TYPE_CHECKING:\n    import keras"),
        ("kneeoa/grading.py", "import trainer, kerasish, onnxruntime"),
        ("train/fit.py", "import keras\nfrom kneeoa import architectures"),
        ("views/reading.py", "import numpy as np\nfrom views import _shared"),
    ],
)
def test_checker_lets_a_right_import_pass(path, source):
    assert import_violations(source, path) == []


@pytest.mark.parametrize(
    "source", ["@st.cache_data\ndef f(): ...", "from streamlit import cache_resource"]
)
def test_checker_catches_a_stray_cache(source):
    assert len(cache_violations(source, "views/reading.py")) == 1
    assert cache_violations(source, "views/_shared.py") == []


def test_checker_catches_a_module_that_loads_tensorflow(tmp_path):
    (tmp_path / "tensorflow.py").touch()
    (tmp_path / "indirect.py").write_text("import tensorflow\n", encoding="utf-8")
    assert modules_loaded_by(["indirect"], root=tmp_path) == {"tensorflow"}


def test_no_folder_is_named_pages():
    # Streamlit would open its files without the navigation: see app.py.
    assert not (ROOT / "pages").exists()
