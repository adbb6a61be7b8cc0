"""Train a real network a few steps: here, or in a process of its own, which has its own backend.

``KERAS_BACKEND=torch python -m tests.support.fit_once OUT`` writes ``history.json``,
``probabilities.npy`` and ``model.keras`` to OUT, and begins with the weights in ``OUT/start.npz``.
"""

import json
import sys
from pathlib import Path

from train import machine


def fit_once(out: Path) -> None:
    """Train, predict, save."""
    here = machine.prepare("cpu", precision="float32")
    # Not before the machine is prepared.
    import numpy as np

    from tests.support.knees import drawn_films
    from train.config import Stage, preset
    from train.run.batches import predict
    from train.run.fit import fit

    config = preset(
        "smoke",
        "mobilenet",
        init=str(out / "start.npz"),
        stages=(Stage("conv5", 2, side=112),),  # one stage: each is compiled anew
        learning_rate=1e-4,
    )
    val = drawn_films(10, first=900)
    fitted = fit(config, drawn_films(16), val, folder=out / "work", machine=here)
    fitted.network.save(out / "model.keras")
    np.save(out / "probabilities.npy", predict(fitted.network, val))
    content = {"history": fitted.history, "machine": str(here)}
    (out / "history.json").write_text(json.dumps(content))


if __name__ == "__main__":
    if machine.backend() == "torch":
        # As if TensorFlow were not installed.
        sys.modules["tensorflow"] = None
    fit_once(Path(sys.argv[1]))
