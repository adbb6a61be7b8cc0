"""The trained network -> a file beside the localiser's, its threshold and hash on the card."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx

from kneeoa.files import whole_folder
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.cards.digest import sha256_of
from kneeoa.graders.cards.schema import LOG_ODDS
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.locating.spoilt import FILE, shown
from train.locate.cycle import settings
from train.locate.export import check_parity, folded
from train.locate.spoilt.export import to_onnx
from train.locate.spoilt.fit import SpoiltConfig
from train.locate.spoilt.measuring import graded_inputs
from train.locate.spoilt.network import Network

_REFUSED = 0.003
"""Share of validation knees that it refuses at most: with all other refusals, no more than one in a
hundred is to be. With 0.004 it refused 1 of 114 knees beside another and 1 of 4 of other places."""
_ROOM = 0.01
"""What is added, because another machine rounds differently."""
_COMPARED = 16


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained network, and how it was trained."""

    network: Network
    config: SpoiltConfig


def publish(
    trained: Trained,
    films: Sequence[Radiograph],
    folder: Path,
    *,
    measure: Callable[[Path], None],
    report: Callable[[str], None] = print,
) -> Path:
    """Replace this network alone beside the localiser in `folder`, and `measure` what comes of it.

    Raises `ModelError` where no localiser is published there.
    """
    Localiser(folder.parent, folder=folder.name, in_making=True)
    with whole_folder(folder, replace=True) as beside:
        for name in ("model.onnx", "card.json"):
            shutil.copyfile(folder / name, beside / name)
        put_into(beside, trained, films, report=report)
        measure(beside)
    return folder


def put_into(
    folder: Path,
    trained: Trained,
    films: Sequence[Radiograph],
    *,
    report: Callable[[str], None] = print,
) -> None:
    """Put the network beside the localiser in `folder` and on its card.

    Its threshold is what validation `films` allow, as the localiser frames them.
    """
    plain = folded(trained.network)
    onnx.save(to_onnx(plain), folder / FILE)
    part = {
        "model_sha256": sha256_of(folder / FILE),
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "threshold": LOG_ODDS,  # refuses nothing
        "config": settings(trained.config),
    }
    _write(folder, part)
    localiser = Localiser(folder.parent, folder=folder.name)
    spoilt = localiser.spoilt
    assert spoilt is not None, "it is on the card"
    some = [network_input(film, Frame.whole(film)) for film in films[:_COMPARED]]
    part["parity_with_training"] = check_parity(
        plain, [spoilt.scores(some)[:, None]], shown(np.stack(some))
    )
    seen = graded_inputs(localiser, films)
    part["threshold"] = threshold_of([float(spoilt.scores([frame])[0]) for frame in seen])
    report(f"threshold of spoilt knees: {part['threshold']:.3f}")
    _write(folder, part)


def threshold_of(scores: Sequence[float]) -> float:
    """Return what at most `_REFUSED` of validation knees' scores lie above, within `LOG_ODDS`.

    In the middle between the last score below and the first above: other films' scores are a little
    higher than those of films like the ones that were learnt from.
    """
    if not len(scores):  # of a localiser that refuses them all
        return LOG_ODDS
    ordered, above = np.sort(scores), int(_REFUSED * len(scores))
    highest = ordered[-1 - above]
    return float((highest + ordered[-above]) / 2 if above else highest + _ROOM)


def _write(folder: Path, part: dict) -> None:
    file = folder / "card.json"
    card = json.loads(file.read_text("utf-8")) | {"spoilt": part}
    file.write_text(json.dumps(card, indent=2) + "\n", "utf-8")
