"""Colours of a film that is grey, or nearly: of which kind they are, and in which order."""
