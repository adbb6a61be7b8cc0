"""Images per second of training, beside its parts; ratios in one run.

Run with ``make bench-train``, ``KERAS_BACKEND=torch`` for the other backend. Only ratios within one
run compare: the three are measured in turn, several times.
"""

import argparse
import statistics
import time

from train import machine


def parse():
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architectures", nargs="+", default=["mobilenet", "resnet50"])
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=6, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


OPTIONS = parse()
MACHINE = machine.prepare(OPTIONS.device)

import keras  # noqa: E402
import numpy as np  # noqa: E402

from kneeoa.data.arrays import Films  # noqa: E402
from kneeoa.graders import architectures  # noqa: E402
from train.config import Stage, preset  # noqa: E402
from train.graph.trainer import build_trainer, part, unfreeze_from  # noqa: E402
from train.run.batches import Shuffled  # noqa: E402


def films(count: int) -> Films:
    """Noise: the network takes as long over it as over knees."""
    images = np.random.default_rng(0).integers(0, 255, (count, 224, 224), np.uint8)
    names = tuple(map(str, range(count)))
    return Films(images, np.arange(count) % 5, names, names)


class SameBatch(keras.utils.PyDataset):
    """One batch, again and again: nothing is gathered, drawn or changed."""

    def __init__(self, size: int, steps: int):
        super().__init__()
        self._steps = steps
        self._batch = (
            films(size).images[..., None].astype(np.float32),
            np.eye(5)[np.arange(size) % 5].astype(np.float32),
        )

    def __len__(self):
        return self._steps

    def __getitem__(self, index):
        return self._batch


def measure(architecture: str) -> dict[str, list[float]]:
    """Return images per second of pipeline, fixed batch and training, one per round."""
    size, steps = OPTIONS.batch_size, OPTIONS.steps
    config = preset("paper", architecture, batch_size=size, stages=(Stage("all", 1000),))
    train = films(size * steps)
    rates = {"pipeline": [], "fixed batch": [], "training": []}
    with machine.scope(MACHINE):
        network = architectures.build(architecture)
        unfreeze_from(network, "all")
        features = network.get_layer("pool").output.shape[-1]
        trainer = build_trainer(network, config, config.stages[0], MACHINE, len(train))
        bare = part(network, "grade")
        bare.compile(
            keras.optimizers.Adam(1e-4),
            keras.losses.CategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
            jit_compile=MACHINE.compile,
            steps_per_execution=MACHINE.steps_per_call,
        )
        same = SameBatch(size, steps)

        def pipeline(epoch):
            batches = Shuffled(train, config, epoch, features)
            for index in range(len(batches)):
                batches[index]

        calls = {
            "pipeline": pipeline,
            "fixed batch": lambda epoch: bare.fit(same, shuffle=False, verbose=0),
            "training": lambda epoch: trainer.fit(
                Shuffled(train, config, epoch, features), shuffle=False, verbose=0
            ),
        }
        for round_number in range(OPTIONS.rounds + 1):
            for name, call in calls.items():
                started = time.perf_counter()
                call(round_number)
                rate = size * steps / (time.perf_counter() - started)
                if round_number:  # the first compiles
                    rates[name].append(rate)
    return rates


def main() -> None:
    """Measure and print."""
    print(f"{MACHINE}, batches of {OPTIONS.batch_size}, {OPTIONS.rounds} rounds of {OPTIONS.steps}")
    for architecture in OPTIONS.architectures:
        rates = measure(architecture)
        print(architecture)
        for name, values in rates.items():
            print(f"  {name:12} {statistics.median(values):9.1f} images/s")
        for other in ("fixed batch", "pipeline"):
            ratio = statistics.median(
                whole / one for whole, one in zip(rates["training"], rates[other], strict=True)
            )
            print(f"  training / {other}: {ratio:.3f}")


if __name__ == "__main__":
    main()
