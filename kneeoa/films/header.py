"""What a file says beside its pixels, and a film as a decoder hands it over."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kneeoa.films.stored import StoredValues

GO_BY_MARKER = "Go by the marker on the film."
NOT_USED = "It was not used."
NO_MILLIMETRES = "there are no millimetres."
SET_RIGHT = "That was set right."
_NO_DOUBT = (GO_BY_MARKER, NOT_USED, NO_MILLIMETRES, SET_RIGHT)
"""How notes end that leave no doubt of what the networks see: those about sides and lengths, which
they do not see, and those about what the samples themselves show to be wrong in the header. Pixels
made square are none of these: there the header's word alone is taken."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a DICOM file says it shows; words in upper case, or None where it says nothing.

    Attributes
    ----------
    body_part : as ``"KNEE"`` or ``"CHEST"``
    view : as ``"AP"``, ``"PA"`` or ``"LATERAL"``
    modality : as ``"DX"``, ``"CR"`` or ``"CT"``
    child : whether it says that the patient was under 18; no age goes further than this
    spacing_from : keyword of the attribute that the film's spacing is from, as
        ``"PixelSpacing"``; ``"ImagerPixelSpacing"`` is that at the detector, where the knee is
        magnified, unless that was divided by the ``"EstimatedRadiographicMagnificationFactor"``
    magnification : that factor, where the spacing was divided by it
    described : the words of its series' description and of its protocol's name, letters alone; only
        single ones are ever shown, as people write anything there
    mirrored : whether it says that the picture is the mirror image of the patient as she faces the
        reader, so that her right and left are on the other sides
    one_side : whether it says anywhere that it shows one side, or several things about it,
        or did before its patient was taken out
    """

    body_part: str | None = None
    view: str | None = None
    modality: str | None = None
    child: bool = False
    spacing_from: str | None = None
    magnification: float | None = None
    mirrored: bool = False
    one_side: bool = False
    described: frozenset[str] = frozenset()


NO_HEADER = Header()
"""Of files that say nothing of the kind."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodedFilm:
    """A film before its pixels are made square.

    Attributes
    ----------
    pixels : (H, W) in [0, 255], bright = dense
    bits : bits of the stored samples
    laterality : ``"L"``, ``"R"`` or None
    spacing : (row, column) mm per pixel, or None
    aspect : height of a pixel over its width
    header : what the file says it shows
    notes : sentences that a reader must know
    stored : the samples, where they say more than `pixels`
    lossy_bits : bits a pixel of the stream from which pixels came back changed; None of others
    """

    pixels: np.ndarray
    bits: int
    laterality: str | None = None
    spacing: tuple[float, float] | None = None
    aspect: float = 1.0
    header: Header = NO_HEADER
    notes: tuple[str, ...] = ()
    stored: StoredValues | None = None
    lossy_bits: float | None = None


def of_the_picture(notes: Iterable[str]) -> tuple[str, ...]:
    """Return those `notes` on a film that tell of what the networks see, which may be wrong."""
    return tuple(note for note in notes if not note.endswith(_NO_DOUBT))
