"""How the dashboard is started: what cannot be is said in a sentence."""

import os
import shutil
import socket
import subprocess
import sys

import pytest

from tests.support.places import ROOT

NOBODYS = "192.0.2.1"
"""Set apart for documents (RFC 5737): no machine has it."""


def run(*command):
    # As without a make around the tests.
    own = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("flags", [[], ["-S"]])
def test_the_script_by_itself_says_how_it_is_started(flags):
    done = run(sys.executable, *flags, "app.py")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "`make app`" in done.stderr


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_an_address_of_another_machine_is_refused_in_a_sentence():
    make = ["make", "-o", ".venv/.app-installed", "app", f"PYTHON={sys.executable}"]
    done = run(*make, f"ADDRESS={NOBODYS}")
    assert done.returncode == 2
    assert f"Expected ADDRESS to be an address of this machine. {NOBODYS} is none" in done.stderr
    assert "Traceback" not in done.stderr
    assert "streamlit" not in done.stdout


def refused_port(port):
    make = ["make", "-o", ".venv/.app-installed", "app", f"PYTHON={sys.executable}"]
    done = run(*make, f"PORT={port}")
    assert done.returncode == 2
    assert "Expected PORT to be a number from 1 to 65535" in done.stderr
    assert f" {port} is none, or has a dashboard" in done.stderr
    assert "Traceback" not in done.stderr
    assert "streamlit" not in done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
@pytest.mark.parametrize("port", ["99999", "0", "-1", "eight"])
def test_what_is_no_port_is_refused_in_a_sentence(port):
    refused_port(port)


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_a_port_that_is_taken_is_refused_in_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as server:
        refused_port(server.getsockname()[1])


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
@pytest.mark.parametrize(
    ("given", "more"),
    [("", ""), ("ADDRESS=a.b", " --server.address a.b --server.allowedHosts a.b")],
)
def test_the_line_that_is_shown_can_be_copied(given, more):
    make = ["make", "-n", "-o", ".venv/.app-installed", "app", "PORT=8502", given]
    last = run(*filter(None, make)).stdout.splitlines()[-1]
    assert last.endswith(f"-m streamlit run app.py --server.port 8502{more}")
