"""Where the knees in a film are, and whether it is one that can be graded.

The network looks at the whole film and at its mirror image. It was trained to box the left one of
two knees, so that both looks agree on one knee and give both of two. Then it looks closer at each
box, and its mirror image, for a finer box and a second opinion on what it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kneeoa.errors import ModelError
from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.films.shape.inset import film_within
from kneeoa.graders.cards import graph, schema
from kneeoa.graders.locating import beside, frame_gate, gate, seams
from kneeoa.graders.locating.answers import (
    Answer,
    answer_of,
    frontal_score,
    implant_score,
    mirrored,
)
from kneeoa.graders.locating.each_knee import Seen, checked, is_frontal, seen_in, sided
from kneeoa.graders.locating.found import Found, is_crop, knee_in, turned_right
from kneeoa.graders.locating.header_gate import of_header
from kneeoa.graders.locating.looks import OUTPUTS, Look, Reduced, Window, standardised
from kneeoa.graders.locating.spoilt import Spoilt
from kneeoa.graders.published import DEFAULT_MODELS, check_bytes
from kneeoa.graders.sessions import session_of

FOLDER = "localiser"
LEFT, RIGHT = "left of the image", "right of the image"
_CLOSER = 1.6
"""A closer look shows so many times the box, which is what training films often show."""
_NO_CLOSER = 0.9
"""A closer look at more than this share of the film would show what the first one did."""
_SMALL = 0.3
"""Share of a film's height below which a knee's box is made anew from a square look: training films
had knees of a fifth and more, so that on films from hip to ankle boxes come out too tall."""
_SAME = 0.2
"""Boxes that overlap more than this are of one knee."""
_HARDLY_A_KNEE = -2.0
"""Log odds of a frontal knee that both of two knees have; whether they are some, the gate says."""
_BETTER = 1.0
"""Log odds that a film must gain by being turned to be called turned."""
_PERHAPS_TURNED = 0.02
"""Probability of being turned from which the likeliest way back is tried. Half of the upside-down
films of both knees stay below the threshold, which is for one; upright ones gain nothing by it."""
_HELD = 0.7
"""Share of a knee's box that lies in the film that is to be cut out of a picture."""
_ANOTHER, _CLEARLY = 1.0, 2.0
"""Log odds of a frontal knee beside those that have a box, at a first look and at a closer one."""


class Localiser:
    """The published localiser, loaded once. Safe to share between threads."""

    def __init__(
        self,
        models: Path = DEFAULT_MODELS,
        *,
        folder: str = FOLDER,
        in_making: bool = False,
    ) -> None:
        """Load ``<models>/<folder>``; raise `ModelError` if it is missing or damaged.

        While it is made (`in_making`) it need not know spoilt knees yet.
        """
        place = models / folder
        file = place / "card.json"
        if not file.exists():
            raise ModelError(
                f"Expected a published localiser in {place}. There is none: train one in a "
                "checkout with `python -m train locate`, or name another folder."
            )
        self.card: dict[str, Any] = schema.localiser_card(file)
        self._side = int(self.card["config"]["side"])
        check_bytes(place / "model.onnx", self.card["model_sha256"])
        graph.check_localiser(place / "model.onnx", self._side, OUTPUTS)
        self._session = session_of(place / "model.onnx", threads=1)
        self.thresholds: dict[str, float] = self.card["thresholds"]
        part = self.card.get("spoilt")
        if part is None and not in_making:
            raise ModelError(
                f"Expected a network that knows spoilt knees in {place}. Its card names none, as "
                "of an older version: train one with `python -m train locate --only spoilt`, or "
                "fetch the published models again."
            )
        self.spoilt = part and Spoilt(place, part)

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the model file, in hex."""
        return self.card["model_sha256"]

    def find(self, radiograph: Radiograph) -> Found:
        """Return the knees of a film and what speaks against grading it."""
        film = radiograph.without_border()
        reduced = _reduced(film)
        return self._on_whole(radiograph, self._found(film, reduced, self._answers(reduced)))

    def found(self, radiograph: Radiograph, answers: list[Answer]) -> Found:
        """Return what follows from the network's answers (see `answers`)."""
        film = radiograph.without_border()
        return self._on_whole(radiograph, self._found(film, _reduced(film), answers))

    def answers(self, radiograph: Radiograph) -> list[Answer]:
        """Return what the network says of the whole film, and of each knee looked at closer."""
        return self._answers(_reduced(radiograph.without_border()))

    def _on_whole(self, radiograph: Radiograph, located: Found) -> Found:
        """Return what was found in a film alone as it lies in the picture with its border."""
        rows, columns = radiograph.inside
        return located.moved(rows.start, columns.start) if any(radiograph.border) else located

    def _found(self, radiograph: Radiograph, reduced: Reduced, answers: list[Answer]) -> Found:
        knees = [
            knee_in(answer.box, answer.frontal, *radiograph.pixels.shape) for answer in answers[1:]
        ]
        if len(knees) == 2:
            knees = [
                replace(knee, frame=replace(knee.frame, name=name))
                for knee, name in zip(knees, (LEFT, RIGHT), strict=True)
            ]
        elif is_crop(radiograph, knees[0].frame, self.thresholds["crop_overlap"]):
            knees = [replace(knees[0], frame=Frame.whole(radiograph))]
        findings, quarters = self._findings(radiograph, reduced, answers, knees[0].frame)
        # A file may be wrong: what is seen of its knees counts beside what it says.
        seen: list[Seen] = []
        if is_frontal(findings):
            negative = gate.NEGATIVE in findings
            seen = seen_in(radiograph, [knee.frame for knee in knees])
            knees = checked(radiograph, knees, answers[1:], self.spoilt, negative, seen)
        knees, findings = sided(radiograph, knees, findings, seen)
        return Found(tuple(knees), findings, quarters)

    def _answers(self, reduced: Reduced) -> list[Answer]:
        look = reduced.look(reduced.whole, self._side)
        outputs = self.outputs([look, mirrored(look)])
        first, last = answer_of(look, outputs, 0), answer_of(look, outputs, 1)
        mean = answer_of(look, outputs)
        if mean.second > self.thresholds["second"] and first.box.overlap(last.box) < _SAME:
            closer = self._closer(reduced, [first.box, last.box])
            apart = closer[0].box.overlap(closer[1].box) < _SAME
            if apart and min(answer.frontal for answer in closer) > _HARDLY_A_KNEE:
                return [mean, *self._once_more(reduced, closer)]
        if mean.box.around(_CLOSER, *reduced.shape).overlap(reduced.whole) > _NO_CLOSER:
            return [mean, mean]
        return [mean, *self._once_more(reduced, self._closer(reduced, [mean.box]))]

    def _once_more(self, reduced: Reduced, closer: list[Answer]) -> list[Answer]:
        """Return answers to a closer look, or where knees are small on a film to a square one."""
        boxes = [answer.box for answer in closer]
        if min(box.height for box in boxes) >= _SMALL * reduced.shape[0]:
            return closer
        return self._closer(reduced, [box.squared(reduced.tallness) for box in boxes])

    def outputs(self, looks: list[Look]) -> dict[str, np.ndarray]:
        """Return the network's outputs ``(N, numbers)`` by name."""
        shown = standardised(np.stack([v.image for v in looks]), np.stack([v.film for v in looks]))
        return dict(zip(OUTPUTS, self._session.run(list(OUTPUTS), {"looks": shown}), strict=True))

    def _seen(self, reduced: Reduced, windows: Sequence[Window]) -> list[Answer]:
        """Return what one look at each of some windows says, all in one run of the network."""
        looks = [reduced.look(window, self._side) for window in windows]
        outputs = self.outputs(looks)
        return [
            answer_of(look, {name: out[[n]] for name, out in outputs.items()}, 0)
            for n, look in enumerate(looks)
        ]

    def _closer(
        self,
        reduced: Reduced,
        boxes: Sequence[Window],
        seen_at: Sequence[beside.Place] | None = None,
    ) -> list[Answer]:
        windows = [box.around(_CLOSER, *reduced.shape) for box in boxes]
        if seen_at:
            windows = [
                place.limited(window) for place, window in zip(seen_at, windows, strict=True)
            ]
        looks = [reduced.look(window, self._side) for window in windows]
        outputs = self.outputs([shown for look in looks for shown in (look, mirrored(look))])
        return [
            answer_of(look, {name: out[2 * n : 2 * n + 2] for name, out in outputs.items()})
            for n, look in enumerate(looks)
        ]

    def _findings(
        self, radiograph: Radiograph, reduced: Reduced, answers: list[Answer], frame: Frame
    ) -> tuple[tuple[gate.Finding, ...], int]:
        findings, limits = [*of_header(radiograph.header)], self.thresholds
        quarters = self._turned(radiograph, answers)
        if quarters and (covered := frame_gate.hidden(radiograph, frame)) is not None:
            # Half of a knee looks like one that stands on its head.
            return (*findings, covered), 0
        if (wrong := gate.noise(radiograph)) is not None:
            findings.append(wrong)
        elif quarters:
            findings.append(gate.turned(quarters))
        elif frontal_score(answers) < limits["frontal"]:
            is_lateral = np.mean([answer.lateral for answer in answers]) > 0
            other = gate.NOT_FRONTAL if is_lateral else gate.NOT_A_KNEE
            findings.append(self._within(radiograph) or other)
        else:
            polarity = gate.polarity(
                [answer.negative for answer in answers[1:]], limits["negative"]
            )
            if polarity is not None:
                findings.append(polarity)
            # Of two knees each is told by itself.
            if len(answers) == 2 and implant_score(answers) > limits["implant"]:
                findings.append(gate.IMPLANT)
            if any(
                seams.has_seam(reduced.small, reduced.in_small(answer.box))
                for answer in answers[1:]
            ):
                findings.append(self._within(radiograph, answers[1].box) or gate.JOINED)
            elif (another := self._another(reduced, answers)) is not None:
                findings.append(another)
        return tuple(findings), quarters

    def _within(self, radiograph: Radiograph, box: Window | None = None) -> gate.Finding | None:
        """Return that a film of a knee, of that in a `box`, lies in the picture among others."""
        film = film_within(radiograph.pixels)
        if film is None or (box and box.share_in(Window.cut(*film)) < _HELD):
            return None
        cut = replace(radiograph, pixels=radiograph.pixels[film])
        is_knee = frontal_score(self.answers(cut)) >= self.thresholds["frontal"]
        return gate.WITHIN if is_knee else None

    def _another(self, reduced: Reduced, answers: list[Answer]) -> gate.Finding | None:
        """Return that there is a knee beside those that have a box."""
        boxes = [answer.box for answer in answers[1:]]
        places = beside.places(boxes, *reduced.shape)
        if not places:
            return None
        seen = self._seen(reduced, [place.window for place in places])
        held = [
            answer.frontal > _ANOTHER and beside.is_of_another(place, answer.box, boxes)
            for place, answer in zip(places, seen, strict=True)
        ]
        worth = beside.worth_a_closer_look(places, held)
        if not worth:
            return None
        closer = self._closer(
            reduced, [seen[number].box for number in worth], [places[number] for number in worth]
        )
        there = [
            (places[number], answer.frontal, answer.box)
            for number, answer in zip(worth, closer, strict=True)
            if answer.frontal > _CLEARLY and places[number].is_home(answer.box)
        ]
        others = [(frontal, box) for place, frontal, box in there if place.part_of is None]
        # The boxes that there are may themselves lie over seams.
        alone = beside.of_different_knees(others)
        knees = beside.of_different_knees(
            [*((answer.frontal, answer.box) for answer in answers[1:]), *others]
        )
        parts = beside.parts_of([place for place, _, _ in there])
        if any(beside.are_several_films(group) for group in (alone, knees, *parts)):
            return gate.SEVERAL
        return gate.ANOTHER if len(knees) > len(boxes) else None

    def _turned(self, radiograph: Radiograph, answers: list[Answer]) -> int:
        """Return the quarter turns after whose undoing a film is clearly more of a frontal knee."""
        score, turn = frontal_score(answers), answers[0].turn
        is_likely = score < self.thresholds["frontal"] or 1 - turn[0] > self.thresholds["turned"]
        if not is_likely and 1 - turn[0] <= _PERHAPS_TURNED:
            return 0
        likely = 1 + np.argsort(-turn[1:])
        for quarters in map(int, likely[: 2 if is_likely else 1]):
            upright = self.answers(turned_right(radiograph, quarters))
            better = frontal_score(upright) >= max(self.thresholds["frontal"], score + _BETTER)
            if better and upright[0].turn[0] > max(0.5, turn[0]):
                return quarters
        return 0


def _reduced(radiograph: Radiograph) -> Reduced:
    rows, columns = radiograph.spacing or (1.0, 1.0)
    return Reduced(radiograph.pixels, tallness=rows / columns)
