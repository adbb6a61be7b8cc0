"""ONNX Runtime sessions, all of one kind."""

from pathlib import Path

import onnxruntime

from kneeoa.errors import ModelError


def session_of(file: Path, *, threads: int = 0) -> onnxruntime.InferenceSession:
    """Return a session for a model file; `threads` 0 lets ONNX Runtime take all cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads wait for each other at every layer. If they spin meanwhile, as they do by default, a
    # reading takes 1.4 times as much of the processor on two cores, and no less time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"The model file {file} cannot be loaded: {error}") from error
