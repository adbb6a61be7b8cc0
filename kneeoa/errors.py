"""What can go wrong for reasons a user can act on.

Each message says what was expected, what came, and what to do. Pages and command lines catch
`KneeOAError` and show its text; anything else is a bug and must surface.
"""


class KneeOAError(Exception):
    """Base of every error whose message is written for the user."""


class RadiographError(KneeOAError):
    """A file cannot be read as a radiograph."""


class ModelError(KneeOAError):
    """A published model is missing, damaged, or not what its card says."""


class DataError(KneeOAError):
    """A data set cannot be used as it stands."""


class ConfigError(KneeOAError):
    """An option has a value that cannot work."""


class DiskFullError(KneeOAError):
    """No space is left for what is to be written."""


class TrainingError(KneeOAError):
    """A training run cannot go on."""
