"""What training under PyTorch must hold; in a process of its own, which has that backend."""

import os
import subprocess
import sys

from tests.support.places import ROOT


def test_training_under_pytorch_holds_what_its_checks_say():
    checks = ROOT / "tests" / "train" / "native" / "under_torch.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(checks)],
        cwd=ROOT,
        # One thread: the networks are tiny.
        env=os.environ | {"KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
