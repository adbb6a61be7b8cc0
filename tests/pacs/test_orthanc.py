"""A real archive, in a network of its own with all that talks to it: `with_orthanc`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.install_orthanc import NoOrthancError, find_orthanc
from tests.support.places import ROOT

SECONDS = 180


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, for a network of its own")
def test_films_and_reports_of_a_real_archive():
    try:
        find_orthanc()
    except NoOrthancError as error:
        pytest.skip(str(error))
    inside = Path(__file__).with_name("with_orthanc.py")
    command = [sys.executable, "-m", "tests.support.own_network", "pytest", "-q", str(inside)]
    command += ["-p", "no:cacheprovider", "-p", "no:xdist", "--durations=3"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if "NoOwnNetworkError" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    assert " passed" in done.stdout
