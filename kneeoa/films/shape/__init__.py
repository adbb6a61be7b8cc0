"""The shape of a film: what of a picture it is."""
