"""DICOM bytes -> grey values. For workers (`kneeoa.films.apart`) and file headers.

Only `patient` and `source` read patients' data.
"""

import logging
import warnings

# Before pydicom can load gdcm: gdcm brings a zlib of its own, and a system zlib that is loaded
# after it calls into it and corrupts memory (seen with python-gdcm 3.2.6).
import zlib  # noqa: F401

import pydicom

# Warnings and log lines of pydicom quote the values of a file, which may be a patient's.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
warnings.filterwarnings("ignore", module="pydicom")
