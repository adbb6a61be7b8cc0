"""Connections that have an end: so long, so many bytes, and with nobody else."""
