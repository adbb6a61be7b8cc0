"""SmoothGrad (Smilkov et al. 2017) by tf-keras-vis, in a process of its own.

It needs gradients, and so TensorFlow, which takes seconds to load and has no place in the process
of the dashboard.
"""

import contextlib
import io
import itertools
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from kneeoa.errors import ModelError
from kneeoa.files import write_arrays
from kneeoa.films.apart.pool import workers
from kneeoa.graders.profile import Head
from kneeoa.graders.published import PublishedModel, load_keras
from kneeoa.networks import Architecture

SAMPLES = 20
NOISE = 0.1
"""Standard deviation of the noise, as a share of the film's range."""
SECONDS = 300
_ROOT, _BEFORE = str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A map that is wanted: of which network, under which last layer, for which grade.

    `standardise` is as the card's config says; `head` is None as published.
    """

    architecture: Architecture
    file: Path
    standardise: bool
    grade: int
    head: Head | None = None


def smooth_grads(
    film: np.ndarray,
    asked: Sequence[Asked],
    *,
    told: Callable[[float], None] = lambda share: None,
) -> tuple[np.ndarray, ...]:
    """Return how sensitive each score is to each pixel, ``(224, 224) float32, >= 0`` each.

    `film` is ``(224, 224)`` in [0, 255]; `told` is called with the share of the noisy copies that
    are done, in [0, 1]. Takes about ten seconds and raises `ModelError` where TensorFlow or
    tf-keras-vis is missing, and `RadiographError` where large films take the memory for it.
    """
    stream = io.BytesIO()
    write_arrays(stream, _sent(film, asked))
    with (
        # TensorFlow takes as much memory as they do: 1.25 GB.
        workers().in_place_of_a_large_film(),
        tempfile.TemporaryFile() as errors,
        _own_places() as places,
    ):
        process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(filter(None, [_ROOT, _BEFORE]))}
            | places,
        )
        is_late = threading.Event()

        def give_up() -> None:
            is_late.set()
            process.kill()

        limit = threading.Timer(SECONDS, give_up)
        limit.start()
        try:
            written = _exchanged(process, stream.getvalue(), told)
            process.wait()
        finally:
            limit.cancel()
            process.kill()
            process.wait()
        errors.seek(0)
        last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
    if is_late.is_set():
        raise ModelError(f"SmoothGrad was not done after {SECONDS} s: try again later.")
    if process.returncode or not written:
        raise ModelError(
            "Expected TensorFlow and tf-keras-vis for SmoothGrad: install requirements.txt. "
            f"Received: {' '.join(last)}"
        )
    with np.load(io.BytesIO(written), allow_pickle=False) as maps:
        return tuple(maps[f"map{place}"] for place in range(len(asked)))


@contextlib.contextmanager
def _own_places() -> Iterator[dict[str, str]]:
    """Give settings by which Keras and TensorFlow keep what they keep in a folder that then goes.

    Keras would leave a folder at home, and follow what somebody else has written there.
    """
    with tempfile.TemporaryDirectory(prefix="kneeoa-maps-", ignore_cleanup_errors=True) as folder:
        yield {"KERAS_HOME": folder, "TMPDIR": folder}


def _exchanged(
    process: subprocess.Popen[bytes], sent: bytes, told: Callable[[float], None]
) -> bytes:
    """Send what is asked and return the maps; empty where the process ended without any."""
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout:
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(sent)
        # A line for each share that is done, an empty one, and the maps.
        while share := process.stdout.readline().strip():
            told(float(share))
        return process.stdout.read()


def _sent(film: np.ndarray, asked: Sequence[Asked]) -> dict[str, np.ndarray]:
    sent = {
        "film": np.asarray(film, np.float32),
        "of": np.array([_text(question) for question in asked]),
    }
    for place, question in enumerate(asked):
        if question.head is not None:
            sent |= {f"kernel{place}": question.head.kernel, f"bias{place}": question.head.bias}
    return sent


def _text(asked: Asked) -> str:
    return f"{asked.architecture}\n{asked.file.resolve()}\n{asked.standardise:d}\n{asked.grade:d}"


def computed(
    given: dict[str, np.ndarray], told: Callable[[float], None] = lambda share: None
) -> dict[str, np.ndarray]:
    """Return the maps that are asked for, as ``map0`` and so on; loads TensorFlow."""
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.scores import CategoricalScore

    maps = {}
    for place, text in enumerate(given["of"]):
        architecture, file, standardise, grade = str(text).split("\n")
        card = {"config": {"standardise": standardise == "1"}}
        network = load_keras(PublishedModel(cast("Architecture", architecture), Path(file), card))
        if f"kernel{place}" in given:
            head = [given[f"kernel{place}"], given[f"bias{place}"]]
            network.get_layer("grade").set_weights(head)
        score = _counted(CategoricalScore(int(grade)), place, len(given["of"]), told)
        # tf-keras-vis draws its noise from there.
        np.random.seed(0)  # noqa: NPY002
        maps[f"map{place}"] = np.asarray(
            Saliency(network, clone=False)(
                score,
                given["film"][None, ..., None],
                smooth_samples=SAMPLES,
                smooth_noise=NOISE,
                normalize_map=False,
            )[0],
            np.float32,
        )
    return maps


def _counted(
    score: Callable[[Any], Any], place: int, networks: int, told: Callable[[float], None]
) -> Callable[[Any], Any]:
    """Return a score that tells how far the maps are: it is asked once for each noisy copy."""
    copies = itertools.count(1)

    def scored(output: Any) -> Any:
        told((place + min(next(copies) / SAMPLES, 1.0)) / networks)
        return score(output)

    return scored


def _main() -> None:
    """Read film and what is asked from the standard input, write the maps to the output."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get among the maps
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as sent:
        given = dict(sent)
    stream = io.BytesIO()
    with output:

        def told(share: float) -> None:
            output.write(f"{share:.3f}\n".encode())
            output.flush()

        write_arrays(stream, computed(given, told))
        output.write(b"\n" + stream.getvalue())


if __name__ == "__main__":
    _main()
