"""The teach page."""
