"""The tree holds: short files, caches in one place, and nothing that loads Keras without need."""

import ast
import functools
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.support.places import ROOT

LONGEST_FILE = 300
MOST_FILES = 15
KERAS = ("keras", "tensorflow", "tf_keras_vis", "torch")
ROOMS = ("kneeoa", "pages", "tests", "train")
IS_FILE = re.compile(r"/|\.(m?js|py|csv|json|sh|gz|toml)$")
CACHES = {"pages/shared/cached.py", "pages/shared/research/cached_runs.py"}


def files_of(*folders: str) -> list[str]:
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in files)


FILES = [*files_of("kneeoa", "train", "pages"), "app.py"]


@functools.cache
def tree_of(path: str) -> ast.Module:
    """Return what a file of ours says, for several tests."""
    return ast.parse((ROOT / path).read_text("utf-8"))


def loaded_by(modules: Iterable[str], *, root: Path = ROOT) -> set[str]:
    """Return which of `KERAS` a fresh interpreter holds after importing `modules`."""
    code = (
        "import importlib, json, sys\n"
        "for name in sys.argv[2:]:\n"
        "    importlib.import_module(name)\n"
        "print(json.dumps([m for m in json.loads(sys.argv[1]) if m in sys.modules]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(KERAS), *modules],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_files_stay_short():
    # Tests may be a little longer: splitting a table of cases helps nobody.
    most = {path: LONGEST_FILE + 50 * path.startswith("tests/") for path in all_files()}
    lines = {path: len((ROOT / path).read_text("utf-8").splitlines()) for path in most}
    assert [path for path in lines if lines[path] >= most[path]] == []


def test_folders_stay_small():
    modules = Counter(Path(path).parent for path in FILES if "__init__" not in path)
    assert [str(folder) for folder, count in modules.items() if count > MOST_FILES] == []


def all_files():
    return [*FILES, *files_of("tests")]


def test_variables_say_what_they_hold():
    vague = {"found", "said", "of", "one"}
    strays = set()
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                name = node.id
            elif isinstance(node, ast.arg):
                name = node.arg
            else:
                continue
            if name in vague:
                strays.add((path, name))
    # Fields of files and databases that there are.
    assert strays == {
        ("kneeoa/graders/profiles/record.py", "of"),
        ("kneeoa/pacs/outbox.py", "said"),
        ("kneeoa/store/cases/case.py", "said"),
    }


def names_in(text: str) -> set[str]:
    """Return what stands between single backticks and may be a file's or a module's name."""
    return set(re.findall(r"(?<!`)`([\w./-]+)`(?!`)", text))


def files_gone(names: Iterable[str], paths: Iterable[str]) -> set[str]:
    """Return which `names` of files are in none of `paths`, be they named from a folder on."""
    code = (".py", ".js", ".mjs")
    ours = [n for n in names if n.endswith(code) or ("/" in n and n.split("/")[0] in ROOMS)]
    there = [f"/{path}" for path in paths]
    return {name for name in ours if not any(path.endswith(f"/{name}") for path in there)}


def modules_gone(names: Iterable[str], modules: Mapping[str, str]) -> set[str]:
    """Return which dotted `names` are in none of `modules`, which give each its source.

    A module may be named without the packages that it is in. A name that begins with no module of
    ours, such as ``row.value``, is left aside.
    """
    by_last: dict[str, list[str]] = {}
    for module in modules:
        by_last.setdefault(module.rpartition(".")[2], []).append(module)
    lost = set()
    for name in names:
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            begin = f".{'.'.join(parts[:end])}"
            meant = [m for m in by_last.get(parts[end - 1], ()) if f".{m}".endswith(begin)]
            if meant:
                word = rf"\b{parts[end]}\b" if end < len(parts) else ""
                if not any(re.search(word, modules[module]) for module in meant):
                    lost.add(name)
                break
        else:
            if parts[0] in ROOMS:
                lost.add(name)
    return lost


def test_what_docs_and_docstrings_name_is_there():
    # Sentences outlive the moving of files.
    modules = {module_of(path): (ROOT / path).read_text("utf-8") for path in all_files()}
    files = [file for room in (*ROOMS, "docs") for file in (ROOT / room).rglob("*")]
    paths = ["app.py", *(file.relative_to(ROOT).as_posix() for file in files)]
    guides = [*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    texts = {guide.name: guide.read_text("utf-8") for guide in guides}
    texts |= {path: modules[module_of(path)] for path in FILES}
    names = {place: names_in(text) for place, text in texts.items()}
    everything = set().union(*names.values())
    dotted = {name for name in everything if "." in name and not IS_FILE.search(name)}
    gone = files_gone(everything, paths) | modules_gone(dotted, modules)
    assert {place: named & gone for place, named in names.items() if named & gone} == {}


def test_a_name_that_is_gone_is_noticed():
    modules = {"kneeoa.films.decode": "def film(): ...", "pages.shared.cached": "store = 1"}
    there, gone = {"films.decode.film", "cached.store", "row.value"}, {"cached.new", "kneeoa.made"}
    assert modules_gone(there | gone, modules) == gone
    paths = ["pages/shared/cached.py", "pages/shared/viewer"]
    there, gone = {"shared/cached.py", "pages/shared/viewer", "val/0"}, {"jobs.py", "kneeoa/films"}
    assert files_gone(there | gone, paths) == gone
    assert names_in("As ``python`` in `decode.film` does.") == {"decode.film"}


def test_caches_are_in_one_place():
    strays = []
    for path in files_of("pages"):
        tree = tree_of(path)
        names = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        names += [node.name for node in ast.walk(tree) if isinstance(node, ast.alias)]
        strays += [(path, name) for name in names if name.startswith("cache_")]
    assert {path for path, _ in strays} == CACHES


def test_reading_and_pages_do_without_keras():
    light = [path for path in files_of("kneeoa") if path != "kneeoa/graders/architectures.py"]
    # page.py and navigation.py draw when they are imported; what they share does not.
    drawn = ("page.py", "navigation.py")
    helpers = [path for path in files_of("pages") if Path(path).name not in drawn]
    assert len(light) > 50
    assert len(helpers) > 20
    assert loaded_by([*map(module_of, light + helpers), "streamlit"]) == set()


def test_the_machine_is_prepared_before_keras_is_loaded():
    modules = [*files_of("kneeoa/data", "train/commands"), "train/config.py", "train/machine.py"]
    modules += [f"train/run/{name}.py" for name in ("schedule", "progress", "checkpoint")]
    modules += ["train/graph/chance.py", "train/__main__.py"]
    assert loaded_by(map(module_of, modules)) == set()


def test_a_module_that_loads_tensorflow_is_noticed(tmp_path):
    (tmp_path / "tensorflow.py").touch()
    (tmp_path / "indirect.py").write_text("import tensorflow\n", "utf-8")
    assert loaded_by(["indirect"], root=tmp_path) == {"tensorflow"}


def test_every_table_is_written_harmless_to_a_spreadsheet():
    # Rows of `grade` come one by one, and those that a table holds are put back as they were.
    may = {"kneeoa/spreadsheet.py", "kneeoa/graders/batch.py", "kneeoa/tables.py"}
    writers = set()
    for path in FILES:
        tree = tree_of(path)
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        if names & {"to_csv", "writer", "DictWriter", "to_excel"}:
            writers.add(path)
    assert writers == may


def test_a_lack_of_memory_is_never_taken_for_damage():
    # A film near its limit would lose its window, or stay turned, without a word.
    strays = []
    for path in [*files_of("kneeoa/films", "kneeoa/reports/dicom"), "kneeoa/reports/deidentify.py"]:
        for node in ast.walk(tree_of(path)):
            before: set[str] = set()
            for handler in getattr(node, "handlers", ()):
                named = ast.walk(handler.type) if handler.type else ()
                kinds = {kind.id for kind in named if isinstance(kind, ast.Name)}
                if "Exception" in kinds and "MemoryError" not in before:
                    strays.append(path)
                before |= kinds
    assert strays == []


def test_only_sessions_load_onnx_runtime():
    # What has to be set before it is loaded (`kneeoa/__init__.py`) is then set.
    importing = set()
    for path in FILES:
        tree = tree_of(path)
        for node in ast.walk(tree):
            aliases = [each for each in getattr(node, "names", ()) if isinstance(each, ast.alias)]
            names = [alias.name for alias in aliases]
            if isinstance(node, ast.Import) and "onnxruntime" in names:
                importing.add(path)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("onnxruntime"):
                importing.add(path)
    assert importing == {"kneeoa/graders/sessions.py"}
