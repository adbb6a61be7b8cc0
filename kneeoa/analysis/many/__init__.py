"""Many runs at once: sets side by side, settings against results, and what to cite."""
