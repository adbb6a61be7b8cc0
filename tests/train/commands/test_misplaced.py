"""Options of a packed study that are wrong, or stand in the wrong place."""

import os
import shlex
import subprocess
import sys

import pytest

from kneeoa.__main__ import main as kneeoa_main
from tests.support.knees import write_tree
from train.__main__ import main

NOT_A_TRIAL = f"""#!/bin/sh
[ -z "$OPTIONS" ] || case "$*" in *only-options*) exit "$OPTIONS" ;; esac
case "$*" in *only-options*) exec {shlex.quote(sys.executable)} "$@" ;; esac
exit $REHEARSED
"""
"""Sees to the options, which takes a second, unless the answer is given."""


def test_a_wrong_option_of_a_packed_study_is_said_and_no_failed_rehearsal(given, tmp_path):
    """Nor is anything packed for it, whether it was to be rehearsed or not."""
    packed = tmp_path / "packed"
    assert main(["pack", str(packed), "--", *given]) == 0
    python = packed / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(NOT_A_TRIAL)
    python.chmod(0o755)
    (packed / "env" / "ready").touch()

    def script(*words, **environment):
        return subprocess.run(
            ["sh", str(packed / "study.sh"), *words],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    done = script("--at-onc", "3")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("train: There is no option --at-onc: did you mean --at-once?")
    assert done.stderr.count("\n") == 1
    done = script(REHEARSE="no", OPTIONS="2", REHEARSED="0")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")
    done = script("--out=elsewhere")
    assert (done.returncode, done.stderr.count("Expected no --out")) == (2, 1)
    assert script("--help").stdout.startswith("Trains this study and leaves results.tar.gz")
    # 1 is a rehearsal that failed, 2 one that was not begun, as no study would.
    hints = [script(OPTIONS="0", REHEARSED=str(code)).stderr for code in (1, 2, 130)]
    assert hints == ["REHEARSE=no sh study.sh trains all the same.\n", "", ""]
    assert not (packed / "results.tar.gz").exists()


@pytest.mark.parametrize("place", ["film", "folder", "below a film"])
def test_where_no_split_can_be_written_is_said_before_films_are_read(
    place, tmp_path, capsys, monkeypatch
):
    tree = write_tree(tmp_path / "knees", train=1, val=1, test=1)
    (film, *_) = sorted(tree.rglob("*.png"))
    out = {"film": film, "folder": tree, "below a film": film / "split.csv"}[place]

    def reads(*_, **__):
        raise AssertionError("films are read")

    monkeypatch.setattr("kneeoa.data.source.read_dataset", reads)
    assert main(["data", str(tree), "--out", str(out)]) == 2
    assert "Expected to write the table" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["KNEEOA_DECODERS", "KNEEOA_DECODE_MB"])
def test_a_wrong_setting_of_decoding_is_no_reason_of_every_film(name, capsys, monkeypatch):
    monkeypatch.setenv(name, "many")
    for run in (main, kneeoa_main):
        assert run(["data" if run is main else "demo", "nowhere"]) == 2
        assert f"Expected a number above 0 in {name}." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--data D", "--data is an option of `study`. Expected -- before all of those: `python"),
        ("--resplit -- --data D", "--resplit is an option of `study`. Expected -- before"),
        ("--batch-size=8 -- --data D", "--batch-size is an option of `study`. Expected -- before"),
        ("-- --data D -- --cycles 3", "Expected one --, before the options of `study`."),
        ("", "Expected -- and the options of `study` after it: `python -m train pack new -- "),
        ("--finishd R -- --data D", "There is no option --finishd: did you mean --finished?"),
    ],
)
def test_options_of_a_study_in_the_wrong_place_are_told_the_right_one(words, sentence, capsys):
    assert main(["pack", "new", *words.split()]) == 2
    assert capsys.readouterr().err.startswith(f"train: {sentence}")
