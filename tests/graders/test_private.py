"""Grading leaves nothing behind: files of a library's own are how reports to a host begin."""

import os
import subprocess
import sys

from kneeoa.films.phantom import knee_png
from tests.support.places import ROOT


def test_grading_writes_no_file_of_its_own(tmp_path):
    film = tmp_path / "film.png"
    film.write_bytes(knee_png(3, seed=1))
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "kneeoa", "grade", str(film)],
        cwd=ROOT,
        env=os.environ | {"HOME": str(home), "TMPDIR": str(temporary), "XDG_CACHE_HOME": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "resnet50,3" in done.stdout
    assert [*home.rglob("*"), *temporary.rglob("*")] == []
