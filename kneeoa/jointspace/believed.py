"""Whether the millimetres that a file gives are those of a knee: by how large its box is in them.

Whoever shows or reports a reader's length asks here first: all say millimetres, or none does.
"""

from dataclasses import replace

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph

BOX_MILLIMETRES = (30.0, 190.0)
"""Side of a knee's box that is believed. The box is wider than its tibia, which takes 0.70 to 1.02
of the side (`kneeoa.jointspace.width.TIBIA`). The smallest holds hardly more than a small child's
tibia of 30 mm. The largest has room for one of 100 mm, magnified by 1.3, that takes 0.70 of it.
Both are set wide on purpose: what lies outside is no knee, and what lies inside may be wrong."""

Spacing = tuple[float, float]


def spacing_in(frame: Frame, spacing: Spacing | None) -> Spacing | None:
    """Return the (row, column) mm a pixel of a film; None where the knee in `frame` has none such.

    `spacing` is what the file says; `frame` counts in the same pixels.
    """
    return None if doubt(frame, spacing) else spacing


def doubt(frame: Frame, spacing: Spacing | None) -> str:
    """Return why there are no millimetres though the file gives some, as sentences, or nothing."""
    if spacing is None:
        return ""
    low, high = BOX_MILLIMETRES
    side = (frame.height * spacing[0] * frame.width * spacing[1]) ** 0.5
    if low <= side <= high:
        return ""
    row, column = spacing
    return (
        f"By its file a pixel is {row:.4g} x {column:.4g} mm large: the box of this knee "
        f"would have a side of {side:.3g} mm, and boxes of knees have {low:g} to {high:g} mm. "
        "There are no millimetres, only pixels. See that the box is on the joint."
    )


def as_believed(radiograph: Radiograph, frame: Frame) -> Radiograph:
    """Return a film, without millimetres where its knee has none such."""
    if not doubt(frame, radiograph.spacing):
        return radiograph
    header = replace(radiograph.header, spacing_from=None, magnification=None)
    return replace(radiograph, spacing=None, header=header)
