"""How many bits a lossy compression left of each pixel."""

from pydicom import Dataset
from pydicom.multival import MultiValue

from kneeoa.films.dicom.code_stream import bytes_of_pixels, first_frame, lossy_stream


def bits_a_pixel(dataset: Dataset) -> float | None:
    """Return the fewest bits that were left of a pixel, now or before; None where none were lost.

    Or where it is not known: a file that was lossy once says so, and by how much, if it says it.
    """
    known = [bits for bits in (_of_stream(dataset), _of_ratio(dataset)) if bits is not None]
    return min(known, default=None)


def _of_stream(dataset: Dataset) -> float | None:
    if "PixelData" not in dataset or lossy_stream(dataset) is None:
        return None
    return 8 * bytes_of_pixels(first_frame(dataset)) / (dataset.Rows * dataset.Columns)


def _of_ratio(dataset: Dataset) -> float | None:
    """Return what the ratio by which it was compressed leaves, of several the largest."""
    if str(dataset.get("LossyImageCompression")) != "01":
        return None
    try:
        value = dataset.get("LossyImageCompressionRatio")
        # Under another VR a single number is a text, which is not to be read letter by letter.
        most = max(map(float, value if isinstance(value, MultiValue | list) else [value]))
        bits = int(dataset.BitsAllocated) * int(dataset.get("SamplesPerPixel") or 1)
    except (TypeError, ValueError, AttributeError):
        return None
    return bits / most if 1 < most < float("inf") else None
