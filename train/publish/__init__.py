"""Finished runs -> published models, and what those are worth."""
