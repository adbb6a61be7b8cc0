"""A film to zoom and pan in, as a Plotly figure."""

import plotly.graph_objects as go

from kneeoa.films.display import png_uri
from kneeoa.films.frames import Frame

FRAME_COLOUR = "#4cc2c4"
PARTS = ("whole", "left half", "right half")
"""What of a film can be in view: all of it, or half of the joint, of twice the size."""

VIEWER_CONFIG = {
    "scrollZoom": True,
    "displaylogo": False,
    "displayModeBar": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "toImage"],
}


def film_figure(
    image, *, height: int, width: int, frame: Frame, view: str, room: int = 500, part="whole"
):
    """Return a film to zoom and pan in, with the graded frame drawn on it.

    Parameters
    ----------
    image : (h, w) uint8, possibly smaller than the film
    height, width : the film's own size in pixels, which the axes count in
    frame : what the graders saw; not drawn when it is the whole film
    view : a change of this text resets zoom and pan, the same text keeps them
    room : greatest height of the figure on the page in pixels; a wide film takes less
    part : what is in view at first, one of `PARTS`
    """
    figure = go.Figure()
    figure.add_layout_image(
        source=png_uri(image),
        xref="x",
        yref="y",
        x=0,
        y=0,
        sizex=width,
        sizey=height,
        sizing="stretch",
        layer="below",
    )
    if (frame.top, frame.left, frame.height, frame.width) != (0, 0, height, width):
        figure.add_shape(
            type="rect",
            x0=frame.left,
            y0=frame.top,
            x1=frame.left + frame.width,
            y1=frame.top + frame.height,
            line={"color": FRAME_COLOUR, "width": 2, "dash": "dot"},
        )
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    # A frame that reaches past the film stays in view.
    across = [min(0, frame.left), max(width, frame.left + frame.width)]
    down = [max(height, frame.top + frame.height), min(0, frame.top)]
    in_view = (across, down) if part == PARTS[0] else _half(frame, part)
    figure.update_xaxes(range=in_view[0], constrain="domain", **hidden)
    figure.update_yaxes(range=in_view[1], scaleanchor="x", constrain="domain", **hidden)
    # About as wide as the film's column of the page: no black bars above a film of two knees.
    needed = 600 * (down[0] - down[1]) / (across[1] - across[0])
    figure.update_layout(
        height=min(room, max(240, needed)),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="pan",
        uirevision=view,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": "#9aa4ad", "activecolor": "#ffffff"},
        showlegend=False,
    )
    return figure


def _half(frame, part):
    """Return the range of x and of y, as the axes take it, of half of the joint in `frame`."""
    left = frame.left + (0.5 * frame.width if part == PARTS[2] else 0)
    # The joint line lies a little below the middle.
    top = frame.top + 0.3 * frame.height
    return [left, left + 0.5 * frame.width], [top + 0.5 * frame.height, top]
