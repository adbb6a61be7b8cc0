"""A word from inside a task: after this film, the worker is not to be trusted with another."""

_is_spent = False


def spend() -> None:
    """Have the worker end after this film: what runs next may have harmed it without a sign."""
    global _is_spent
    _is_spent = True


def is_spent() -> bool:
    """Return whether `spend` was called in this process."""
    return _is_spent
