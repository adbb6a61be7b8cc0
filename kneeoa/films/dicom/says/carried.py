"""What a file from which the patient was taken out still says of what went with her.

It stands beside how she was taken out, as values of DeidentificationMethod: words of this product,
the same in all files. Whatever is refused or told of a film is so without its patient, too.
"""

from pydicom import Dataset

UNDER_18 = "UNDER 18"
"""The patient was; no age goes further than this."""
OPEN_SIDE = "SIDE LEFT OPEN"
"""Beside an ImageLaterality of U, which stands in other files, too."""
SIDES_CONTRADICT = "SIDES CONTRADICT"
OTHER_SIDE = "OTHER SIDE DESCRIBED"
MORE_ROWS = "MORE ROWS THAN SAID"


def marks(dataset: Dataset) -> frozenset[str]:
    """Return the values of DeidentificationMethod, in capital letters."""
    try:
        value = dataset.get("DeidentificationMethod") or ()
        texts = [value] if isinstance(value, str) else value
        return frozenset(str(text).strip().upper() for text in texts)
    except MemoryError:
        raise
    except Exception:
        return frozenset()
