"""A network of a few thousand weights in the place of both, for tests of mechanism.

Resuming, killing, keeping, searching and publishing do not depend on how large a network is; that
the real ones train is tested once for each backend, in ``test_backends``.
"""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

from train.machine import backend

if backend() == "torch":
    # As on machines that train under PyTorch: Keras would take seconds to load it, to save a model.
    sys.modules["tensorflow"] = None

import keras
import numpy as np
import onnx

from kneeoa.graders import architectures
from kneeoa.graders.cards import graph
from kneeoa.networks import ARCHITECTURES, FEATURE_LAYER
from tests.support.places import ROOT
from train.config import BLOCKS
from train.publish.export import round_to_storage, to_onnx

CHANNELS = 8


def backbone_of(architecture):
    """Return a builder of four strided convolutions, named as stages and Grad-CAM expect."""
    depths = [BLOCKS[depth][architecture] for depth in ("conv3", "conv4", "conv5")]

    def build(colour):
        here = keras.layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32")(colour)
        here = _block(here, "conv1", "conv1_relu", 4)
        for name in depths:
            last = name == depths[-1]
            here = _block(here, name, FEATURE_LAYER[architecture] if last else f"{name}_relu", 2)
        return here

    return build


def _block(here, name, output, stride):
    options = {"strides": stride, "padding": "same", "use_bias": False, "name": name}
    if name.startswith("conv_dw_"):  # its kernel is stored as a depthwise one
        here = keras.layers.DepthwiseConv2D(3, **options)(here)
    else:
        here = keras.layers.Conv2D(CHANNELS, 3, **options)(here)
    here = keras.layers.BatchNormalization(name=f"{name}_bn")(here)
    return keras.layers.ReLU(name=output)(here)


def use() -> Callable[[], None]:
    """Have both networks be tiny in this process, and real files taken; return what undoes it."""
    shapes = dict(graph.SHAPES)
    before = {name: architectures.register(name, backbone_of(name)) for name in ARCHITECTURES}
    for name in ARCHITECTURES:
        weights = architectures.weight_arrays(architectures.build(name))
        layers = {key.split("/")[0] for key in weights}
        count = sum(array.size for array in weights.values())
        graph.SHAPES[name] += (graph.Shape(CHANNELS, count, len(layers)),)

    def undo():
        graph.SHAPES.update(shapes)
        for name, backbone in before.items():
            architectures.register(name, backbone)

    return undo


def network(architecture, *, seed: int = 5, standardise: bool = False) -> keras.Model:
    """Return a tiny network whose activations differ from film to film, untrained as it is."""
    found = architectures.build(architecture, seed=seed, standardise=standardise)
    for key, variable in architectures.variables(found):
        if key.endswith("/kernel"):
            variable.assign(3 * np.asarray(variable))
    return found


def write_weights(file: Path) -> Path:
    """Write starting weights for the tiny MobileNet as an ``.npz`` file."""
    np.savez(file, **architectures.weight_arrays(network("mobilenet")))
    return file


def write_exported(file: Path, *, seed: int = 5) -> Path:
    """Write an exported tiny MobileNet, which standardises as the published ones do."""
    found = network("mobilenet", seed=seed, standardise=True)
    round_to_storage(found)
    onnx.save(to_onnx(found), file)
    return file


def use_and_save_rarely() -> None:
    """Have a process write states as apart as those of large networks are, too."""
    from train.run import saving

    use()
    saving.SHARE = 1e-9


def use_on_clusters(monkeypatch, setup=use) -> None:
    """Have every process of a Ray cluster that this one joins use tiny networks, too."""
    import ray

    init = ray.init

    def with_tiny_networks(*, runtime_env, **options):
        variables = runtime_env["env_vars"] | {"PYTHONPATH": str(ROOT)}  # finds `use`
        changes = {"worker_process_setup_hook": setup, "env_vars": variables}
        return init(runtime_env=runtime_env | changes, **options)

    monkeypatch.setattr(ray, "init", with_tiny_networks)


def _run(words: list[str]) -> int:
    """Run commands of `train`, one after the other as long as they can be done; return the code."""
    from train.__main__ import main

    use()
    with contextlib.suppress(ImportError):  # of PyTorch, which not everybody has
        from train.locate import batches
        from train.locate.spoilt import batches as spoilt

        batches.DRAWN = spoilt.DRAWN = 3
    while words:
        end = words.index("then") if "then" in words else len(words)
        if code := main(words[:end]):
            return code
        words = words[end + 1 :]
    return 0


if (
    __name__ == "__main__"
):  # with tiny networks: python -m tests.support.tiny COMMAND [then COMMAND]
    sys.exit(_run(sys.argv[1:]))
