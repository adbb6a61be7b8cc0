"""Joint space widths in words: always with their interval, unit and what the unit is worth."""

from kneeoa.films.pixel_size import AT_DETECTOR, ESTIMATED, SCANNED
from kneeoa.jointspace.width import JointSpace, Width

MILLIMETRES, PIXELS = "mm", "px"
_SCALES = {
    AT_DETECTOR: "Millimetres at the detector (ImagerPixelSpacing): the projection magnifies the "
    "knee, whose own millimetres are fewer.",
    SCANNED: "Millimetres on the scanned film (NominalScannedPixelSpacing): the projection "
    "magnifies the knee, whose own millimetres are fewer.",
    ESTIMATED: "Millimetres in the knee, estimated: those at the detector (ImagerPixelSpacing) "
    "over the magnification{} that the file estimates (EstimatedRadiographicMagnificationFactor).",
}
_WHERE = {
    AT_DETECTOR: " at the detector",
    SCANNED: " on the scanned film",
    ESTIMATED: " in the knee, estimated",
}
_CALIBRATED = (
    "Millimetres as the file gives them (PixelSpacing); whether they are those of the knee depends "
    "on how the film was calibrated."
)
_NOT_BELIEVED = (
    "By the size of a pixel that the file gives, this knee would be too narrow or too wide for "
    "one: there are no millimetres, only pixels of this film and percent of the tibia's width."
)
_UNKNOWN = (
    "The file does not say how large its pixels are: there are no millimetres, only pixels of this "
    "film and percent of the tibia's width."
)
WHAT_IT_IS = (
    "The shortest distance from the femur's edge to the tibia's, in the outer part of each "
    "compartment; both edges are drawn on the film. The interval is what measuring this film again "
    "gives in 95%. It does not hold what another position of the knee or of the beam changes. A "
    "proposal: check the drawn edges, and measure yourself with the ruler (L)."
)


def unit_of(space: JointSpace) -> str:
    """Return ``"mm"``, or ``"px"`` where the film's spacing is not known."""
    return MILLIMETRES if space.spacing else PIXELS


def scale_note(space: JointSpace) -> str:
    """Return what the unit is worth, as a sentence."""
    if not space.spacing and space.spacing_from:
        return _NOT_BELIEVED
    return note_of(space.spacing_from, space.magnification) if space.spacing else _UNKNOWN


def note_of(spacing_from: str | None, magnification: float | None = None) -> str:
    """Return what millimetres are worth, by what the header of a film says of the size of a pixel.

    `magnification` is that by which they were divided, where they were.
    """
    of_so_much = f" of {magnification:.4g}" if magnification else ""
    return _SCALES.get(spacing_from or "", _CALIBRATED).format(of_so_much)


def width_text(space: JointSpace, width: Width) -> str:
    """Return a width with its interval, such as ``4.3 mm (3.9 to 4.7)``."""
    if width.pixels is None or width.low is None or width.high is None:
        return "not measured"
    factor, unit = space.spacing or 1.0, unit_of(space)
    if width.is_closed:
        return f"less than {width.high * factor:.1f} {unit}"
    value, low, high = (factor * length for length in (width.pixels, width.low, width.high))
    return f"{value:.1f} {unit} ({low:.1f} to {high:.1f})"


def short(space: JointSpace, width: Width) -> str:
    """Return a width without its interval, for a line on the film, which has little room.

    Such as ``4.3 mm``, or ``4.3 mm at detector``.
    """
    text = width_text(space, width).partition(" (")[0].replace("less than", "<")
    has_place = width.is_known and space.spacing
    return f"{text}{on_film(space.spacing_from)}" if has_place else text


def on_film(spacing_from: str | None) -> str:
    """Return where millimetres are true ones if not surely in the knee, as short as on a film."""
    return _WHERE.get(spacing_from or "", "").replace(" the ", " ")


def where(space: JointSpace) -> str:
    """Return where millimetres are true ones if not surely in the knee; else nothing."""
    return _WHERE.get(space.spacing_from or "", "") if space.spacing else ""


def share_of_tibia(space: JointSpace, width: Width) -> str:
    """Return a width in percent of the tibia's, such as ``5.6% of the tibia's width``."""
    value = width.high if width.is_closed else width.pixels
    if value is None or not space.tibia_width:
        return ""
    share = f"{value / space.tibia_width:.1%} of the tibia's width"
    return f"less than {share}" if width.is_closed else share


def line(space: JointSpace) -> str:
    """Return both widths in one line of text."""
    parts = [f"{name} {width_text(space, width)}" for name, width in space.compartments.items()]
    known = any(width.is_known for width in space.compartments.values())
    place = f",{where(space)}" if known and where(space) else ""
    return f"Joint space: {'; '.join(parts)}{place}"


def details(space: JointSpace) -> list[str]:
    """Return what stands behind the line, as sentences."""
    sentences = []
    for name, width in space.compartments.items():
        if width.is_known:
            sentences.append(f"{name.capitalize()}: {share_of_tibia(space, width)}.")
        else:
            sentences.append(f"{name.capitalize()} not measured. {width.refusal}")
    if space.mirrored:
        sentences.append(
            "The file says that the picture is a mirror image: which compartment is medial is not "
            "said."
        )
    elif space.medial is None:
        sentences.append(
            "Which compartment is medial follows from the knee's side, which is not known: set it "
            "under Box and side."
        )
    return [*sentences, scale_note(space), WHAT_IT_IS]
