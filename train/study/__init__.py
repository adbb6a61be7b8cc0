"""Many runs: independent cycles and searches for settings, here or on a cluster."""
