"""How fast a reading is, beside the stock way and beside bare ONNX Runtime; ratios in one run.

Run with ``make bench``. Prints medians in milliseconds; only ratios within one run compare.
"""

import io
import statistics
import time

import numpy as np
from PIL import Image

from kneeoa.films import display
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders import gradcam
from kneeoa.graders.grading import Graders
from kneeoa.graders.published import find_model, load_keras
from kneeoa.networks import ARCHITECTURES, FEATURE_LAYER


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
    """From the bytes of a file to both grades and both overlays."""
    radiograph = read_radiograph(data, "film.png")
    square = display.windowed(radiograph.pixels)
    for reading in graders.read(radiograph):
        heatmap = gradcam.grad_cam(reading.evidence, reading.grade)
        display.overlay(square, heatmap, scale=10, opacity=0.6)


def bare_onnx(graders: Graders, film: np.ndarray) -> None:
    """Both forward passes and nothing else."""
    for grader in graders._graders.values():
        grader._session.run(["logits"], {"film": film})


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
    bare = median_ms(lambda: bare_onnx(graders, film), 100)
    ours = median_ms(lambda: our_case(graders, data), 100)
    bare_again = median_ms(lambda: bare_onnx(graders, film), 100)
    networks = {name: load_keras(find_model(name)) for name in ARCHITECTURES}
    stock = median_ms(lambda: stock_case(networks, film), 5)
    bare = (bare + bare_again) / 2
    print(f"loading both published networks, hashes checked  {loading:8.1f} ms")
    print(f"bare ONNX Runtime, both networks                 {bare:8.1f} ms")
    print(f"our reading, file to both overlays               {ours:8.1f} ms")
    print(f"stock path, predict and a new Gradcam            {stock:8.1f} ms")
    print(f"ours / bare ONNX Runtime  {ours / bare:6.2f}  (aim: at most 1.5)")
    print(f"stock / ours              {stock / ours:6.1f}  (aim: at least 20)")


if __name__ == "__main__":
    main()
