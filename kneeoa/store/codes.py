"""Codes to read out and type: letters and digits that are not taken for each other."""

import secrets

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without 0 and O, 1 and I: 32 of them, 5 bits each."""


def new_code(length: int) -> str:
    """Return a code that cannot be guessed beyond its length."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def read_code(typed: str) -> str:
    """Return a code as it is kept: no blanks or hyphens, capitals; others' letters are left out."""
    return "".join(letter for letter in typed.upper() if letter in ALPHABET)
