"""The commands of ``python -m train``, and how their options are read."""
