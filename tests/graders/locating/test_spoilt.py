"""The network that knows spoilt knees, on drawn ones; and what comes of a file that is none."""

import json
import shutil

import numpy as np
import pytest

from kneeoa.errors import ModelError
from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.cards import schema
from kneeoa.graders.locating import each_knee, gate
from kneeoa.graders.locating.localiser import FOLDER, Localiser
from kneeoa.graders.locating.looks import standardised
from kneeoa.graders.locating.spoilt import FILE, shown
from kneeoa.graders.published import DEFAULT_MODELS

SEEDS = range(20, 32)


@pytest.fixture(scope="module")
def localiser():
    return Localiser()


def film(pixels):
    values = np.clip(np.asarray(pixels, np.float32), 0, 255)
    return Radiograph("film.png", values, "PNG", 8, None, None, "0" * 64)


def knee(seed, grade=None, side=224):
    return draw_knee(seed % 5 if grade is None else grade, seed=seed, side=side, marked=False)


def without_joint(pixels):
    changed = pixels.astype(np.float32)
    share = np.linspace(0, 1, 90)[:, None]
    changed[67:157] = changed[67] * (1 - share) + changed[157] * share
    return changed


def in_squares(pixels):
    return np.kron(pixels[::10, ::10], np.ones((10, 10)))[:224, :224]


def with_rows_moved(pixels):
    steps = np.random.default_rng(0).integers(-8, 9, 224)
    return np.stack([np.roll(row, step) for row, step in zip(pixels, steps, strict=True)])


def twice(pixels):
    return (pixels.astype(np.float32) + np.roll(pixels, 40, axis=0)) / 2


SPOILT = [without_joint, in_squares, with_rows_moved, twice]


def test_what_is_as_it_was_taken_is_not_refused(localiser):
    for seed in SEEDS:
        assert localiser.find(film(knee(seed))).refusal is None, seed
        assert localiser.find(film(255.0 - knee(seed))).refusal is None, seed


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda way: way.__name__)
def test_what_was_spoilt_is_refused_mostly(localiser, spoil):
    refusals = [localiser.find(film(spoil(knee(seed)))).refusal for seed in SEEDS]
    codes = [refusal and refusal.code for refusal in refusals]
    assert sum(code is not None for code in codes) >= 0.7 * len(codes)
    # Rows out of line are also those of a leg that moved.
    assert {"spoilt", "blurred"} & {*codes}


def test_of_two_knees_the_spoilt_one_is_refused_and_the_other_graded(localiser):
    graded = 0
    for seed in SEEDS:
        pixels = np.hstack([knee(seed), twice(knee(seed + 1)).astype(np.uint8)])
        located = localiser.find(film(np.pad(pixels, ((40, 40), (20, 20)), mode="edge")))
        if len(located.knees) == 2 and gate.SPOILT in located.knees[1].findings:
            graded += gate.SPOILT not in located.knees[0].findings
            assert located.refusal is None or located.refusal in located.knees[0].findings
    assert graded >= len(SEEDS) // 2


def test_it_is_asked_once_for_two_knees_and_not_where_something_else_refuses(monkeypatch):
    localiser, asked = Localiser(), []
    monkeypatch.setattr(
        localiser.spoilt, "scores", lambda seen: asked.append(len(seen)) or np.zeros(len(seen))
    )
    pair = np.pad(np.hstack([knee(3), knee(4)[:, ::-1]]), ((40, 40), (20, 20)), mode="edge")
    assert len(localiser.find(film(pair)).knees) == 2
    assert asked == [2]
    covered = knee(3)
    covered[:112] = 0
    assert localiser.find(film(covered)).refusal.code != "spoilt"
    assert asked == [2]


def test_a_frame_that_the_reader_moved_is_looked_at_too(localiser):
    spoilt, near = film(without_joint(knee(21))), Frame(-6, -6, 236, 236)
    (findings,) = each_knee.of_frames(spoilt, [near], localiser.spoilt, negative=False)
    assert gate.SPOILT in findings
    (findings,) = each_knee.of_frames(film(knee(21)), [near], localiser.spoilt, negative=False)
    assert gate.SPOILT not in findings
    # Nothing is looked at where nothing can be seen.
    away = Frame(-200, -200, 224, 224)
    (findings,) = each_knee.of_frames(spoilt, [away], localiser.spoilt, negative=False)
    assert gate.SPOILT not in findings


def test_its_sentence_says_what_was_expected_and_what_to_do():
    assert gate.SPOILT.severity == gate.REFUSED
    assert gate.SPOILT.sentence.startswith("Expected a knee as it was taken.")
    assert "export the film anew" in gate.SPOILT.sentence


def test_it_is_shown_frames_as_the_localiser_is_shown_looks():
    seen = np.stack([knee(5), knee(6)]).astype(np.float32)
    looks = standardised(seen / 255, np.ones(seen.shape, bool))
    np.testing.assert_allclose(shown(seen), looks[:, :1], atol=1e-4)
    assert shown(seen).dtype == np.float32
    # Brightness and contrast are one.
    np.testing.assert_allclose(shown(seen * 0.8 + 30), shown(seen), atol=0.1)
    assert np.isfinite(shown(np.zeros((1, 224, 224), np.float32))).all()


@pytest.fixture
def models(tmp_path):
    shutil.copytree(DEFAULT_MODELS / FOLDER, tmp_path / FOLDER)
    return tmp_path


def write(models, change):
    file = models / FOLDER / "card.json"
    card = json.loads(file.read_text())
    change(card)
    file.write_text(json.dumps(card))


def test_a_folder_without_it_is_refused_by_a_sentence(models):
    (models / FOLDER / FILE).unlink()
    with pytest.raises(ModelError, match=r"Expected the model file .*spoilt\.onnx"):
        Localiser(models)


def test_bytes_that_are_others_are_refused(models):
    with (models / FOLDER / FILE).open("ab") as stream:
        stream.write(b"0")
    with pytest.raises(ModelError, match="damaged or was replaced"):
        Localiser(models)


def test_another_network_in_its_place_is_refused(models):
    shutil.copyfile(models / FOLDER / "model.onnx", models / FOLDER / FILE)
    write(models, lambda card: card["spoilt"].update(model_sha256=card["model_sha256"]))
    with pytest.raises(ModelError, match="takes frames"):
        Localiser(models)


def test_an_older_card_says_that_it_is_missing(models):
    write(models, lambda card: card.pop("spoilt"))
    with pytest.raises(ModelError, match="locate --only spoilt"):
        Localiser(models)
    assert Localiser(models, in_making=True).find(film(knee(3))).refusal is None


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 1e6},
        {"threshold": "none"},
        {"model_sha256": "0"},
        {"published_at": "some day"},
    ],
)
def test_a_card_that_cannot_be_one_is_refused(models, change):
    write(models, lambda card: card["spoilt"].update(change))
    with pytest.raises(ModelError):
        schema.localiser_card(models / FOLDER / "card.json")
