"""A table that is led by keys: up and down choose a row, Enter opens it."""
