"""Train a few steps in a process of its own: ``python -m tests.support.fit_once OUT``.

A process has one backend, ``KERAS_BACKEND``. Writes ``history.json``,
``probabilities.npy`` and ``model.keras`` to OUT; starts from the published MobileNet.
"""

import json
import sys
from pathlib import Path

from train import machine

if machine.backend() == "torch":
    # As if TensorFlow were not installed.
    sys.modules["tensorflow"] = None

OUT = Path(sys.argv[1])
MACHINE = machine.prepare("cpu", precision="float32")

import numpy as np  # noqa: E402

from tests.support.knees import drawn_films  # noqa: E402
from train.config import Stage, preset  # noqa: E402
from train.run.batches import predict  # noqa: E402
from train.run.fit import fit  # noqa: E402

CONFIG = preset(
    "smoke",
    "mobilenet",
    init=str(OUT / "start.npz"),
    stages=(Stage("conv5", 2),),  # one stage: each is compiled anew
    learning_rate=1e-4,
)


def main():
    """Train, predict, save."""
    val = drawn_films(10, first=900)
    fitted = fit(CONFIG, drawn_films(16), val, folder=OUT / "work", machine=MACHINE)
    fitted.network.save(OUT / "model.keras")
    np.save(OUT / "probabilities.npy", predict(fitted.network, val))
    content = {"history": fitted.history, "machine": str(MACHINE)}
    (OUT / "history.json").write_text(json.dumps(content))


if __name__ == "__main__":
    main()
