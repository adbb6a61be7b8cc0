"""Bytes -> radiograph: formats, windowing, geometry, where the joint is, and drawn knees."""
