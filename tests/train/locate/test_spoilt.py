"""Spoilt knees are spoilt and intact ones are not; the file is the network that was trained."""

import numpy as np
import onnx
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

from kneeoa.films.phantom import draw_knee  # noqa: E402
from kneeoa.graders.locating.spoilt import FRAMES, SCORE  # noqa: E402
from train.locate.export import check_parity, folded  # noqa: E402
from train.locate.pictures import Pictures  # noqa: E402
from train.locate.spoilt.batches import (  # noqa: E402
    INTACT,
    NO_JOINT,
    NOT_A_KNEE,
    Bank,
    draw_batch,
    filmed,
    make_batch,
)
from train.locate.spoilt.export import to_onnx  # noqa: E402
from train.locate.spoilt.fit import SpoiltConfig, fit  # noqa: E402
from train.locate.spoilt.publish import threshold_of  # noqa: E402
from train.locate.spoilt.ways import KEPT_APART, WAYS  # noqa: E402

TINY = SpoiltConfig(steps=3, batch_size=8, widths=(4, 4, 8, 8))
EVERY = {name: way for name, (way, _) in WAYS.items()} | KEPT_APART


def knees(count):
    return np.stack([draw_knee(n % 5, seed=n, marked=False) for n in range(count)])


@pytest.fixture(scope="module")
def bank():
    images = np.random.default_rng(0).integers(0, 255, (4, 224, 224)).astype(np.uint8)
    kinds = ("hand", "ct_mr", "knee_lateral", "knee_skyline")
    implants = Pictures(images[:1], np.ones(1), ("implants",), ())
    return Bank(knees(6), Pictures(images, np.ones(4), kinds, ()), implants, drawn=3)


@pytest.mark.parametrize("shape", [(224, 224), (120, 90), (90, 160)])
@pytest.mark.parametrize("name", EVERY)
def test_every_way_changes_much_of_the_knee_and_keeps_its_shape(name, shape):
    image, other = (
        knee.astype(np.float32)[: shape[0], : shape[1]] for knee in knees(2)
    )  # fmt: skip
    before = image.copy()
    for seed in range(6):
        changed = EVERY[name](image, other, np.random.default_rng(seed))
        assert changed.shape == shape
        assert np.isfinite(changed).all()
        assert np.abs(np.clip(changed, 0, 255) - image).mean() > 1
    np.testing.assert_array_equal(image, before)


def test_a_batch_is_half_intact_and_half_spoilt(bank):
    names = np.array([NO_JOINT, NOT_A_KNEE, *WAYS])
    batch = make_batch(bank, np.random.default_rng(1), names)
    assert batch.looks.shape == (2 * len(names), 1, 224, 224)
    assert batch.looks.dtype == np.float32
    assert np.isfinite(batch.looks).all()
    assert np.abs(batch.looks).max() <= 3
    assert batch.spoilt.tolist() == [0] * len(names) + [1] * len(names)
    assert batch.names.tolist() == [INTACT] * len(names) + names.tolist()


def test_a_step_draws_the_same_batch_again(bank):
    first, second = (draw_batch(bank, np.random.default_rng([0, 7]), 8) for _ in range(2))
    np.testing.assert_array_equal(first.looks, second.looks)


def test_what_is_kept_apart_is_never_drawn(bank):
    assert not set(KEPT_APART) & set(bank.shares)
    assert sum(bank.shares.values()) == pytest.approx(1)
    none = Pictures(np.zeros((0, 224, 224), np.uint8), np.ones(0), (), ())
    without = Bank(knees(2), none, none, drawn=2)
    assert NOT_A_KNEE not in without.shares
    assert sum(without.shares.values()) == pytest.approx(1)
    assert draw_batch(without, np.random.default_rng(0), 8).looks.shape == (8, 1, 224, 224)


def test_an_intact_knee_stays_the_knee_it_was():
    image = knees(1)[0].astype(np.float32)
    for seed in range(12):
        seen = filmed(image, image, None, np.random.default_rng(seed))
        assert seen.shape == image.shape
        middle = (slice(80, 144), slice(80, 144))
        assert np.corrcoef(seen[middle].ravel(), image[middle].ravel())[0, 1] > 0.9


def test_training_goes_on_where_it_stopped(bank, tmp_path):
    def stop(text):
        if text.startswith("step 2"):
            raise KeyboardInterrupt

    whole = fit(bank, TINY, tmp_path / "whole.pt", save_every=1, report=lambda text: None)
    with pytest.raises(KeyboardInterrupt):
        fit(bank, TINY, tmp_path / "stopped.pt", save_every=1, report=stop)
    texts = []
    resumed = fit(bank, TINY, tmp_path / "stopped.pt", save_every=1, report=texts.append)
    assert [text.split(",")[0] for text in texts] == ["step 3 of 3"]
    for first, second in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(first, second, atol=0.02, rtol=0)


def test_the_file_answers_as_the_network(bank, tmp_path):
    network = fit(bank, TINY, tmp_path / "state.pt", report=lambda text: None)
    plain = folded(network)
    onnx.save(to_onnx(plain), tmp_path / "spoilt.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "spoilt.onnx")
    looks = draw_batch(bank, np.random.default_rng(4), 6).looks
    outputs = session.run([SCORE], {FRAMES: looks})
    assert check_parity(plain, outputs, looks) < 1e-4
    with torch.no_grad():
        np.testing.assert_allclose(network(torch.as_tensor(looks)), outputs[0], atol=0.02)


@pytest.mark.parametrize(("count", "above"), [(826, 2), (1000, 3), (100, 0)])
def test_at_most_three_in_a_thousand_validation_knees_lie_above_the_threshold(count, above):
    scores = np.random.default_rng(0).permutation(count).astype(float)
    assert (scores > threshold_of(scores)).sum() == above
