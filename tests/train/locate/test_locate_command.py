"""``python -m train locate`` from options to a published localiser, on drawn films."""

import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")

from kneeoa.graders.locating.localiser import Localiser
from tests.support.knees import write_source, write_tree
from train.__main__ import main
from train.locate import batches, measuring
from train.locate.drawn import lateral, no_film
from train.locate.spoilt import batches as spoilt_batches


def write(file, pixels):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def test_a_localiser_is_trained_measured_and_published(tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_CACHE", str(tmp_path / "cache"))
    films = write_tree(tmp_path / "films", train=2, val=2, test=2)
    monkeypatch.setattr(batches, "DRAWN", 3)
    rng = np.random.default_rng(0)
    for number in range(6):
        write(tmp_path / "none" / "knee_lateral" / f"{number}.png", lateral(rng))
        write(tmp_path / "none" / "drawing" / f"{number}.png", no_film(rng))
    monkeypatch.setattr(spoilt_batches, "DRAWN", 3)
    asked = ["locate", "--data", str(films), "--not-knees", str(tmp_path / "none"), "--steps", "2",
             "--spoilt-steps", "1"]  # fmt: skip
    source = ["--source", str(write_source(tmp_path / "source.json"))]
    assert main([*asked, *source, "--models", str(tmp_path / "models")]) == 0
    card = json.loads((tmp_path / "models" / "localiser" / "card.json").read_text())
    assert set(card["thresholds"]) >= {"frontal", "second", "turned", "negative", "implant"}
    assert card["metrics"]["val"]["refusals"]["films"] == 10
    assert set(card["metrics"]["not_knees_held_out"]["by_kind"]) <= {"drawing", "knee_lateral"}
    assert Localiser(tmp_path / "models").thresholds == card["thresholds"]
    assert card["metrics"]["test"]["refusals"]["films"] == 10
    again = [*asked, "--models", str(tmp_path / "models"), "--only-measure"]
    file = tmp_path / "models" / "localiser" / "card.json"
    file.write_text(json.dumps({key: card[key] for key in card if key != "metrics"}))
    assert main(again) == 0
    measured = json.loads(file.read_text())
    for each in (card, measured):
        del each["metrics"]["milliseconds_a_film"]
    assert measured == card
    # As a card of before the second network: training it is what the error of such a one advises.
    file.write_text(json.dumps({key: card[key] for key in card if key != "spoilt"}))
    only = [*asked, "--seed", "1", "--models", str(tmp_path / "models"), "--only", "spoilt"]
    assert main(only) == 0
    other = json.loads(file.read_text())
    assert other["model_sha256"] == card["model_sha256"]
    assert other["spoilt"]["model_sha256"] != card["spoilt"]["model_sha256"]
    assert Localiser(tmp_path / "models").spoilt.threshold == other["spoilt"]["threshold"]
    assert set(other["metrics"]["spoilt"]["val"]) == {"trained_on", "kept_apart"}
    # Nothing else is left beside it.
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["localiser"]


def test_where_there_are_no_pictures_a_sentence_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("KNEEOA_CACHE", str(tmp_path / "cache"))
    films = write_tree(tmp_path / "films", train=2, val=2, test=2)
    (tmp_path / "none").mkdir()
    asked = ["locate", "--data", str(films), "--not-knees", str(tmp_path / "none")]
    assert main([*asked, "--models", str(tmp_path / "models")]) == 2
    assert "Expected a folder a kind of picture" in capsys.readouterr().err


def test_true_boxes_of_imagined_films_lie_on_the_crop():
    """On the box's axes the crop is bright in its middle and dark towards the box's edge."""
    images = np.zeros((12, 224, 224), np.uint8)
    images[:, 52:172, 52:172] = 200
    looked_at = 0
    for one in measuring.reframed(images, seed=2):
        for box in one.boxes:
            middle, centre = box.top + box.height / 2, box.left + box.width / 2
            for share, bright in (
                (0, True),
                (0.4, True),
                (-0.4, True),
                (0.8, False),
                (-0.8, False),
            ):
                for down, across in ((share, 0), (0, share)):
                    row = round(middle + down * box.height / 2 - 0.5)
                    column = round(centre + across * box.width / 2 - 0.5)
                    height, width = one.film.pixels.shape
                    if 0 <= row < height and 0 <= column < width:
                        assert (one.film.pixels[row, column] > 100) == bright
                        looked_at += 1
    assert looked_at > 60
