"""A drawing of the frontal knee at a grade, as SVG: what the grade's signs are and where they are.

The bones are those of `phantom_anatomy`, a right knee seen as films are viewed. All lines take the
colour of the text around them, so that the drawing stands on light and on dark.
"""

from dataclasses import dataclass
from html import escape

import numpy as np

from kneeoa.films import phantom_anatomy as anatomy
from kneeoa.films.phantom_anatomy import FIBULA, PATELLA, Signs, joint_outlines, spline
from kneeoa.grades import KLGrade
from kneeoa.teaching import atlas

OSTEOPHYTE, SPACE, DENSE = "#d08a1d", "#2b93a1", "#a05fb5"
"""Colours of the signs, of middle lightness: legible on light and dark."""

SIGNS = {
    KLGrade.NONE: Signs(0.052, 0.052, 0.0, 0.0, 0.0),
    KLGrade.DOUBTFUL: Signs(0.046, 0.050, 0.019, 0.0, 0.0),
    KLGrade.MINIMAL: Signs(0.041, 0.049, 0.036, 0.0, 0.0),
    KLGrade.MODERATE: Signs(0.021, 0.046, 0.052, 0.45, 0.45),
    KLGrade.SEVERE: Signs(0.001, 0.045, 0.078, 0.95, 1.0),
}
"""As drawn: osteophyte is the length of the largest; plainer than on a film."""

WIDTH, HEIGHT = 1040, 520
_SCALE, _LEFT, _TOP = 545, 222, 10
_FIRST_Y, _LAST_Y = 0.085, 1.0
_SUNKEN = 0.016
"""How far the worn plateau has sunk at the last grade, of the side."""


@dataclass(frozen=True, slots=True)
class _Spur:
    bone: str
    site: tuple[float, float]
    direction: tuple[float, float]
    share: float
    base: float


_SPURS = (
    _Spur("tibia", (0.930, 0.660), (1.0, -0.42), 1.0, 0.050),
    _Spur("femur", (0.925, 0.548), (1.0, 0.42), 0.9, 0.055),
    _Spur("tibia", (0.078, 0.652), (-1.0, -0.40), 0.75, 0.045),
    _Spur("femur", (0.088, 0.537), (-1.0, 0.42), 0.65, 0.050),
    _Spur("tibia", (0.555, 0.545), (0.10, -1.0), 0.36, 0.022),
    _Spur("tibia", (0.440, 0.556), (-0.10, -1.0), 0.30, 0.022),
)


def knee_svg(grade: KLGrade | int, *, labelled: bool = True) -> str:
    """Return the drawing of a knee of `grade` as an ``<svg>`` element.

    With labels: `WIDTH` by `HEIGHT` units, each sign with a line to it and what the grade asks of
    it. Without: the joint alone, to be shown small.
    """
    grade = KLGrade(grade)
    signs = SIGNS[grade]
    femur, tibia = _bones(signs)
    name = f"knee{int(grade)}{'l' if labelled else 's'}"
    parts = [
        _definitions(name, femur, tibia),
        f'<g clip-path="url(#{name}w)">',
        _path(spline(FIBULA), "bone"),
        _path(femur, "bone"),
        _path(tibia, "bone"),
        _sclerosis(name, signs, femur, tibia),
        _path(spline(PATELLA), "faint"),
        *(_path(spline(np.array(line), closed=False), "faint", closed=False) for line in _inner()),
        "</g>",
        _joint_space(femur, tibia),
        *(_beak(spur, signs, {"femur": femur, "tibia": tibia}[spur.bone]) for spur in _SPURS),
        _ruler(femur, tibia),
    ]
    if labelled:
        parts.append(_labels(grade, signs, femur, tibia))
        view = f"0 0 {WIDTH} {HEIGHT}"
    else:
        # The joint and what is close to it.
        left, top = _at((-0.06, 0.36))
        view = f"{left:.0f} {top:.0f} {_SCALE * 1.12:.0f} {_SCALE * 0.46:.0f}"
    title = f"Drawing of a knee of {grade.label}: {escape(grade.criteria)}"
    style = (
        "fill:none;stroke:currentColor;stroke-linejoin:round;stroke-linecap:round;"
        "width:100%;height:auto"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" style="{style}" role="img" '
        f'aria-label="{title}">{"".join(parts)}</svg>'
    )


def _bones(signs):
    """Femur and tibia without spurs; worn bone ends have lost their curve and sunk."""
    bare = Signs(signs.medial_gap, signs.lateral_gap, 0.0, 0.0, signs.flattening)
    femur, tibia = joint_outlines(bare, np.random.default_rng(0))
    worn = _SUNKEN * max(0.0, 2 * signs.flattening - 1)
    for bone, upper, lower in ((femur, 0.54, 0.70), (tibia, 0.56, 0.70)):
        x, y = bone.T
        dip = worn * np.exp(-(((x - anatomy.MEDIAL_X - 0.03) / 0.13) ** 4))
        bone[:, 1] += np.where((y > upper) & (y < lower) & (x > 0.6), dip, 0)
    return femur, tibia


def _inner():
    # The two notch walls, its roof, and the physeal scars: what makes it read as a knee.
    return [points for _, _, points in anatomy.LINES[:6]]


def _at(point):
    x, y = point
    return _LEFT + _SCALE * x, _TOP + _SCALE * (y - _FIRST_Y)


def _points(points, *, closed):
    numbers = [f"{x:.1f} {y:.1f}" for x, y in (_at(point) for point in points)]
    return "M" + "L".join(numbers) + ("Z" if closed else "")


def _path(points, kind, *, closed=True):
    looks = {
        "bone": 'fill="currentColor" fill-opacity=".09" stroke-width="2.2"',
        "faint": 'stroke-width="1.1" stroke-opacity=".38"',
    }[kind]
    return f'<path d="{_points(points, closed=closed)}" {looks}/>'


def _definitions(name, femur, tibia):
    left, top = _at((-0.12, _FIRST_Y))
    size = f'width="{1.24 * _SCALE:.0f}" height="{_SCALE * (_LAST_Y - _FIRST_Y):.0f}"'
    return (
        f'<defs><clipPath id="{name}w"><rect x="{left:.0f}" y="{top:.0f}" {size}/>'
        f'</clipPath><clipPath id="{name}b"><path d="{_points(femur, closed=True)}'
        f'{_points(tibia, closed=True)}"/></clipPath></defs>'
    )


def _surface(bone, first, last):
    """Return the part of a bone's joint surface with x from `first` to `last`, left to right."""
    x, y = bone.T
    part = bone[(x >= first) & (x <= last) & (y > 0.52) & (y < 0.70)]
    return part[np.argsort(part[:, 0])]


def _sclerosis(name, signs, femur, tibia):
    if not signs.sclerosis:
        return ""
    bands = [(_surface(bone, 0.665, 0.905), 1.0) for bone in (femur, tibia)]
    if signs.sclerosis > 0.6:
        bands += [(_surface(bone, 0.13, 0.37), 0.35) for bone in (femur, tibia)]
    drawn = [
        f'<path d="{_points(band, closed=False)}" stroke="{DENSE}" '
        f'stroke-width="{part * width * signs.sclerosis:.0f}" stroke-opacity="{opacity}"/>'
        for band, part in bands
        for width, opacity in ((50, 0.2), (34, 0.25), (18, 0.35))
    ]
    return f'<g clip-path="url(#{name}b)">{"".join(drawn)}</g>'


def _joint_space(femur, tibia):
    drawn = []
    for first, last in ((0.115, 0.36), (0.645, 0.90)):
        ring = np.vstack([_surface(femur, first, last), _surface(tibia, first, last)[::-1]])
        drawn.append(
            f'<path d="{_points(ring, closed=True)}" fill="{SPACE}" fill-opacity=".28" '
            'stroke="none"/>'
        )
    return "".join(drawn)


def _beak(spur, signs, bone):
    """Return an osteophyte that grows out of the bone's margin, or nothing."""
    length = signs.osteophyte * spur.share
    if not length:
        return ""
    edge, root = _margin(bone, spur, length)
    direction = np.array(spur.direction) / np.hypot(*spur.direction)
    # Two curves that meet in a rounded tip.
    bends = [end + 0.6 * (root - end) + 0.45 * length * direction for end in (edge[0], edge[-1])]
    tip = root + length * direction
    shoulders = [tip + 0.2 * (bend - tip) for bend in bends]
    a, b, c, t, d, e, f = (
        "{:.1f} {:.1f}".format(*_at(point))
        for point in (edge[0], bends[0], shoulders[0], tip, shoulders[1], bends[1], edge[-1])
    )
    outline = f"M{a}Q{b} {c}Q{t} {d}Q{e} {f}"
    back = _points(edge[::-1], closed=True).replace("M", "L", 1)
    return (
        f'<path d="{outline}{back}" fill="{OSTEOPHYTE}" fill-opacity=".85" stroke="none"/>'
        f'<path d="{outline}" stroke-width="2.2"/>'
    )


def _margin(bone, spur, length):
    """Return the stretch of outline that a spur stands on, and its middle."""
    nearest = int(np.argmin(np.hypot(*(bone - spur.site).T)))
    middle = len(bone) // 2
    turned = np.roll(bone, middle - nearest, axis=0)
    along = np.cumsum(np.hypot(*np.diff(turned, axis=0, prepend=turned[:1]).T))
    reach = spur.base * min(1.0, 0.4 + length / 0.07)
    on_it = np.abs(along - along[middle]) <= reach
    return turned[on_it], turned[middle]


def _tip(spur, signs, bone):
    _, root = _margin(bone, spur, signs.osteophyte)
    direction = np.array(spur.direction) / np.hypot(*spur.direction)
    return root + 0.7 * signs.osteophyte * spur.share * direction


def _narrowest(femur, tibia):
    """Return where the medial joint space is narrowest: x, and y of femur and tibia there."""
    x = np.linspace(0.70, 0.86, 33)
    above, below = (np.interp(x, *_surface(bone, 0.60, 0.93).T) for bone in (femur, tibia))
    # Of equally narrow places the one nearest to the middle of the condyle.
    gap = np.round(below - above, 3) + 1e-4 * np.abs(x - anatomy.MEDIAL_X)
    i = int(np.argmin(gap))
    return x[i], above[i], max(above[i], below[i])


def _ruler(femur, tibia):
    x, above, below = _narrowest(femur, tibia)
    (px, top), (_, bottom) = _at((x, above)), _at((x, below))
    return (
        f'<path d="M{px - 15:.1f} {top:.1f}h30M{px - 15:.1f} {bottom:.1f}h30'
        f'M{px:.1f} {top:.1f}V{bottom:.1f}" stroke="{SPACE}" stroke-width="3"/>'
    )


def _labels(grade, signs, femur, tibia):
    bones = {"femur": femur, "tibia": tibia}
    tips = [_tip(spur, signs, bones[spur.bone]) for spur in _SPURS]
    x, above, below = _narrowest(femur, tibia)
    rows = (
        # Side, height, name, state, colour, points that it leads to.
        ("right", 130, "Bone ends", atlas.BONE_ENDS, None, [_on(femur, 0.70)]),
        ("right", 232, "Osteophytes, medial", atlas.OSTEOPHYTES, OSTEOPHYTE, [tips[1], tips[0]]),
        ("right", 396, "Joint space, at its narrowest", atlas.JOINT_SPACE, SPACE,
         [(x, (above + below) / 2)]),
        ("right", 480, "Subchondral sclerosis", atlas.SCLEROSIS, DENSE,
         [(0.82, _on(tibia, 0.82)[1] + 0.024)]),
        ("left", 130, "Joint space, lateral", None, SPACE,
         [(0.21, (_on(femur, 0.21)[1] + _on(tibia, 0.21)[1]) / 2)]),
        ("left", 232, "Osteophytes, lateral", atlas.OSTEOPHYTES, OSTEOPHYTE, [tips[3], tips[2]]),
        ("left", 440, "Tibial spines", None, OSTEOPHYTE, [tips[5]]),
    )  # fmt: skip
    drawn = [_label(grade, *row) for row in rows]
    drawn += [
        _text(_at((-0.02, 0.10)), "lateral", 15, "start", quiet=True),
        _text(_at((1.02, 0.10)), "medial", 15, "end", quiet=True),
        _text(_at((0.47, 0.235)), "patella", 13, "middle", quiet=True),
        _text(_at((0.10, 0.945)), "fibula", 13, "middle", quiet=True),
        _text(_at((0.50, 0.40)), "femur", 13, "middle", quiet=True),
        _text(_at((0.50, 0.87)), "tibia", 13, "middle", quiet=True),
    ]
    return "".join(drawn)


def _on(bone, x):
    return x, float(np.interp(x, *_surface(bone, 0.05, 0.95).T))


def _label(grade, side, height, name, sign, colour, targets):
    start, anchor = (WIDTH - 248, "start") if side == "right" else (196, "end")
    bend = start + (-14 if side == "right" else 14)
    lines = "".join(
        f'<path d="M{bend} {height - 6}L{px:.1f} {py:.1f}" stroke-width="1.1" '
        f'stroke-opacity=".7"/><circle cx="{px:.1f}" cy="{py:.1f}" r="2.8" fill="currentColor" '
        'stroke="none"/>'
        for px, py in map(_at, targets)
    )
    mark = f'<circle cx="{bend}" cy="{height - 6}" r="5.5" fill="{colour or "currentColor"}" '
    said = _text((start, height), name, 18, anchor, bold=True)
    if sign is not None:
        said += _text((start, height + 23), sign.at[grade], 17, anchor)
    return f'{lines}{mark}stroke="none"/>{said}'


def _text(place, text, size, anchor, *, bold=False, quiet=False):
    x, y = place
    look = ' font-weight="650"' if bold else ""
    look += ' fill-opacity=".6"' if quiet else ""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}"{look} '
        f'fill="currentColor" stroke="none">{escape(text)}</text>'
    )
