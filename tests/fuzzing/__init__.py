"""Damaged films of every kind: each is read, or refused by a sentence, within a time."""
