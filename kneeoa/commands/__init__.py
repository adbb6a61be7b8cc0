"""Commands of ``python -m kneeoa``, and what they have in common."""
