"""What training runs on: CPU or GPUs, under TensorFlow, JAX or PyTorch.

`prepare` must run before anything imports Keras' backend for the settings to count.
"""

import contextlib
import ctypes
import os
from collections.abc import Iterator
from dataclasses import dataclass

from kneeoa.errors import ConfigError

BACKENDS = ("tensorflow", "jax", "torch")
PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how a run is trained; it changes speed and rounding, not the recipe.

    Attributes
    ----------
    kind : ``"cpu"`` or ``"gpu"``
    devices : how many of them share each batch
    precision : the Keras dtype policy
    compile : whether XLA compiles the training step
    steps_per_call : batches that TensorFlow trains on before Python is asked again; JAX does not
        wait for Python
    """

    kind: str = "cpu"
    devices: int = 1
    precision: str = "float32"
    compile: bool = False
    steps_per_call: int = 1

    def __str__(self) -> str:
        """Return for example ``gpu x 2 (jax, mixed_bfloat16)``."""
        number = f" x {self.devices}" if self.devices > 1 else ""
        return f"{self.kind}{number} ({backend()}, {self.precision})"


def backend() -> str:
    """Return the Keras backend that is or will be used, without importing it."""
    return os.environ.get("KERAS_BACKEND", "tensorflow")


def prepare(
    device: str = "auto",
    *,
    devices: int | None = None,
    precision: str = "auto",
    deterministic: bool = True,
) -> Machine:
    """Set the process up for training and return what it will use.

    `devices` is the number of GPUs, all by default; with ``device="cpu"`` it makes virtual devices,
    which serve tests of parallel training. `deterministic` makes a seed give the same run again on
    one machine; it costs some speed on GPUs, and under TensorFlow XLA, which Keras does not combine
    with it (JAX has both).

    Raises `ConfigError` when a GPU is asked for and there is none, or fewer than `devices`.
    """
    if backend() not in BACKENDS:
        raise ConfigError(
            f"Expected KERAS_BACKEND to be one of {', '.join(BACKENDS)}. Received: {backend()}."
        )
    flags = os.environ.get("XLA_FLAGS", "")
    if backend() == "jax":
        if device == "cpu":
            os.environ["JAX_PLATFORMS"] = "cpu"
            flags += f" --xla_force_host_platform_device_count={devices or 1}"
        if deterministic:
            flags += " --xla_gpu_exclude_nondeterministic_ops=true"
        os.environ["XLA_FLAGS"] = flags.strip()
    if backend() == "torch" and device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import keras

    found = _gpus(device)
    if device == "gpu" and not found:
        raise ConfigError(
            f"Expected a GPU. {backend()} sees none here: check the driver and that the GPU "
            "build of the backend is installed, or train with --device cpu."
        )
    if device != "cpu" and (devices or 1) > max(1, len(found)):
        raise ConfigError(f"Expected {devices} GPUs. {backend()} sees {len(found)} here.")
    kind = "gpu" if found else "cpu"
    number = devices or len(found) or 1
    if backend() == "tensorflow":
        _prepare_tensorflow(kind, number, deterministic=deterministic)
    elif backend() == "torch":
        _prepare_torch(kind, number, deterministic=deterministic)
    elif number > 1 or len(found) > 1:
        chosen = keras.distribution.list_devices(kind)[:number]
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=chosen))
    if precision == "auto":
        precision = _best_precision(kind)
    if precision not in PRECISIONS:
        raise ConfigError(
            f"Expected a precision out of {', '.join(PRECISIONS)}. Received: {precision}."
        )
    # XLA on a CPU makes TensorFlow ten times slower; JAX cannot do without it.
    xla = backend() == "jax" or (backend() == "tensorflow" and kind == "gpu" and not deterministic)
    steps = 8 if kind == "gpu" and backend() == "tensorflow" else 1
    return Machine(kind, number, precision, compile=xla, steps_per_call=steps)


def sharing_devices() -> int:
    """Return how many devices share each batch under JAX, which must be a multiple of them."""
    import keras

    distribution = keras.distribution.distribution()
    return 1 if distribution is None else distribution.device_mesh.devices.size


@contextlib.contextmanager
def scope(machine: Machine) -> Iterator[None]:
    """Build and train inside: shares batches between devices, sets the precision."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(machine.precision)
    try:
        if backend() == "tensorflow" and machine.devices > 1:
            import tensorflow as tf

            names = [f"{machine.kind}:{number}" for number in range(machine.devices)]
            with tf.distribute.MirroredStrategy(names).scope():
                yield
        else:
            yield
    finally:
        keras.config.set_dtype_policy(before)


def _gpus(device):
    if device == "cpu":
        return []
    if backend() == "tensorflow":
        import tensorflow as tf

        return tf.config.list_physical_devices("GPU")
    if backend() == "torch":
        import torch

        return [f"cuda:{number}" for number in range(torch.cuda.device_count())][:1]
    import jax

    return [found for found in jax.devices() if found.platform == "gpu"]


def _prepare_tensorflow(kind, number, *, deterministic):
    import tensorflow as tf

    if deterministic:
        tf.config.experimental.enable_op_determinism()
    if kind == "gpu":
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        return
    tf.config.set_visible_devices([], "GPU")
    if number > 1:
        (cpu,) = tf.config.list_physical_devices("CPU")
        virtual = [tf.config.LogicalDeviceConfiguration() for _ in range(number)]
        tf.config.set_logical_device_configuration(cpu, virtual)


def _prepare_torch(kind, number, *, deterministic):
    import torch

    if number > 1:
        raise ConfigError(f"Expected one device under torch. Received: {number}.")
    if kind == "gpu":
        # Without it cuBLAS is not deterministic, and PyTorch refuses it.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = not deterministic
    # On a GPU the gradient of max pooling has no deterministic form: a warning, not an error.
    torch.use_deterministic_algorithms(deterministic, warn_only=kind == "gpu")
    _keep_freed_memory()


def _keep_freed_memory():
    """Have the C library keep what PyTorch frees on a CPU: 59 films a second become 72.

    Each step frees and takes gigabytes again, which the kernel would otherwise clear page by page.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        mmap_max, trim_threshold, top_pad = -4, -1, -2
        library.mallopt(mmap_max, 0)
        library.mallopt(trim_threshold, 2**31 - 1)
        library.mallopt(top_pad, 2**28)


def _best_precision(kind):
    """bfloat16 from compute capability 8.0 on, float16 on 7.x (tensor cores), else float32.

    On a CPU only PyTorch is faster with bfloat16, and only where the CPU itself computes in it.
    """
    if kind == "cpu":
        return "mixed_bfloat16" if backend() == "torch" and _cpu_has_bfloat16() else "float32"
    if backend() == "torch":
        import torch

        major = torch.cuda.get_device_capability()[0]
    elif backend() == "tensorflow":
        import tensorflow as tf

        gpu = tf.config.list_physical_devices("GPU")[0]
        details = tf.config.experimental.get_device_details(gpu)
        major = details.get("compute_capability", (0, 0))[0]
    else:
        import jax

        major = int(str(getattr(jax.devices()[0], "compute_capability", "0")).split(".")[0])
    return "mixed_bfloat16" if major >= 8 else "mixed_float16" if major == 7 else "float32"


def _cpu_has_bfloat16():
    import torch

    able = torch.cpu.get_capabilities()
    return any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
