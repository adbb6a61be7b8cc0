"""The two graders as flat Keras graphs, and the layer that their Grad-CAM looks at.

Input of both: ``(N, 224, 224, 1)`` raw grey values in [0, 255]; the scaling that the ImageNet
weights expect is part of the graph, so that no caller can get it wrong. Output: ``(N, 5)`` logits.
The head is global average pooling and one linear layer, so that a logit is the mean of a linear map
over the last feature map: Grad-CAM (Selvaraju et al. 2017) is then exact from one forward pass; a
test compares it with the gradients of tf-keras-vis on the published weights. (Training puts dropout
between the two.)

Sources: MobileNet v1, Howard et al. 2017 (arXiv:1704.04861); ResNet50, He et al. 2016 (CVPR).
"""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kneeoa.errors import ConfigError, ModelError
from kneeoa.graders.weights import check_standardise, read_weights
from kneeoa.networks import ARCHITECTURES, FEATURE_LAYER, INPUT_SIDE, Architecture

GRADERS = (".onnx", ".keras")
"""Ends of the names of files that hold a trained grader: a published model, and that of a run."""

_UNREADABLE = (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError)
"""What Keras and HDF5 make of a file of a network that is damaged, or none."""

_IMAGENET_HEADS = {"conv_preds", "predictions"}
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
_EXACT = {"dtype": "float32"}
"""Under mixed precision only the convolutions may be half: grey values and logits stay exact."""

Backbone = Callable[[keras.KerasTensor], keras.KerasTensor]


@dataclass(frozen=True, slots=True)
class Initialisation:
    """What a starting-weights file gave: `assigned` tensors, and layers left as initialised."""

    source: str
    assigned: int
    fresh_layers: tuple[str, ...]


_MIDDLE, _SPREAD = 117.0, 58.0
"""Mean and standard deviation of ImageNet's grey values, which the starting weights expect."""


def build(
    architecture: Architecture,
    *,
    seed: int = 0,
    side: int | None = INPUT_SIDE,
    standardise: bool = False,
) -> keras.Model:
    """Return the untrained grader ``(N, 224, 224, 1) float32 in [0, 255] -> (N, 5) logits``.

    `seed` fixes the initial kernels, and fixes the same ones under every Keras backend. With
    ``side=None`` it takes films of any side, as training in stages of growing sides does. With
    `standardise` it brings each film to one mean and contrast first: its answer is then the same
    for any brightness and contrast.
    """
    if architecture not in ARCHITECTURES:
        raise ConfigError(
            f"Expected an architecture out of {', '.join(ARCHITECTURES)}. Received: {architecture}."
        )
    film = keras.Input((side, side, 1), name="film")
    grey = film
    if standardise:
        grey = keras.layers.LayerNormalization(
            axis=(1, 2, 3), center=False, scale=False, name="standardise", **_EXACT
        )(film)
        grey = keras.layers.Rescaling(_SPREAD, offset=_MIDDLE, name="to_grey", **_EXACT)(grey)
    three_channels = keras.layers.Concatenate(name="grey_to_three", **_EXACT)([grey, grey, grey])
    features = _BACKBONES[architecture](three_channels)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(features)
    logits = keras.layers.Dense(5, name="grade", **_EXACT)(pooled)
    network = keras.Model(film, logits, name=architecture)
    _draw_kernels(network, np.random.default_rng(seed))
    return network


def register(architecture: Architecture, backbone: Backbone) -> Backbone:
    """Have `architecture` built by `backbone` in this process; return what built it before.

    `backbone` takes grey values as colour, ``(N, H, W, 3)`` in [0, 255], to the last feature map.
    Its layers bear the names that stages unfreeze from (``BLOCKS`` of the training's config) and
    that Grad-CAM looks at (`networks.FEATURE_LAYER`).
    """
    before, _BACKBONES[architecture] = _BACKBONES[architecture], backbone
    return before


def initialise(network: keras.Model, init: str) -> Initialisation:
    """Give the network its starting weights: ``"none"``, ``"imagenet"`` or a file.

    An ``.npz`` file holds one array per weight under the key ``<layer>/<weight>`` in Keras' own
    names; a whole grader (`GRADERS`) gives all of its weights, the head's too.
    Raises `ModelError` when nothing fits, when a shape differs, or when the file holds layers that
    the network does not have, so that weights of another architecture are never half loaded.
    """
    if init == "none":
        return Initialisation("none", 0, ())
    if init == "imagenet":
        arrays = _download_imagenet(network.name)
    elif init.endswith(GRADERS):
        arrays = grader_arrays(Path(init), standardise=_standardises(network))
    else:
        arrays = _read_arrays(Path(init))
    source = "ImageNet (Keras)" if init == "imagenet" else Path(init).name
    return _assign_backbone(network, arrays, source)


def grader_arrays(file: Path, *, standardise: bool) -> dict[str, np.ndarray]:
    """Return every weight of a trained grader, an ``.onnx`` or a ``.keras`` file.

    Keys and dtype are those of `weight_arrays`. Raises `ModelError` when the file cannot be read,
    or when its network brings films to one mean and contrast first and `standardise` says
    otherwise, or the other way round.
    """
    if file.suffix == ".onnx":
        return read_weights(file, standardise=standardise)
    network = load_keras(file)
    check_standardise(file, _standardises(network), standardise)
    return weight_arrays(network)


def load_keras(file: Path) -> keras.Model:
    """Return the network in a ``.keras`` file, as a run keeps it; raise `ModelError` otherwise."""
    try:
        network = keras.saving.load_model(file, compile=False)
    except (*_UNREADABLE, zipfile.BadZipFile, zlib.error):
        network = None
    if not isinstance(network, keras.Model):
        missing = "" if file.is_file() else " There is no such file."
        raise ModelError(
            f"Expected a network that Keras has saved. {file} cannot be read as one.{missing}"
        )
    return network


def weight_arrays(network: keras.Model) -> dict[str, np.ndarray]:
    """Every weight of `network` as float32, under ``<layer>/<weight>``, in graph order."""
    convert = keras.ops.convert_to_numpy
    return {key: convert(variable.value) for key, variable in variables(network)}


def assign_all(network: keras.Model, arrays: dict[str, Any]) -> None:
    """Assign `arrays` (or tensors) to `network`; every key must match, in both directions."""
    ours = dict(variables(network))
    if ours.keys() != arrays.keys():
        odd = sorted(ours.keys() ^ arrays.keys())
        raise ModelError(
            f"Expected the {len(ours)} weights of {network.name}. "
            f"Received {len(arrays)}; {len(odd)} do not match, for example {odd[0]}."
        )
    for key, variable in ours.items():
        variable.assign(_of_shape(arrays[key], variable.shape, key))


def weights_hash(network: keras.Model) -> str:
    """Return the SHA-256 of all names, shapes and float32 values: equal hashes, equal networks."""
    digest = hashlib.sha256()
    for key, array in weight_arrays(network).items():
        digest.update(f"{key} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array, np.float32).tobytes())
    return digest.hexdigest()


def variables(network: keras.Model) -> Iterator[tuple[str, keras.Variable]]:
    """Yield ``<layer>/<weight>`` and the variable, in graph order."""
    for layer in network.layers:
        for variable in layer.weights:
            yield f"{layer.name}/{variable.name}", variable


def _standardises(network: keras.Model) -> bool:
    return "standardise" in {layer.name for layer in network.layers}


def _mobilenet(colour: keras.KerasTensor) -> keras.KerasTensor:
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="to_imagenet", **_EXACT)(colour)
    network = keras.applications.MobileNet(input_tensor=scaled, include_top=False, weights=None)
    return network.get_layer(FEATURE_LAYER["mobilenet"]).output


def _resnet50(colour: keras.KerasTensor) -> keras.KerasTensor:
    offset = [-mean for mean in _CAFFE_MEAN_BGR]
    scaled = keras.layers.Rescaling(1.0, offset=offset, name="to_imagenet", **_EXACT)(colour)
    network = keras.applications.ResNet50(input_tensor=scaled, include_top=False, weights=None)
    return network.get_layer(FEATURE_LAYER["resnet50"]).output


_BACKBONES: dict[Architecture, Backbone] = {"mobilenet": _mobilenet, "resnet50": _resnet50}


def _draw_kernels(network: keras.Model, generator: np.random.Generator) -> None:
    """Glorot uniform (Glorot and Bengio 2010), drawn by NumPy so that no backend differs."""
    for key, variable in variables(network):
        if key.endswith("/kernel"):
            area = int(np.prod(variable.shape[:-2]))
            limit = np.sqrt(6 / (area * sum(variable.shape[-2:])))
            variable.assign(generator.uniform(-limit, limit, variable.shape).astype(np.float32))


def _assign_backbone(
    network: keras.Model, arrays: dict[str, np.ndarray], source: str
) -> Initialisation:
    layer_names = {layer.name for layer in network.layers}
    strangers = sorted({key.split("/")[0] for key in arrays} - layer_names - _IMAGENET_HEADS)
    if strangers:
        raise ModelError(
            f"Expected starting weights for {network.name}. {source} holds layers that it does not "
            f"have, for example {strangers[0]}. Give the file of the same architecture."
        )
    assigned, fresh = 0, []
    for key, variable in variables(network):
        if key in arrays:
            variable.assign(_of_shape(arrays[key], variable.shape, key))
            assigned += 1
        elif not key.startswith("grade/"):
            fresh.append(key.split("/")[0])
    if assigned == 0:
        raise ModelError(f"None of the weights in {source} fits {network.name}.")
    return Initialisation(source, assigned, tuple(dict.fromkeys(fresh)))


def _of_shape(array: Any, shape: Sequence[int], key: str) -> Any:
    if tuple(array.shape) != tuple(shape):
        raise ModelError(f"Expected {key} of shape {tuple(shape)}. Received: {tuple(array.shape)}.")
    return keras.ops.cast(array, "float32")


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except FileNotFoundError:
        raise ModelError(f"Expected a file of starting weights. There is none at {path}.") from None
    except OSError as error:
        why = error.strerror or "it is damaged"
        raise ModelError(f"Expected starting weights. {path} cannot be read: {why}.") from None
    except (ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error):
        # What NumPy says of it is how to have a stranger's file run a program.
        raise ModelError(
            "Expected starting weights as an .npz file, or a network as an .onnx or a .keras file. "
            f"{path} is none of them, or damaged."
        ) from None


def _download_imagenet(architecture: str) -> dict[str, np.ndarray]:
    make = {"mobilenet": keras.applications.MobileNet, "resnet50": keras.applications.ResNet50}
    try:
        full = make[architecture](
            include_top=False, weights="imagenet", input_shape=(INPUT_SIDE, INPUT_SIDE, 3)
        )
    except Exception as error:
        raise ModelError(
            f"The ImageNet weights of {architecture} could not be downloaded ({error}). "
            f"Give a local file instead: --init {architecture}=FILE."
        ) from error
    return weight_arrays(full)
