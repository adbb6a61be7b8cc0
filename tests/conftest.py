"""Settings of every test."""

import os
import tempfile

# Decoded films of the tests do not belong into the user's cache.
os.environ["KNEEOA_CACHE"] = tempfile.mkdtemp(prefix="kneeoa-test-cache-")
