"""How films get damaged: at random places, with the numbers that break programs, by Hypothesis."""

import contextlib
import copy
import random
import struct
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fuzzing import seeds
from tests.support import films

RARELY = 200
"""One film in so many is of a kind that may need another process, which takes long to start."""
_MOST_EDITS = 6
_SEEDS = st.integers(0, 2**48)
_NUMBERS = (0, 1, 2, 7, 8, 15, 16, 127, 128, 255, 256, 32767, 32768, 65535, 2**24, 2**31 - 1)
_NUMBERS += (2**31, 2**32 - 1)
_FORMATS = ("B", "<H", ">H", "<I", ">I")
_TEXTS = (
    "",
    "0",
    "-1",
    "1e400",
    "nan",
    "0.0",
    "-1e-9",
    "65536",
    "1\\2\\3",
    "A" * 64,
    "\u00fc",
    "\0",
)
_ATTRIBUTES = {
    **dict.fromkeys(
        (
            *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel"),
            *("PixelRepresentation", "PlanarConfiguration", "PixelPaddingValue"),
        ),
        (0, 1, 3, 7, 8, 12, 16, 17, 32, 64, 255, 32767, 65535),
    ),
    **dict.fromkeys(
        (
            *("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept", "PixelSpacing"),
            *("NumberOfFrames", "PixelAspectRatio", "ImagerPixelSpacing"),
        ),
        ("0", "-1", "1", "1e38", "1e-38", "-0", "99999999999", "1\\1", "1\\2\\3", "", "0\\0"),
    ),
    **dict.fromkeys(
        (
            *("PhotometricInterpretation", "Modality", "BodyPartExamined", "Laterality"),
            *("ViewPosition", "PresentationLUTShape", "PixelIntensityRelationship"),
        ),
        ("", "RGB", "YBR_FULL", "PALETTE COLOR", "MONOCHROME1", "X", "INVERSE", "LIN"),
    ),
}


@dataclass(frozen=True, slots=True)
class Damaged:
    """A damaged film: of which kind it was, and its bytes."""

    kind: str
    data: bytes

    def __repr__(self) -> str:
        return f"Damaged({self.kind!r}, {len(self.data)} bytes)"


@st.composite
def damaged_films(draw) -> Damaged:
    """Draw a film that has been damaged in one to six places, or of whose attributes some lie."""
    # One number a film and one an edit, from which the rest follows: to draw each part would take
    # longer than to decode the film. A film that breaks something is reduced to the fewest edits.
    choose = random.Random(draw(_SEEDS))
    edits = draw(st.lists(_SEEDS, min_size=1, max_size=_MOST_EDITS))
    choice = choose.randrange(RARELY)
    if choice % 4 == 3:
        return _lying(choose.choice(sorted(seeds.datasets())), edits)
    plain = seeds.images() if choice % 2 else seeds.dicoms()
    kinds = plain if choice else seeds.compressed()
    kind = choose.choice(sorted(kinds))
    data = bytearray(kinds[kind])
    for edit in edits:
        data = _edited(random.Random(edit), data, kinds)
    return Damaged(kind, bytes(data))


def _lying(kind, edits):
    dataset = copy.deepcopy(seeds.datasets()[kind])
    for edit in edits:
        choose = random.Random(edit)
        keyword = choose.choice(sorted(_ATTRIBUTES))
        if keyword in dataset and choose.random() < 0.3:
            del dataset[keyword]
            continue
        # What pydicom does not write is left as it was.
        with contextlib.suppress(ValueError, OverflowError, TypeError):
            setattr(dataset, keyword, choose.choice(_ATTRIBUTES[keyword]))
    dataset["PixelData"].VR = "OW"
    try:
        return Damaged(f"{kind}, lying", films.dicom_file(dataset))
    except Exception:  # it refuses to write some combinations, which is no concern of ours
        return Damaged(kind, seeds.dicoms()[kind])


def _edited(choose, data, kinds):
    # Headers are short, and most of what can be wrong is in them.
    length = len(data)
    place = choose.randrange(max(1, min(length, choose.choice((64, 1024, length)))))
    how = choose.randrange(8)
    if how == 0:
        data[place : place + 1] = bytes([choose.randrange(256)])
    elif how in (1, 2):
        number, layout = choose.choice(_NUMBERS), choose.choice(_FORMATS)
        size = struct.calcsize(layout)
        data[place : place + size] = struct.pack(layout, number % 256**size)
    elif how == 3:
        del data[place : place + choose.randint(1, 64)]
    elif how == 4:
        again = data[place : place + choose.randint(1, 64)]
        data[place:place] = again * choose.randint(1, 20)
    elif how == 5:
        del data[place:]
    elif how == 6:
        other = kinds[choose.choice(sorted(kinds))]
        data[place:] = other[choose.randrange(len(other)) :]
    else:
        data[place : place + 1] = choose.choice(_TEXTS).encode()
    return data
