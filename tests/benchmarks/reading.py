"""How fast a reading is, beside the stock way and beside bare ONNX Runtime; ratios in one run.

Run with ``make bench``. Prints medians in milliseconds; only ratios within one run compare.
"""

import io
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from kneeoa.films import display
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders import gradcam
from kneeoa.graders.batch import grade_files
from kneeoa.graders.grading import Graders
from kneeoa.graders.published import find_model, load_keras
from kneeoa.networks import ARCHITECTURES, FEATURE_LAYER

FOLDER, BATCH = 1000, 32


def median_ms(call, repeats: int) -> float:
    """Median wall time of `call` in milliseconds, after one call to warm up."""
    call()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


def film_bytes(seed: int = 0) -> bytes:
    """One synthetic film as a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(draw_knee(2, seed=seed)).save(stream, "PNG")
    return stream.getvalue()


def our_case(graders: Graders, data: bytes) -> None:
    """From the bytes of a file to the knee, the gate, both grades and both maps as PNG."""
    radiograph = read_radiograph(data, "film.png")
    found = graders.localiser.find(radiograph)
    for reading in graders.read(found.to_grade(radiograph), found.frames[0]):
        heatmap = gradcam.grad_cam(reading.evidence, reading.grade)
        display.layer_png(heatmap, scale=10, side=224)


def bare_sessions() -> list[onnxruntime.InferenceSession]:
    """Both networks as ONNX Runtime serves them by itself: a run takes all cores."""
    options = onnxruntime.SessionOptions()
    # Threads that wait on after a run would slow what is measured next.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3
    return [
        onnxruntime.InferenceSession(
            find_model(name).file, options, providers=["CPUExecutionProvider"]
        )
        for name in ARCHITECTURES
    ]


def bare_onnx(sessions: list[onnxruntime.InferenceSession], film: np.ndarray) -> None:
    """Both forward passes and nothing else."""
    for session in sessions:
        session.run(["logits"], {"film": film})


def rates_of_a_folder(graders: Graders, folder: Path) -> tuple[float, float]:
    """Films a second of a folder, files to rows, and of bare batches; in turns of a quarter."""
    distinct = [film_bytes(seed) for seed in range(FOLDER // 20)]
    files = [folder / f"{number}.png" for number in range(FOLDER)]
    for number, file in enumerate(files):
        file.write_bytes(distinct[number % len(distinct)])
    batch = np.stack([draw_knee(2, seed=seed) for seed in range(BATCH)])
    batch = batch[..., None].astype(np.float32)
    seconds = {"folder": 0.0, "bare": 0.0}
    sessions = bare_sessions()
    bare_onnx(sessions, batch)
    for part in range(4):
        started = time.perf_counter()
        rows = list(grade_files(files[part::4], graders, batch_size=BATCH))
        seconds["folder"] += time.perf_counter() - started
        assert not [row for row in rows if row.error]
        started = time.perf_counter()
        for _ in range(FOLDER // 4 // BATCH):
            bare_onnx(sessions, batch)
        seconds["bare"] += time.perf_counter() - started
    return FOLDER / seconds["folder"], 4 * (FOLDER // 4 // BATCH) * BATCH / seconds["bare"]


def stock_case(networks: dict, film: np.ndarray) -> None:
    """What most apps of this kind do: `predict`, then a new `Gradcam` for every film."""
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.scores import CategoricalScore

    for architecture, network in networks.items():
        grade = int(network.predict(film, verbose=0).argmax())
        Gradcam(network, clone=True)(
            CategoricalScore([grade]),
            film,
            penultimate_layer=FEATURE_LAYER[architecture],
            seek_penultimate_conv_layer=False,
        )


def main() -> None:
    """Print the table."""
    started = time.perf_counter()
    graders = Graders()
    loading = 1000 * (time.perf_counter() - started)
    data = film_bytes()
    film = draw_knee(2)[None, ..., None].astype(np.float32)
    sessions = bare_sessions()
    bare = median_ms(lambda: bare_onnx(sessions, film), 100)
    ours = median_ms(lambda: our_case(graders, data), 100)
    bare_again = median_ms(lambda: bare_onnx(sessions, film), 100)
    networks = {name: load_keras(find_model(name)) for name in ARCHITECTURES}
    with tempfile.TemporaryDirectory() as folder:
        of_folder, of_batches = rates_of_a_folder(graders, Path(folder))
    stock = median_ms(lambda: stock_case(networks, film), 5)
    bare = (bare + bare_again) / 2
    print(f"loading both published networks, hashes checked  {loading:8.1f} ms")
    print(f"bare ONNX Runtime, both networks                 {bare:8.1f} ms")
    print(f"our reading, file to gate, grades and maps      {ours:8.1f} ms")
    print(f"a folder of {FOLDER}, files to rows                  {of_folder:8.1f} films/s")
    print(f"bare ONNX Runtime, batches of {BATCH}                  {of_batches:8.1f} films/s")
    print(f"stock path, predict and a new Gradcam            {stock:8.1f} ms")
    print(f"ours / bare ONNX Runtime  {ours / bare:6.2f}  (aim: at most 1.25)")
    print(f"folder / bare batches     {of_folder / of_batches:6.2f}  (aim: at least 0.85)")
    print(f"stock / ours              {stock / ours:6.1f}  (aim: at least 20)")


if __name__ == "__main__":
    main()
