"""The localiser: where the knees in a film are, and what kind of picture it is."""
