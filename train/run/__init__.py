"""One run: from a config and films to a run folder, resumable after every epoch."""
