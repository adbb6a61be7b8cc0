"""The robustness page."""
