"""A study on another machine: packed, and what its script does there."""

import os
import shlex
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.places import ROOT
from train.__main__ import main
from train.commands.parser import parse
from train.run.start import origin_of
from train.study import packing
from train.study.packing import NOT_FOR_TRAINING, requirements

HIDDEN = {name.replace("-", "_") for name in NOT_FOR_TRAINING}
"""Modules that a machine for training has not."""


@pytest.fixture(scope="module")
def finished(given, tmp_path_factory):
    """A results folder with one of the two cycles."""
    results = tmp_path_factory.mktemp("results")
    assert main(["study", *given, "--cycles", "1", "--out", str(results)]) == 0
    return results


@pytest.fixture
def packed(given, finished, tmp_path):
    folder = tmp_path / "packed"
    assert main(["pack", str(folder), "--finished", str(finished), "--", *given]) == 0
    return folder


STAND_IN = """#!/bin/sh
echo "$KERAS_BACKEND $@" >> calls
case "$3" in study) mkdir -p results/runs/new results/unfinished/half; exit $FAILING;; esac
"""


@pytest.mark.parametrize("failing", [0, 2])
def test_a_packed_study_rehearses_trains_and_packs_what_comes_back(packed, failing):
    assert {path.name for path in packed.iterdir()} == {"code", "files", "results", "study.sh"}
    assert (packed / "code/kneeoa/assets/models/localiser/model.onnx").exists()
    assert (packed / "code/tests/benchmarks/training.py").exists()
    (run,) = (packed / "results" / "runs").iterdir()
    assert run.name.startswith("mobilenet-seed0-")
    python = packed / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(STAND_IN.replace("$FAILING", str(failing)))
    python.chmod(0o755)
    # As where a GPU was seen.
    (packed / "env" / "ready").write_text("--device gpu\n")
    done = subprocess.run(
        ["sh", str(packed / "study.sh"), "--at-once", "3"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == failing, done.stderr
    options, rehearsal, study = (packed / "calls").read_text().splitlines()
    assert options == rehearsal.replace("rehearse", "rehearse --only-options")
    assert rehearsal.startswith("torch -m train rehearse --device gpu --data files/knees")
    # What is trained is what was rehearsed.
    assert study == rehearsal.replace("rehearse", "study")
    assert study.endswith("--stages head:1 --out results --at-once 3")
    assert "--init mobilenet=files/start.npz" in study
    listed = subprocess.run(
        ["tar", "-tzf", "results.tar.gz"], cwd=packed, capture_output=True, text=True, check=True
    ).stdout
    assert f"results/runs/{run.name}/run.json" in listed
    assert "results/runs/new/" in listed
    assert "half" not in listed
    # What goes on is not rehearsed again.
    (packed / "results" / "unfinished" / "half" / "state.npz").touch()
    subprocess.run(["sh", str(packed / "study.sh")], check=False, timeout=60)
    later = (packed / "calls").read_text().splitlines()[3:]
    assert [line.split()[3:5] for line in later] == [
        ["rehearse", "--only-options"],
        ["study", "--device"],
    ]


PATIENT = """#!/bin/sh
[ "$4" = --only-options ] && exit 0
trap 'sleep 1; mkdir -p results/runs/kept; echo in order >> calls; exit 130' TERM
echo "$3" >> calls
while :; do sleep 0.1; done
"""


def test_what_a_stopped_script_runs_ends_in_order_and_is_packed(packed):
    python = packed / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PATIENT)
    python.chmod(0o755)
    (packed / "env" / "ready").touch()
    script = subprocess.Popen(
        ["sh", str(packed / "study.sh")],
        env=os.environ | {"REHEARSE": "no"},
        stdout=subprocess.PIPE,
    )
    calls, end = packed / "calls", time.monotonic() + 60
    while not calls.exists() and time.monotonic() < end:
        time.sleep(0.05)
    script.send_signal(signal.SIGTERM)
    said, _ = script.communicate(timeout=60)
    assert script.returncode == 130
    assert calls.read_text().splitlines() == ["study", "in order"]
    assert b"Bring back" in said
    listed = subprocess.run(
        ["tar", "-tzf", "results.tar.gz"], cwd=packed, capture_output=True, text=True, check=True
    ).stdout
    assert "results/runs/kept/" in listed


HIDING = f"""
import importlib.machinery as machinery
find = machinery.PathFinder.find_spec
def hiding(name, path=None, target=None):
    return None if name.partition(".")[0] in {HIDDEN!r} else find(name, path, target)
machinery.PathFinder.find_spec = hiding
"""


def test_a_packed_study_trains_with_what_its_machine_has_and_no_more(given, tmp_path):
    packed = tmp_path / "packed"
    assert main(["pack", str(packed), "--", *given[:2], *given[4:]]) == 0
    python3 = tmp_path / "bin" / "python3"
    python3.parent.mkdir()
    # In a virtual environment, as PyTorch is on many rented machines; and one that makes none with
    # pip, as Ubuntu's.
    python3.write_text(
        f'#!/bin/sh\n[ "$*" = "-m venv env" ] && exit 1\nexec {shlex.quote(sys.executable)} "$@"\n'
    )
    python3.chmod(0o755)
    (packed / "wheels").mkdir()
    (packed / "code" / "sitecustomize.py").write_text(HIDING)
    # As where PyTorch sees a GPU.
    wanted = [line for line in requirements().splitlines() if not line.startswith("torch==")]
    (packed / "code" / "requirements-gpu.txt").write_text("\n".join(wanted))
    environment = os.environ | {"REHEARSE": "no", "PATH": f"{python3.parent}:{os.environ['PATH']}"}
    run = ["sh", str(packed / "study.sh"), "--cycles", "1", "--device", "cpu"]
    done = subprocess.run(
        run, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tables written to" in done.stdout
    assert (packed / "results.tar.gz").exists()
    # Another package `tests` comes before a folder without that file.
    other = tmp_path / "other" / "tests"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    environment = os.environ | {"PYTHONPATH": f"code:{other.parent}", "KERAS_BACKEND": "torch"}
    measure = [str(packed / "env" / "bin" / "python"), "-m", "tests.benchmarks.training"]
    done = subprocess.run(
        [*measure, "--device", "gpu"],
        cwd=packed,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 1
    assert done.stderr.strip().startswith("Expected a GPU.")


OLD = """#!/bin/sh
[ "$1" = -V ] && echo Python 3.10.12
exit 1
"""


def test_a_machine_with_another_python_is_told_which_are_taken(packed, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("python3", "python3.13", "python3.12", "python3.11"):
        (folder / name).write_text(OLD)
        (folder / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    run = ["sh", str(packed / "study.sh")]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Expected Python 3.11, 3.12 or 3.13. python3 is Python 3.10.12,")
    assert not (packed / "env").exists()
    # One that will do is taken, whatever `python3` is.
    (folder / "python3.11").write_text("#!/bin/sh\n[ $1 = -c ] && exit 0\necho $* >&2; exit 3\n")
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "-m venv --without-pip env" in done.stderr


WITHOUT_PIP = f"""#!/bin/sh
[ "$*" = "-m venv env" ] && set -- -m venv --without-pip env
exec {shlex.quote(sys.executable)} "$@"
"""
"""Makes an environment in a second: its pip, which is beside it, would take five."""


def test_a_machine_that_lacks_packages_does_not_begin(packed, tmp_path):
    (packed / "wheels").mkdir()
    (packed / "code" / "requirements-gpu.txt").write_text("kneeoa-has-no-such-package==1\n")
    (packed / "code" / "torch.py").write_text("raise ImportError\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").write_text(WITHOUT_PIP)
    (tmp_path / "bin" / "python3").chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    run = ["sh", str(packed / "study.sh")]
    done = subprocess.run(
        run, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode
    assert "kneeoa-has-no-such-package" in done.stderr
    assert not (packed / "env" / "ready").exists(), "so it begins anew"
    # Another version that is there does, and is named.
    (packed / "code" / "requirements-gpu.txt").write_text("numpy==0.1")
    (packed / "code" / "train" / "__main__.py").write_text("print('begun')\n")
    done = subprocess.run(
        run, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    note, *begun, _ = done.stdout.splitlines()
    assert note.endswith(f"Training goes on with numpy {version('numpy')}, not 0.1.")
    assert begun == ["begun"] * 3  # options, rehearsal, study


def test_the_packed_study_is_the_same_study(packed, given, monkeypatch):
    from train.commands.options import configs_of
    from train.run.naming import run_id

    script = (packed / "study.sh").read_text()
    (line,) = [line for line in script.splitlines() if "env/bin/python -m train study" in line]
    words = line.split(" -m train ")[1].split(" --out ")[0].replace(" $device", "").split()
    monkeypatch.chdir(packed)
    there = parse([*words, "--out", "results"])
    here = parse(["study", *given, "--out", "results"])
    names = [
        run_id(configs_of(options, ["mobilenet"])["mobilenet"], "f" * 64)
        for options in (there, here)
    ]
    assert names[0] == names[1]


def test_what_cannot_be_packed_is_refused(packed, given, capsys):
    assert main(["pack", str(packed), "--", *given]) == 2
    assert "Expected a new folder to pack into" in capsys.readouterr().err
    again = packed.parent / "again"
    assert main(["pack", str(again), "--", *given, "--out", "there"]) == 2
    assert "Expected no --out" in capsys.readouterr().err


def test_nothing_is_packed_into_what_is_packed(given, finished, tmp_path, capsys):
    tree = Path(given[1])
    before = sorted(tree.rglob("*"))
    others = tmp_path / "blind" / "films"
    others.mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(tree)
    for folder, more in (
        (tree / "packed", []),
        (link / "a" / "packed", []),
        (others / "packed", ["--predict", str(others)]),
        (finished / "runs" / "packed", []),
        (ROOT / "train" / "packed", []),
    ):
        words = ["pack", str(folder), "--finished", str(finished), "--", *given, *more]
        assert main(words) == 2
        assert "Expected a folder to pack into outside" in capsys.readouterr().err
        assert not folder.exists()
    assert sorted(tree.rglob("*")) == before


def test_packing_that_is_stopped_leaves_nothing_and_can_be_done_again(
    given, tmp_path, capsys, monkeypatch
):
    folder = tmp_path / "packed"
    with monkeypatch.context() as stopped:

        def stop(*_):
            raise KeyboardInterrupt

        stopped.setattr(packing, "_packed", stop)
        assert main(["pack", str(folder), "--", *given]) == 130
    assert "train: stopped. The same command begins anew." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert main(["pack", str(folder), "--", *given]) == 0
    assert (folder / "study.sh").exists()


def test_finished_runs_that_are_not_there_are_said(given, finished, tmp_path, capsys):
    folder = tmp_path / "packed"
    words = ["pack", str(folder), "--finished", str(tmp_path / "typo"), "--", *given]
    assert main(words) == 2
    assert "Expected --finished to be a folder of results" in capsys.readouterr().err
    assert not folder.exists()
    words[3] = str(finished)
    assert main([*words, "--learning-rate", "1e-4"]) == 0
    assert "is of this study" in capsys.readouterr().out


def test_what_published_weights_learnt_from_goes_along_and_is_said(given, tmp_path, capsys):
    start = ROOT / "assets" / "models" / "mobilenet" / "model.onnx"
    others = ["--data", given[1], "--init", f"mobilenet={start}", *given[4:]]
    folder = tmp_path / "packed"
    assert main(["pack", str(folder), "--", *others]) == 0
    assert "were trained on another split" in capsys.readouterr().out
    here, there = map(origin_of, (str(start), str(folder / "files" / "1" / "model.onnx")))
    assert here and there and (here.run_id, here.split_hash) == (there.run_id, there.split_hash)


def test_what_would_not_come_along_is_refused_and_leaves_nothing(given, tmp_path, capsys):
    tree = Path(given[1])
    lines = ["file,grade,patient_id,split"]
    for place in sorted(tree.glob("*/*/*.png")):
        split, grade, name = place.relative_to(tree).parts
        lines.append(f"{split}/{grade}/{name},{grade},{place.stem[:-1]},{split}")
    table = tree / "films.csv"
    table.write_text("\n".join(lines) + "\n")
    folder = tmp_path / "packed"
    try:
        assert main(["pack", str(folder), "--", "--data", str(table), *given[2:]]) == 2
        assert "its films would not go along" in capsys.readouterr().err
        assert main(["pack", str(folder), "--", *given, "--preset-from=tuned"]) == 2
        assert "Expected no --preset-from" in capsys.readouterr().err
        assert not folder.exists()
        both = ["--data", str(tree), "--split-file", str(table), *given[2:]]
        assert main(["pack", str(folder), "--", *both]) == 0
        assert (folder / "files" / "films.csv").exists()
    finally:
        table.unlink()


def test_the_packages_of_training_are_the_projects_own_pins():
    wanted = requirements().splitlines()
    assert {line.split("==")[0] for line in wanted} >= {"keras", "torch", "ray", "statsmodels"}
    assert not any(line.startswith(("streamlit", "tensorflow")) for line in wanted)
    pins = "".join(file.read_text() for file in ROOT.glob("requirements*.txt"))
    assert all(f"{line}\n" in pins for line in wanted)
