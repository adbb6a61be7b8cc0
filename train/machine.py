"""What training runs on: one CPU or GPU, under TensorFlow or PyTorch.

Several devices train several cycles at once (`study.cluster`): cycles are independent, so no batch
is shared. `prepare` must run before anything imports Keras' backend for the settings to count.
"""

import contextlib
import ctypes
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from kneeoa.errors import ConfigError
from kneeoa.records.results import BACKENDS
from train.quiet import without_greetings

Device = Literal["auto", "cpu", "gpu"]
Precision = Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"]
PRECISIONS = get_args(Precision)


class NoGPUError(ConfigError):
    """A GPU is asked for, and the backend sees none."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how a run is trained; it changes speed and rounding, not the recipe.

    Attributes
    ----------
    kind : ``"cpu"`` or ``"gpu"``
    precision : the Keras dtype policy
    compile : whether XLA compiles the training step
    steps_per_call : batches that TensorFlow trains on before Python is asked again
    """

    kind: str = "cpu"
    precision: str = "float32"
    compile: bool = False
    steps_per_call: int = 1

    def __str__(self) -> str:
        """Return for example ``gpu (torch, mixed_bfloat16)``."""
        return f"{self.kind} ({self.made_by})"

    @property
    def made_by(self) -> str:
        """Backend and precision, such as ``torch, mixed_bfloat16``: unlike ones round otherwise."""
        return f"{backend()}, {self.precision}"


def backend() -> str:
    """Return the Keras backend that is or will be used, without importing it."""
    return os.environ.get("KERAS_BACKEND", "tensorflow")


def prepare(
    device: str = "auto", *, precision: str = "auto", deterministic: bool = True
) -> Machine:
    """Set the process up for training and return what it will use: the first GPU, else the CPU.

    `deterministic` makes a seed give the same run again on one machine; it costs some speed on
    GPUs, and under TensorFlow XLA, which Keras does not combine with it.

    Raises `NoGPUError` when a GPU is asked for and there is none, `ConfigError` for what is not
    known.
    """
    if backend() not in BACKENDS:
        raise ConfigError(
            f"Expected KERAS_BACKEND to be one of {', '.join(BACKENDS)}. Received: {backend()}."
        )
    if precision not in PRECISIONS:
        raise ConfigError(
            f"Expected a precision out of {', '.join(PRECISIONS)}. Received: {precision}."
        )
    set_up = _prepare_torch if backend() == "torch" else _prepare_tensorflow
    kind = set_up(device, deterministic=deterministic)
    if device == "gpu" and kind == "cpu":
        raise NoGPUError(
            f"Expected a GPU. {backend()} sees none here: check the driver and that the GPU "
            "build of the backend is installed, or train with --device cpu."
        )
    if precision == "auto":
        precision = _best_precision(kind)
    # XLA on a CPU makes TensorFlow ten times slower.
    on_tensorflow_gpu = backend() == "tensorflow" and kind == "gpu"
    return Machine(
        kind,
        precision,
        compile=on_tensorflow_gpu and not deterministic,
        steps_per_call=8 if on_tensorflow_gpu else 1,
    )


def load_keras() -> None:
    """Import Keras with its backend, where nothing is trained and nothing has to be set up."""
    if backend() == "tensorflow":
        with without_greetings():
            import keras  # noqa: F401
            import tensorflow as tf

            # Which it would look for, and complain of, at the first computation.
            tf.config.list_physical_devices("GPU")


@contextlib.contextmanager
def scope(machine: Machine) -> Iterator[None]:
    """Build and train inside, in the machine's precision."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(machine.precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _prepare_tensorflow(device: str, *, deterministic: bool) -> str:
    with without_greetings(expects_gpu=device == "gpu"):
        import tensorflow as tf

        if deterministic:
            tf.config.experimental.enable_op_determinism()
        gpus = tf.config.list_physical_devices("GPU")[:1] if device != "cpu" else []
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
        tf.config.set_visible_devices(gpus, "GPU")
    return "gpu" if gpus else "cpu"


def _prepare_torch(device: str, *, deterministic: bool) -> str:
    if device == "cpu":
        # Keras takes the GPU that it sees.
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    # Without it cuBLAS is not deterministic, and PyTorch refuses it.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    kind = "gpu" if device != "cpu" and torch.cuda.is_available() else "cpu"
    _have_keras_take("cuda" if kind == "gpu" else "cpu")
    torch.backends.cudnn.benchmark = kind == "gpu" and not deterministic
    # On a GPU the gradient of max pooling has no deterministic form, as the documents say.
    torch.use_deterministic_algorithms(deterministic, warn_only=kind == "gpu")
    warnings.filterwarnings("ignore", "max_pool.* does not have a deterministic implementation")
    # Nothing here reads memory before it is written: filling it would cost every step.
    torch.utils.deterministic.fill_uninitialized_memory = False
    _keep_freed_memory()
    return kind


def _have_keras_take(device: str) -> None:
    """Have Keras keep its tensors on `device`, also where it is loaded already.

    It chooses once, as it is loaded: what is set then, else Apple's GPU before all others, which
    lacks numbers that training counts in.
    """
    os.environ["KERAS_TORCH_DEVICE"] = device
    if chosen := sys.modules.get("keras.src.backend.torch.core"):
        chosen.__dict__["DEFAULT_DEVICE"] = device


def _keep_freed_memory() -> None:
    """Have the C library keep what PyTorch frees on a CPU: 59 films a second become 72.

    Each step frees and takes gigabytes again, which the kernel would otherwise clear page by page.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        mmap_max, trim_threshold, top_pad = -4, -1, -2
        library.mallopt(mmap_max, 0)
        library.mallopt(trim_threshold, 2**31 - 1)
        library.mallopt(top_pad, 2**28)


def _best_precision(kind: str) -> str:
    """bfloat16 from compute capability 8.0 on, float16 on 7.x (tensor cores), else float32.

    On a CPU only PyTorch is faster with bfloat16, and only where the CPU itself computes in it.
    """
    if kind == "cpu":
        return "mixed_bfloat16" if backend() == "torch" and _cpu_has_bfloat16() else "float32"
    if backend() == "torch":
        import torch

        major = torch.cuda.get_device_capability()[0]
    else:
        import tensorflow as tf

        gpu = tf.config.list_physical_devices("GPU")[0]
        details = tf.config.experimental.get_device_details(gpu)
        major = details.get("compute_capability", (0, 0))[0]
    return "mixed_bfloat16" if major >= 8 else "mixed_float16" if major == 7 else "float32"


def _cpu_has_bfloat16() -> bool:
    import torch

    # Not every PyTorch of the last years has it.
    able: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
