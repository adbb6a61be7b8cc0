"""The tests, in the tree of what they test; what several use is in `tests.support`."""
