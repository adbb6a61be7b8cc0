"""Images per second of training, beside its parts; ratios in one run.

Run with ``make bench-train``, ``KERAS_BACKEND=torch`` for the other backend. Only ratios within one
run compare: the parts are measured in turn, several times. Under PyTorch the bare step is what a
GPU replays (or a CPU does) with nothing around it; on a GPU several processes then train at once.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from kneeoa import terminal
from kneeoa.errors import KneeOAError, TrainingError
from train import machine


def parse():
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architectures", nargs="+", default=["mobilenet", "resnet50"])
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--precision", choices=machine.PRECISIONS, default="auto")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, help="of each measurement; 180 on a GPU, else 6")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-once", type=int, help="processes; by default what a GPU holds")
    parser.add_argument("--only-training", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


OPTIONS = parse()
try:
    MACHINE = machine.prepare(OPTIONS.device, precision=OPTIONS.precision)
except KneeOAError as error:
    sys.exit(str(error))
# 180: an epoch of the films that are published.
STEPS = OPTIONS.steps or (180 if MACHINE.kind == "gpu" else 6)

import keras  # noqa: E402
import numpy as np  # noqa: E402

from kneeoa.data.arrays import Films  # noqa: E402
from kneeoa.graders import architectures  # noqa: E402
from train.config import Stage, preset  # noqa: E402
from train.graph.trainer import build_trainer, part, unfreeze_from  # noqa: E402
from train.run.batches import Shuffled, targets_of  # noqa: E402
from train.study.sharing import on_one_machine, sharing_here  # noqa: E402

Calls = dict[str, Callable[[int], object]]


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


def keras_calls(network, config, train) -> Calls:
    """Return the parts of training by Keras: batches alone, a fixed batch, all together."""
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
    same = SameBatch(OPTIONS.batch_size, STEPS)

    def pipeline(epoch):
        batches = Shuffled(train, config, epoch, features)
        for index in range(len(batches)):
            batches[index]

    return {
        "pipeline": pipeline,
        "bare": lambda epoch: bare.fit(same, shuffle=False, verbose=0),
        "training": lambda epoch: trainer.fit(
            Shuffled(train, config, epoch, features), shuffle=False, verbose=0
        ),
    }


def native_calls(network, config, train) -> Calls:
    """Return the parts of training under PyTorch: chance alone, the bare step, all together."""
    from train.graph import chance
    from train.graph.native.stage import on_device
    from train.run.native_learner import NativeLearner

    targets = targets_of(config, train)
    features = network.get_layer("pool").output.shape[-1]
    learner = NativeLearner(
        network, config, config.stages[0], on_device(train.images, network), targets
    )
    if learner.note:
        raise TrainingError(learner.note)  # then there is no bare graph to compare with
    stage = learner._stage

    def bare(epoch):
        for _ in range(STEPS):
            stage._repeated.run()
        stage.means()  # for which a GPU finishes what is queued

    return {
        "pipeline": lambda epoch: chance.draw_epoch(config, epoch, targets, features),
        # First: the bare step then repeats on what was drawn.
        "training": lambda epoch: learner.epoch(epoch, lambda share, loss: None),
        "bare": bare,
    }


def measure(architecture: str) -> dict[str, list[float]]:
    """Return images per second of pipeline, bare step and training, one per round."""
    size = OPTIONS.batch_size
    config = preset("paper", architecture, batch_size=size, stages=(Stage("all", 1000),))
    train = films(size * STEPS)
    with machine.scope(MACHINE):
        network = architectures.build(architecture, side=None)
        unfreeze_from(network, "all")
        make = native_calls if machine.backend() == "torch" else keras_calls
        calls = make(network, config, train)
        if OPTIONS.only_training:
            calls = {"training": calls["training"]}
        rates = {name: [] for name in calls}
        for round_number in range(OPTIONS.rounds + 1):
            for name, call in calls.items():
                started = time.perf_counter()
                call(round_number)
                rate = size * STEPS / (time.perf_counter() - started)
                if round_number:  # the first compiles
                    rates[name].append(rate)
    return rates


def measure_at_once(architecture: str, count: int) -> list[float]:
    """Return the images per second of each of `count` processes that train at the same time."""
    command = [sys.executable, "-m", "tests.benchmarks.training", "--only-training"]
    command += ["--architectures", architecture, "--device", MACHINE.kind]
    command += ["--batch-size", str(OPTIONS.batch_size), "--steps", str(STEPS)]
    # Longer, so that the beginning and the end, where not all of them train, count little.
    command += ["--precision", MACHINE.precision, "--rounds", str(3 * OPTIONS.rounds)]
    environment = os.environ | {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // count))}
    with contextlib.ExitStack() as ended:
        running = []
        for _ in range(count):
            # Ctrl-C is for this process, which ends the others, whatever it ends by.
            process = subprocess.Popen(
                command,
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            ended.callback(process.kill)
            running.append(process)
        answers = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise TrainingError(
            f"Of {count} processes at once some failed, see above: fewer by --at-once."
        )
    return [json.loads(answer.splitlines()[-1])["training"] for answer in answers]


def report(architecture: str, rates: dict[str, list[float]]) -> None:
    """Print the medians and what training is of each part."""
    print(architecture)
    for name, values in rates.items():
        print(f"  {name:12} {statistics.median(values):9.1f} images/s")
    for other in ("bare", "pipeline"):
        ratio = statistics.median(
            whole / one for whole, one in zip(rates["training"], rates[other], strict=True)
        )
        print(f"  training / {other}: {ratio:.3f}")


def main() -> int:
    """Measure and print."""
    if OPTIONS.only_training:
        (architecture,) = OPTIONS.architectures
        rates = measure(architecture)
        print(json.dumps({name: statistics.median(values) for name, values in rates.items()}))
        return terminal.DONE
    print(f"{MACHINE}, batches of {OPTIONS.batch_size}, {OPTIONS.rounds} rounds of {STEPS}")
    alone = {}
    for architecture in OPTIONS.architectures:
        rates = measure(architecture)
        alone[architecture] = statistics.median(rates["training"])
        report(architecture, rates)
    configs = [preset("paper", name, batch_size=OPTIONS.batch_size) for name in alone]
    how_many = {"device": OPTIONS.device, "asked": OPTIONS.at_once}
    shared = sharing_here(configs, 10, **how_many, by_ray=False)
    if shared.at_once < 2:
        return terminal.DONE
    with on_one_machine(shared) as (sharing, how):
        for architecture in OPTIONS.architectures:
            each = measure_at_once(architecture, sharing.at_once)
            print(f"{architecture}, {sharing.at_once} at once {how}".rstrip())
            print(f"  together     {sum(each):9.1f} images/s")
            print(f"  together / one alone: {sum(each) / alone[architecture]:.2f}")
    return terminal.DONE


if __name__ == "__main__":
    sys.exit(terminal.run("tests.benchmarks.training", main, stopped="Stopped."))
