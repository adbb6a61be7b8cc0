"""Kellgren-Lawrence grading of knee radiographs: the domain library behind the dashboard.

No Streamlit and no training code in here. Only `graders.architectures` needs Keras.
"""

import os

__version__ = "0.1.0"

# ONNX Runtime would report to a host and leave files of its own; it reads this when it is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
